import { z } from 'zod';
import type { KubeObject } from '../kube/object.ts';
import { rules } from './fields.ts';
import { type SpecInput, spec } from './spec-schema.ts';
import {
  type CalibrationOutput,
  type Entry,
  type ledgerOutcomes,
  type Metric,
  type Planned,
  type phases,
  type Status,
  type StatusConditionOutput,
  status,
} from './status-schema.ts';

export { type ParsedSpec, parseSpec, type SpecProblem, toAnalysisSpec } from './parse-spec.ts';

/** The whole CanaryRelease but for apiVersion, kind and metadata: the one source of CRD, types and reference. */
export const canaryRelease = z
  .object({ spec, status: status.prefault({ observedGeneration: -1 }) })
  .describe(
    'A CanaryRelease holds every new version of a Deployment, runs it beside the stable one, compares the two, and promotes it or takes it back.',
  )
  .meta(
    rules({
      rule: 'size(self.metadata.name) <= 52',
      message: 'the name of a CanaryRelease has at most 52 characters: names of pods and labels are made from it',
    }),
  );

/** The spec as it was written, before defaults: read it with parseSpec. */
export type CanaryReleaseSpec = SpecInput;
export type CanaryReleaseStatus = Status;
export type LedgerEntry = Entry;
export type LedgerOutcome = (typeof ledgerOutcomes)[number];
export type StatusMetric = Metric;
/** A step of status.analysis.planned. */
export type PlannedStep = Planned;
export type Calibration = CalibrationOutput;
export type StatusCondition = StatusConditionOutput;
export type Phase = (typeof phases)[number];

export interface CanaryRelease extends KubeObject {
  spec: CanaryReleaseSpec;
  /** Absent until the API server or the operator wrote one. */
  status?: CanaryReleaseStatus;
}
