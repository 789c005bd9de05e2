import { z } from 'zod';
import { atomic, text, time } from './fields.ts';
import { count, long, sentence, verdict } from './status-fields.ts';

/** One comparison. */
export const metric = z.object({
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

/** One answer that a comparison may give, and when. */
export const plannedStep = z.object({
  what: text(64).describe('A harm that would show, such as "errors doubled", or a metric of a good version.'),
  answer: z.enum(['Regression', 'Pass']).describe('Regression: the harm is found. Pass: a good version is proven.'),
  within: text(32).describe(
    'Median time from the first Ready moment; never: not at this traffic, or too small a harm to count.',
  ),
});

/** What outlives a release. */
export const calibration = z
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
