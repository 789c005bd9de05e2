import type { Evidence, PodSamples, PodWindow } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';

type Samples = readonly (number | null)[];

/**
 * The evidence of a release as a recording, the inverse of `parseRecording`: the judge says of it what it said of the
 * evidence. Times are relative to the canary's first scrape. undefined while a track has no pod: there is nothing to
 * judge, and a recording without a track is none.
 *
 * @param asked what the judge was asked: it is asked the same where nobody names another spec
 */
export function recordingOf(evidence: Evidence, id: string, asked?: AnalysisSpec): Record<string, unknown> | undefined {
  const { scrapeSeconds, boundsSeconds, canary, stable, baseline = [], history, run, custom, secondOpinion } = evidence;
  if (canary.length === 0 || stable.length === 0) return undefined;
  return {
    id,
    ...(asked === undefined ? {} : { asked }),
    scrape_s: scrapeSeconds,
    bounds_s: boundsSeconds,
    canary,
    stable,
    ...(baseline.length === 0 ? {} : { baseline }),
    ...(secondOpinion === undefined ? {} : { second_opinion: secondOpinionOf(secondOpinion, evidence.startedAt) }),
    ...(history === undefined ? {} : { history: { ...ownScrapes(history.scrapeSeconds), ...windowOf(history, []) } }),
    run: { ...windowOf(run, [...canary, ...stable, ...baseline]), ...(custom === undefined ? {} : customOf(custom)) },
  };
}

function secondOpinionOf({ since, without }: NonNullable<Evidence['secondOpinion']>, startedAt: number): object {
  return { since_s: (since - startedAt) / 1000, without };
}

function ownScrapes(seconds: number | undefined): object {
  return seconds === undefined ? {} : { scrape_s: seconds };
}

function customOf(custom: NonNullable<Evidence['custom']>): object {
  const values = Object.entries(custom).map(([name, { canary, stable }]) => [name, { canary, stable }] as const);
  return { custom: Object.fromEntries(values) };
}

/** A pod of a track of which nothing was measured is named all the same. */
function windowOf({ scrapes, pods }: PodWindow, names: readonly string[]): object {
  const silent = names.filter((name) => pods[name] === undefined).map((name) => [name, {}] as const);
  const measured = Object.entries(pods).map(([name, pod]) => [name, podOf(pod)] as const);
  return {
    scrapes,
    pods: Object.fromEntries([...measured, ...silent]),
    ...labelled('errorClasses', pods, (pod) => pod.errorClasses),
    ...labelled('routes', pods, (pod) => pod.routes),
    ...labelled('routeErrors', pods, (pod) => pod.routeErrors),
  };
}

/** What was never sampled is left out. */
function podOf(pod: PodSamples): object {
  const fields: Record<string, readonly unknown[] | undefined> = {
    requests: pod.requests,
    errors: pod.errors,
    buckets: pod.buckets,
    latency_sum_s: pod.latencySumSeconds,
    latency_count: pod.latencyCount,
    cpu_s: pod.cpuSeconds,
    cpu_breaks: pod.cpuBreaks,
    mem: pod.memoryBytes,
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, samples]) => samples?.some((sample) => sample !== null) === true),
  );
}

/** By label, then by pod. */
function labelled(
  field: string,
  pods: PodWindow['pods'],
  pick: (pod: PodSamples) => Record<string, Samples> | undefined,
): object {
  // A map: a route may be called as what every object has.
  const byLabel = new Map<string, Map<string, Samples>>();
  for (const [name, pod] of Object.entries(pods)) {
    for (const [label, samples] of Object.entries(pick(pod) ?? {}))
      byLabel.set(label, (byLabel.get(label) ?? new Map<string, Samples>()).set(name, samples));
  }
  if (byLabel.size === 0) return {};
  return { [field]: Object.fromEntries([...byLabel].map(([label, byPod]) => [label, Object.fromEntries(byPod)])) };
}
