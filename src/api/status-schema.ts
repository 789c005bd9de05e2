import { z } from 'zod';
import { atomic, text, time } from './fields.ts';

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

const sentence = (): z.ZodString => text(2048);
const shortRevision = (): z.ZodString =>
  text(32).describe('The first ten digits of the revision: the hash of the pod template.');
export const images = (): z.ZodArray<z.ZodString> =>
  z.array(text(1024)).max(50).meta(atomic).describe('Image of each container, as container=image.');
const count = (what: string): z.ZodInt => z.int().min(0).meta({ format: 'int32' }).describe(what);
const long = (what: string): z.ZodInt => z.int().min(0).meta({ format: 'int64' }).describe(what);
const verdict = z.enum(['Pass', 'Regression', 'Undecided']);

const metric = z.object({
  name: text(64).describe('errors, new-errors, latency-p95, cpu, memory, ...'),
  unit: text(16).describe('Unit of stable and canary: s, bytes, cores, ratio, or "" for none.').exactOptional(),
  stable: text(32).describe('Value on stable.').exactOptional(),
  canary: text(32).describe('Value on the canary.').exactOptional(),
  difference: text(32).describe('Canary against stable: "+64%" is 64 % more.').exactOptional(),
  interval: z
    .array(text(32).nullable())
    .max(2)
    .meta(atomic)
    .describe('Lower and upper bound of the true difference; null where it is open.')
    .exactOptional(),
  limit: text(32).describe('The difference that is tolerated.').exactOptional(),
  samples: long('Requests, or scrapes for CPU and memory, that the comparison rests on.').exactOptional(),
  evidence: z
    .int()
    .min(0)
    .max(100)
    .meta({ format: 'int32' })
    .describe('Percent of the evidence that a rollback needs.')
    .exactOptional(),
  detectable: text(32).describe('The smallest difference that could have been seen by now.').exactOptional(),
  verdict: verdict.describe('What this metric alone says.'),
  query: text(4096).describe('The query or queries behind the values.').exactOptional(),
});

const requests = z
  .object({
    stable: long('Requests that pods of stable served.'),
    canary: long('Requests that pods of the canary served.'),
  })
  .describe('Requests seen since the start of the comparison.');

const plannedStep = z.object({
  what: text(64).describe('A harm that would show, such as "errors doubled", or a metric of a good version.'),
  answer: z.enum(['Regression', 'Pass']).describe('Regression: the harm is found. Pass: a good version is proven.'),
  within: text(32).describe(
    'Median time from the first Ready moment; never: not at this traffic, or too small a harm to count.',
  ),
});

const calibration = z
  .object({
    podSpread: z
      .record(z.string(), text(16))
      .meta({ maxProperties: 40 })
      .describe('By metric: standard deviation of the lasting ln difference between two pods of one version.')
      .exactOptional(),
    pods: z
      .record(z.string(), z.int().min(0).meta({ format: 'int32' }))
      .meta({ maxProperties: 40 })
      .describe("By metric: pods' worth of data behind it. 4 at the start, which stand for a spread of 0.05.")
      .exactOptional(),
    revision: text(32)
      .describe('The stable version whose pods were counted last: the pods of one version count once.')
      .exactOptional(),
  })
  .describe(
    'What releases so far taught of this service; kept over releases. A difference within it is no regression.',
  );

export const analysis = z
  .object({
    verdict: verdict.describe('Pass, Regression or Undecided.').exactOptional(),
    reason: text(128).describe('What decided: a metric, or what keeps the verdict open, in one word.').exactOptional(),
    sentence: sentence()
      .describe('Why, with the figures: metric, canary, stable, limit, number of requests.')
      .exactOptional(),
    since: time().describe('Start of the comparison: the first Ready moment of the canary.').exactOptional(),
    until: time().describe('Deadline, after which onUndecided applies.').exactOptional(),
    source: text(64)
      .describe(
        "Where the metrics come from: Prometheus, Pods, or Pods+Prometheus where the pods are scraped and stable's past, CPU and memory are taken from Prometheus; +metrics.k8s.io where CPU and memory come from there.",
      )
      .exactOptional(),
    preset: text(64).describe('The names of metrics that were found or chosen.').exactOptional(),
    requests: requests.exactOptional(),
    metrics: z.array(metric).max(40).meta(atomic).describe('The comparisons, one by one.').exactOptional(),
    missing: z
      .array(text(64))
      .max(20)
      .meta(atomic)
      .describe('Signals that the spec asks for and stable does not export.')
      .exactOptional(),
    warnings: z
      .array(text(1024))
      .max(20)
      .meta(atomic)
      .describe('What makes the comparison weaker than it could be, each with its remedy.')
      .exactOptional(),
    planned: z
      .array(plannedStep)
      .max(40)
      .meta(atomic)
      .describe(
        'How long the comparison needs at the traffic seen: planned when the release starts, and when the target is taken over. deadline: Auto follows from it.',
      )
      .exactOptional(),
    stoodStillSeconds: count(
      'Seconds in which the deadline stood still, because the source failed or there was no traffic.',
    ).exactOptional(),
    gonePods: z
      .array(
        z.object({
          name: text(253).describe('Name of the pod.'),
          track: z.enum(['stable', 'canary', 'baseline']).describe('The track it belonged to.'),
          started: time().describe('When it was started.'),
        }),
      )
      .max(50)
      .meta(atomic)
      .describe('Pods that ended during the comparison: what they served counts, after a restart of the operator too.')
      .exactOptional(),
    secondOpinion: z
      .object({
        at: time().describe('When the pods were deleted.'),
        pods: z.array(text(253)).max(50).meta(atomic).describe('The pods that were deleted for it.'),
        since: time()
          .describe('When the new pods were Ready: from then on the versions are compared anew.')
          .exactOptional(),
      })
      .describe(
        'A regression that one pod alone might explain: the pod was deleted once, and the version is taken back only if the next one agrees.',
      )
      .exactOptional(),
    standingSince: time().describe('Since when the deadline stands still; absent while it runs.').exactOptional(),
  })
  .describe('What was measured in the running release, or in the last one.');

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
    gate: gate.exactOptional(),
    warnings: z
      .array(text(1024))
      .max(20)
      .meta(atomic)
      .describe('What deserves a look on this target, each with its consequence.')
      .exactOptional(),
    stable: stable.exactOptional(),
    canary: canary.exactOptional(),
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
