import type { BucketPoint } from './points.ts';
import type { NativeSample } from './prometheus/schema.ts';

/** What one scrape of one target of a pod said in native histograms, added up over its series. */
export interface NativePoint {
  series: number;
  /** Successful requests. */
  count: number;
  /** By their upper bound, in the unit of the metric; only buckets that are not empty. */
  buckets: Map<number, { low: number; count: number }[]>;
}

/** Adds the buckets of one more series. */
export function addNative(point: NativePoint, sample: NativeSample): void {
  point.count += sample.count;
  for (const { low, high, count } of sample.buckets) {
    const ending = point.buckets.get(high) ?? [];
    const known = ending.find((bucket) => bucket.low === low);
    if (known === undefined) point.buckets.set(high, [...ending, { low, count }]);
    else known.count += count;
  }
}

/** Resolution at which native histograms are read, at most: bounds grow by the eighth root of 2, 9 %. */
const FINEST = 3;
/** The coarsest resolution that exists: bounds grow by 65536. */
const COARSEST = -4;

interface Bucket {
  low: number;
  high: number;
}

/**
 * Bounds, ascending, at which all points have exact cumulative counts. Exponential buckets nest in those of every coarser
 * resolution, so the coarsest one that was seen is common to all; the bounds reach on to a power of 4 beyond the
 * outermost bucket, so that they seldom change while a run goes on. Buckets of bounds that an application chose have in
 * common what lies inside of none of them.
 */
export function nativeBounds(points: Iterable<NativePoint>): number[] {
  const all = distinctBuckets(points);
  const above = all.filter(({ low }) => low > 0);
  const schemas = above.map(schemaOf);
  if (above.length === 0 || schemas.includes(undefined)) return chosenBounds(all);
  return exponentialBounds(above, Math.min(FINEST, ...schemas.filter((schema) => schema !== undefined)));
}

function distinctBuckets(points: Iterable<NativePoint>): Bucket[] {
  const distinct = new Map<string, Bucket>();
  for (const { buckets } of points) {
    for (const [high, ending] of buckets) {
      if (high <= 0) continue;
      for (const { low } of ending) distinct.set(`${low} ${high}`, { low: Math.max(0, low), high });
    }
  }
  return [...distinct.values()];
}

/** The cumulative counts of a point at bounds of its own unit, +Inf last. */
export function atBounds(
  { series, count, buckets }: NativePoint,
  bounds: readonly number[],
): Omit<BucketPoint, 'bounds'> {
  if (count === 0) return { series, counts: [] };
  const sorted = [...buckets].toSorted(([a], [b]) => a - b);
  let below = 0;
  let next = 0;
  const counts = bounds.map((bound) => {
    for (let entry = sorted[next]; entry !== undefined && entry[0] <= bound * (1 + 1e-9); entry = sorted[next]) {
      for (const bucket of entry[1]) below += bucket.count;
      next += 1;
    }
    return below;
  });
  return { series, counts: [...counts, Math.max(count, below)] };
}

function exponentialBounds(buckets: readonly Bucket[], schema: number): number[] {
  const least = Math.min(...buckets.map(({ low }) => low));
  const most = Math.max(...buckets.map(({ high }) => high));
  const step = 2 ** -schema;
  const first = Math.floor((2 * Math.floor(Math.log2(least) / 2 - 1e-9)) / step);
  const last = Math.ceil((2 * Math.ceil(Math.log2(most) / 2 + 1e-9)) / step);
  return Array.from({ length: last - first + 1 }, (_, i) => Number((2 ** ((first + i) * step)).toPrecision(12)));
}

/** The resolution s with bounds 2^(k/2^s) that a bucket belongs to; undefined for any other bucket. */
function schemaOf({ low, high }: Bucket): number | undefined {
  const width = Math.log2(high / low);
  const schema = Math.round(-Math.log2(width));
  const step = 2 ** -schema;
  const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-4;
  const fits = schema >= COARSEST && schema <= 8 && isWhole(width / step) && isWhole(Math.log2(high) / step);
  return fits ? schema : undefined;
}

function chosenBounds(buckets: readonly Bucket[]): number[] {
  const edges = [...new Set(buckets.flatMap(({ low, high }) => [low, high]))];
  const free = edges.filter((edge) => edge > 0 && !buckets.some(({ low, high }) => low < edge && edge < high));
  return free.filter((edge) => Number.isFinite(edge)).toSorted((a, b) => a - b);
}
