import { z } from 'zod';
import { mostCommandCharacters } from './commands.ts';
import { atomic, text, time } from './fields.ts';
import { analysis, calibration, type metric, type plannedStep } from './status-analysis.ts';
import { count, images, long, sentence, shortRevision } from './status-fields.ts';

export const phases = [
  'Idle',
  'Starting',
  'Analyzing',
  'Promoting',
  'RollingBack',
  'Rejected',
  'Held',
  'Suspended',
  'Invalid',
] as const;

export const ledgerOutcomes = [
  'Promoting',
  'Promoted',
  'RollingBack',
  'RolledBack',
  'Aborted',
  'Superseded',
  'Reverted',
  'Adopted',
  'Bypassed',
  'Untested',
  'NotProven',
] as const;

/** The longest ledger; the held revision and stable's never fall out. */
export const longestLedger = 10;

const ledgerEntry = z.object({
  revision: text(64).describe('The whole revision: 128 bits of the hash of the pod template.'),
  images: images(),
  generation: long('metadata.generation of the target when it had this template; 0 when that is not known.'),
  verdict: z
    .enum(['Pass', 'Regression', 'Undecided', ''])
    .describe('What the comparison said; "" when there was none.'),
  outcome: z
    .enum(ledgerOutcomes)
    .describe('How the release of this revision ended, or Promoting and RollingBack on the way.'),
  by: text(256).describe('Who promoted or retried it by hand; "" when nobody did.'),
  reason: text(128).describe('Why, in one word.'),
  sentence: sentence().describe('Why, with the figures.'),
  seen: time().describe('When the template was seen on the target first.').exactOptional(),
  started: time().describe('When its canary was created, or when it was seen first.'),
  ended: time().describe('When it ended.').exactOptional(),
});

/** As metav1.Condition. */
const condition = z.object({
  type: z
    .string()
    .max(316)
    .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/)
    .describe('Ready, Reconciling, Stalled, Regression or EvidenceAvailable.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('True, False or Unknown.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Why, in one word; the reasons stand in the reference.'),
  message: text(32768).describe('Why, for a person.'),
  lastTransitionTime: time().describe('When status changed last.'),
  observedGeneration: z
    .int()
    .min(0)
    .meta({ format: 'int64' })
    .describe('metadata.generation of the CanaryRelease that this condition speaks of.')
    .exactOptional(),
});

const gate = z
  .object({
    mode: z
      .enum(['Admission', 'Paused'])
      .describe('The gate in force; Paused where the API server lacks the policy API.'),
    provenAt: time().describe('When a dry run last showed that a changed template would be held.').exactOptional(),
    message: text(1024).describe('Why this mode and not the one that the spec asks for.').exactOptional(),
  })
  .describe('What keeps a new template from rolling.');

const target = z
  .object({
    uid: text(64).describe('UID of the target.'),
    generation: long('metadata.generation of the target that was looked at.'),
    revision: shortRevision(),
    since: time().describe('When this template was seen on the target first.').exactOptional(),
  })
  .describe('The target as it was last seen. `tandem wait` waits until its revision is the one asked for.');

const command = z.object({
  command: z.enum(['promote', 'abort', 'retry', 'hold']).describe('Which annotation.'),
  text: text(mostCommandCharacters).describe('What stands in it.'),
  seen: time().describe('When the operator saw it first: what is in the ledger since then came after it.'),
});

const stable = z
  .object({
    revision: shortRevision(),
    images: images(),
    replicas: count('Pods asked for.'),
    ready: count('Pods that are Ready.'),
  })
  .describe('The version that serves.');

const canary = z
  .object({
    revision: shortRevision(),
    images: images(),
    replicas: count('Pods asked for.'),
    ready: count('Pods that are Ready.'),
    started: time().describe('When the canary was created.').exactOptional(),
    since: time().describe('When all pods of the canary were Ready for the first time.').exactOptional(),
    share: text(16).describe('Share of all pods behind the Service, and so of short connections.').exactOptional(),
  })
  .describe('The version under test, while there is one.');

const baseline = z
  .object({
    revision: shortRevision(),
    images: images(),
    replicas: count('Pods asked for; 0 when the release goes on without one.'),
    ready: count('Pods that are Ready.'),
    started: time().describe('When the baseline was created.').exactOptional(),
    message: text(1024).describe('Why the release goes on without a baseline.').exactOptional(),
  })
  .describe('The fresh pod of stable beside the canary, where spec.canary.baseline asks for one.');

const canaryBackoff = z
  .object({
    revision: shortRevision(),
    attempts: count('Canaries of this version that were taken away.'),
    startsAgain: time().describe('When the next one may start.'),
  })
  .describe('Canaries of the held version that were taken away because stable was in trouble itself.');

/** status of a CanaryRelease. Written by the operator alone. */
export const status = z
  .object({
    observedGeneration: z
      .int()
      .min(-1)
      .default(-1)
      .meta({ format: 'int64' })
      .describe(
        'metadata.generation of the CanaryRelease that this status speaks of; -1 before the operator looked at it.',
      ),
    phase: z.enum(phases).describe('Where the release stands.').exactOptional(),
    phaseSince: time().describe('When the phase began.').exactOptional(),
    message: text(4096).describe('What is going on, and what a person should do, if anything.').exactOptional(),
    target: target.exactOptional(),
    commands: z
      .array(command)
      .max(16)
      .meta(atomic)
      .describe('The last commands of people, newest first. Which came when is told by this, not by their own clocks.')
      .exactOptional(),
    gate: gate.exactOptional(),
    warnings: z
      .array(text(1024))
      .max(20)
      .meta(atomic)
      .describe('What deserves a look on this target, each with its consequence.')
      .exactOptional(),
    stable: stable.exactOptional(),
    canary: canary.exactOptional(),
    canaryBackoff: canaryBackoff.exactOptional(),
    baseline: baseline.exactOptional(),
    analysis: analysis.exactOptional(),
    calibration: calibration.exactOptional(),
    ledger: z
      .array(ledgerEntry)
      .max(longestLedger)
      .meta(atomic)
      .describe("Outcomes by revision, newest first. The entries of the held revision and of stable's never fall out.")
      .exactOptional(),
    conditions: z
      .array(condition)
      .max(16)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
      .describe('Ready, Reconciling, Stalled, Regression and EvidenceAvailable, in the sense of kstatus.')
      .exactOptional(),
  })
  .describe('What the operator sees and does.');

export type Status = z.output<typeof status>;
export type Metric = z.output<typeof metric>;
export type Planned = z.output<typeof plannedStep>;
export type CalibrationOutput = z.output<typeof calibration>;
export type Entry = z.output<typeof ledgerEntry>;
export type StatusConditionOutput = z.output<typeof condition>;
