import { boundNearest, countAbove, histogramQuantile, sum } from './histogram.ts';

/** Which bucket bounds the counts of slow requests look at; fixed from what stable showed before they are used. */
export interface LatencyPlan {
  /** Indices of the bounds of the gross-slowdown engine. */
  gross: number[];
  /** Indices of the bounds above which a request is slow, ascending; none where no bound fits. */
  slow: number[];
}

const grossQuantiles: readonly number[] = [0.5, 0.75, 0.95];
/** Shares of stable's requests above a bound between which it can show a gross slowdown. */
const grossShare: [number, number] = [0.01, 0.95];
/**
 * The tails looked at where the spec names no threshold, each with the shares above it that a bound may have: a harm of
 * few but very slow requests shows many times clearer far out than at p99.
 */
const slowTails: readonly { quantile: number; share: [number, number] }[] = [
  { quantile: 0.99, share: [0.0005, 0.1] },
  { quantile: 0.999, share: [0.00005, 0.03] },
];
/** A bound that stable passes less often than this is one of requests that hang. */
const hangingShare = 0.00005;

/** Chooses bounds from the buckets of stable. */
export function planLatency(
  bounds: readonly number[],
  counts: readonly number[],
  slowThresholdSeconds: number | null,
): LatencyPlan {
  const gross: number[] = [];
  for (const quantile of grossQuantiles) {
    const index = boundNearest(bounds, counts, quantile, grossShare);
    if (index !== null && !gross.includes(index)) gross.push(index);
  }
  return { gross, slow: slowBounds(bounds, counts, slowThresholdSeconds) };
}

function slowBounds(bounds: readonly number[], counts: readonly number[], threshold: number | null): number[] {
  if (threshold !== null) return nearest(bounds, threshold);
  const total = sum(counts);
  const found = slowTails.map(({ quantile, share }) => boundNearest(bounds, counts, quantile, share));
  const hanging = bounds.findIndex((_, i) => countAbove(counts, i) < hangingShare * total);
  const all = [...found, hanging < 0 ? null : hanging].filter((index) => index !== null);
  return [...new Set(all)].toSorted((a, b) => a - b);
}

/** The bound nearest a time, by ratio. */
function nearest(bounds: readonly number[], seconds: number): number[] {
  let best: number | null = null;
  const away = (index: number): number => Math.abs(Math.log((bounds[index] ?? 0) / seconds));
  for (let i = 0; i < bounds.length; i += 1) if (best === null || away(i) < away(best)) best = i;
  return best === null ? [] : [best];
}

/**
 * A warning where the quantile of stable lies in a bucket so wide that it distorts differences; else undefined.
 * `tolerated`: the difference that is tolerated at a value, both in seconds.
 */
export function coarseWarning(
  bounds: readonly number[],
  counts: readonly number[],
  quantile: number,
  tolerated: (seconds: number) => number,
): string | undefined {
  const at = histogramQuantile(bounds, counts, quantile);
  if (at === null) return undefined;
  const index = bounds.findIndex((bound) => bound >= at);
  const name = `p${Number((quantile * 100).toFixed(3))}`;
  const last = bounds[bounds.length - 1] ?? 0;
  if (countAbove(counts, bounds.length - 1) > (1 - quantile) * sum(counts)) {
    return `coarse buckets: ${name} of stable is above the highest bound, ${last} s, where no difference can be seen`;
  }
  const low = index > 0 ? bounds[index - 1] : undefined;
  const high = bounds[index];
  if (low === undefined || high === undefined || high <= 2 * low) return undefined;
  const tolerance = Number((1000 * tolerated(at)).toPrecision(2));
  const middle = Number(Math.sqrt(low * high).toPrecision(2));
  return `coarse buckets: ${name} of stable lies between ${low} s and ${high} s, and a tolerance of ${tolerance} ms inside one bucket sees next to nothing; add a bound such as ${middle} s`;
}
