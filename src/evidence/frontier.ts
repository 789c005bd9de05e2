import type { Series } from './prometheus/schema.ts';
import type { WatchedPod } from './request.ts';

/** Times of the newest samples of one metric, by pod. */
export type Arrivals = Map<string, Set<number>>;

/** How late samples may be: those of a server that others write to are, and not all alike. */
const LATEST_MS = 5 * 60_000;
/** More than is ever looked at. */
const KEPT_MS = 2 * LATEST_MS;

/** Notes what arrived; `podLabel` names the pod of a series. */
export function noteArrivals(arrivals: Arrivals, podLabel: string, series: readonly Series[]): void {
  for (const { labels, samples, histograms = [] } of series) {
    const pod = labels[podLabel] ?? '';
    const times = arrivals.get(pod) ?? new Set();
    arrivals.set(pod, times);
    addNewest(times, samples);
    addNewest(times, histograms);
  }
}

function addNewest(times: Set<number>, samples: readonly [number, unknown][]): void {
  const oldest = (samples.at(-1)?.[0] ?? 0) - KEPT_MS;
  for (let i = samples.length - 1; i >= 0; i--) {
    const time = samples[i]?.[0] ?? 0;
    if (time < oldest) return;
    times.add(time);
  }
}

/**
 * Up to here the samples of every pod came without a gap. What is missing after it may still be on its way, out of order
 * or because the agent of one node lags; after LATEST_MS it is given up, so that a pod that ended or is not scraped widens
 * no question for good. Arrivals that are too old to matter are forgotten.
 *
 * @param now milliseconds, by the clock of the source
 * @param maxGap milliseconds between two samples of which none is missing
 */
export function frontierOf(arrivals: Arrivals, pods: readonly WatchedPod[], now: number, maxGap: number): number {
  const since = now - LATEST_MS;
  const oldest = since - maxGap;
  let frontier = now;
  let isAny = false;
  for (const { name, startedAt } of pods) {
    const times = arrivals.get(name) ?? new Set();
    for (const time of times) if (time < oldest) times.delete(time);
    if (times.size === 0 && startedAt <= since) continue;
    isAny ||= times.size > 0;
    frontier = Math.min(frontier, firstGap(times, Math.max(oldest, startedAt), maxGap));
  }
  return isAny ? Math.max(frontier, since) : since;
}

/** The last sample before the first gap. */
function firstGap(times: ReadonlySet<number>, from: number, maxGap: number): number {
  let end = from;
  for (const time of [...times].toSorted((a, b) => a - b)) {
    if (time - end > maxGap) return end;
    end = Math.max(end, time);
  }
  return end;
}
