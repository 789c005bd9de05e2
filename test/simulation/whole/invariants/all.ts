import { touchesOnlyItsOwn } from './01-touches-only-its-own.ts';
import { nothingUntestedServes } from './02-nothing-untested-serves.ts';
import { rejectedStaysRejected } from './03-rejected-stays-rejected.ts';
import { noEvidenceNeverPasses } from './04-no-evidence-never-passes.ts';
import { oneCanary } from './05-one-canary.ts';
import { nothingIsLeft } from './06-nothing-is-left.ts';
import { isPatient } from './07-is-patient.ts';
import { writesAreSafe } from './07-writes-are-safe.ts';
import { comesToRest } from './08-comes-to-rest.ts';
import { endsAreReported } from './09-ends-are-reported.ts';
import { endsAreTold } from './09-ends-are-told.ts';
import { keepsCapacity } from './10-capacity.ts';
import { pausedMeansHeld } from './11-paused-means-held.ts';
import { onlyConfiguredSources } from './12-only-configured-sources.ts';
import type { CreateInvariant } from './invariant.ts';

export const invariants: readonly CreateInvariant[] = [
  touchesOnlyItsOwn,
  nothingUntestedServes,
  rejectedStaysRejected,
  noEvidenceNeverPasses,
  oneCanary,
  nothingIsLeft,
  writesAreSafe,
  isPatient,
  comesToRest,
  endsAreReported,
  endsAreTold,
  keepsCapacity,
  pausedMeansHeld,
  onlyConfiguredSources,
];
