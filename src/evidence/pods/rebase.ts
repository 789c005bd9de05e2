import type { Evidence, PodSamples } from '../evidence.ts';

/**
 * Counters of pods that served before they were looked at, from their first sample on: what a canary did while nobody
 * scraped it has no counterpart on stable, and would stand in one slot.
 */
export function rebasePods(evidence: Evidence, names: ReadonlySet<string>): Evidence {
  const pods = Object.entries(evidence.run.pods).map(([name, samples]): [string, PodSamples] => [
    name,
    names.has(name) ? rebased(samples) : samples,
  ]);
  return { ...evidence, run: { ...evidence.run, pods: Object.fromEntries(pods) } };
}

function rebased(samples: PodSamples): PodSamples {
  const { routes, routeErrors, latencySumSeconds, latencyCount } = samples;
  return {
    ...samples,
    requests: fromFirst(samples.requests),
    errors: fromFirst(samples.errors),
    cpuSeconds: fromFirst(samples.cpuSeconds),
    buckets: bucketsFromFirst(samples.buckets),
    errorClasses: eachFromFirst(samples.errorClasses),
    ...(latencySumSeconds === undefined ? {} : { latencySumSeconds: fromFirst(latencySumSeconds) }),
    ...(latencyCount === undefined ? {} : { latencyCount: fromFirst(latencyCount) }),
    ...(routes === undefined ? {} : { routes: eachFromFirst(routes) }),
    ...(routeErrors === undefined ? {} : { routeErrors: eachFromFirst(routeErrors) }),
  };
}

function eachFromFirst(series: Record<string, (number | null)[]>): Record<string, (number | null)[]> {
  return Object.fromEntries(Object.entries(series).map(([label, values]) => [label, fromFirst(values)]));
}

/** A value that fell is a counter that began anew, from 0. */
function fromFirst(values: readonly (number | null)[]): (number | null)[] {
  let base: number | null = null;
  let last = 0;
  return values.map((value) => {
    if (value === null) return null;
    base ??= value;
    if (value < last) base = 0;
    last = value;
    return value - base;
  });
}

function bucketsFromFirst(slots: readonly (number[] | null)[]): (number[] | null)[] {
  let base: number[] | null = null;
  let last: number[] = [];
  return slots.map((counts) => {
    if (counts === null) return null;
    const fell = counts.some((count, i) => count < (last[i] ?? 0));
    if (fell) base = counts.map(() => 0);
    base ??= counts;
    last = counts;
    const from = base;
    return counts.map((count, i) => count - (from[i] ?? 0));
  });
}
