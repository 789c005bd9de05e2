import type { Samples } from './build.ts';
import type { Timed } from './column.ts';
import type { Detected } from './detect.ts';
import type { PodSamples } from './evidence.ts';
import type { Metric } from './metric.ts';
import {
  type BucketPoint,
  type CountPoint,
  type KeptPoints,
  type RouteNumbers,
  sameBounds,
  type ValuePoint,
  ZERO_COUNT,
} from './points.ts';
import { routeSlots } from './routes.ts';
import { type Grid, lastPerSlot, pickTarget, sumContainers } from './series.ts';

/** What the samples of a pod are made of. */
export interface Reader {
  samples: Samples;
  detected: Detected;
  /** The counts of the chosen target of each pod. */
  counts: Map<string, Timed<CountPoint>>;
  /** The chosen targets. */
  targets: Map<string, string>;
  buckets: KeptPoints<BucketPoint>;
  bounds: number[];
  /** The routes that errors are compared by, and their numbers; empty: not route by route. */
  routes: RouteNumbers;
}

const MAX_CLASSES = 100;
/** What an exception that nobody handles is answered with: counted by its type, it is not counted again by its status. */
const UNHANDLED = '500';
const ZERO_BUCKETS: BucketPoint = { series: 0, bounds: [], counts: [] };
const ZERO_VALUE: ValuePoint = { series: 0, value: 0 };

/** The samples of a pod, slot by slot. */
export function podSamples(reader: Reader, name: string, grid: Grid): PodSamples {
  const { samples, detected, counts } = reader;
  const points = lastPerSlot(counts.get(name) ?? [], grid);
  const labelled = detected.requests?.statusLabel !== undefined;
  // A pod whose requests lack the label says nothing of its errors.
  const errorsOf = ({ requests, labelled: known, errors }: CountPoint): number | null =>
    labelled && (requests === 0 || known > 0) ? errors : null;
  return {
    requests: points.map((point) => point?.requests ?? null),
    errors: points.map((point) => (point === null ? null : errorsOf(point))),
    buckets: bucketSlots(reader, name, grid),
    ...meanSlots(reader, name, grid),
    cpuSeconds: valueSlots(detected.cpu, samples.cpu, name, grid, 'counter'),
    memoryBytes: valueSlots(detected.memory, samples.memory, name, grid, 'gauge'),
    errorClasses: errorClasses(reader, name, points, grid),
    ...routeSlots(points, reader.routes, labelled),
  };
}

/** The points, and at each of the times `silent` before the first of them a point that says zero. */
export function withZeros<P>(points: Timed<P> | undefined, silent: Iterable<number>, zero: P): Timed<P> {
  const first = earliest(points?.keys() ?? []);
  const before: [number, P][] = [];
  for (const time of silent) if (time < first) before.push([time, zero]);
  return before.length === 0 && points !== undefined ? points : new Map([...before, ...(points ?? [])]);
}

/** Infinity where there is none. */
export function earliest(times: Iterable<number>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const time of times) first = Math.min(first, time);
  return first;
}

function errorClasses(
  { samples, detected }: Reader,
  name: string,
  points: readonly (CountPoint | null)[],
  grid: Grid,
): Record<string, (number | null)[]> {
  const byStatus = classSlots(points);
  if (detected.exceptions === undefined) return byStatus;
  const raised = lastPerSlot(chosen(samples.exceptions, name) ?? [], grid);
  const scraped = points.map((point, slot) => (point === null ? null : (raised[slot] ?? ZERO_COUNT)));
  const { [UNHANDLED]: unhandled, ...others } = byStatus;
  const byType = classSlots(scraped);
  return { ...others, ...byType, ...(unhandled === undefined || hasAny(byType) ? {} : { [UNHANDLED]: unhandled }) };
}

function hasAny(classes: Record<string, unknown>): boolean {
  return Object.keys(classes).length > 0;
}

function classSlots(points: readonly (CountPoint | null)[]): Record<string, (number | null)[]> {
  const names = new Set<string>();
  for (const point of points) for (const name of point?.classes.keys() ?? []) names.add(name);
  const kept = [...names].toSorted().slice(0, MAX_CLASSES);
  return Object.fromEntries(
    kept.map((name) => [name, points.map((point) => (point === null ? null : (point.classes.get(name) ?? 0)))]),
  );
}

function bucketSlots({ detected, counts, buckets, bounds }: Reader, name: string, grid: Grid): (number[] | null)[] {
  const zeros = Array.from({ length: bounds.length + 1 }, () => 0);
  const project = (point: BucketPoint): number[] => {
    if (point.counts.length === 0) return zeros;
    if (sameBounds(point.bounds, bounds)) return point.counts;
    const at = (bound: number): number => point.counts[point.bounds.indexOf(bound)] ?? 0;
    return [...bounds.map(at), point.counts.at(-1) ?? 0];
  };
  const known = detected.latency !== undefined && bounds.length > 0;
  const filled = known ? withZeros(chosen(buckets, name), silentTimes(counts, name), ZERO_BUCKETS) : [];
  return lastPerSlot(filled, grid).map((point) => (point === null ? null : project(point)));
}

/** Nothing where a histogram says more. */
function meanSlots(
  { detected, samples, counts }: Reader,
  name: string,
  grid: Grid,
): Pick<PodSamples, 'latencySumSeconds' | 'latencyCount'> {
  if (detected.latency !== undefined || detected.mean === undefined) return {};
  const slots = (points: KeptPoints<ValuePoint>): (number | null)[] =>
    lastPerSlot(withZeros(chosen(points, name), silentTimes(counts, name), ZERO_VALUE), grid).map(
      (point) => point?.value ?? null,
    );
  return { latencySumSeconds: slots(samples.durations), latencyCount: slots(samples.timed) };
}

/** Scrapes of requests. */
function silentTimes(counts: Reader['counts'], name: string): Iterable<number> {
  return counts.get(name)?.keys() ?? [];
}

function chosen<P extends { series: number }>(points: KeptPoints<P>, name: string): Timed<P> | undefined {
  const target = pickTarget(points.get(name));
  return target === undefined ? undefined : points.get(name)?.get(target);
}

function valueSlots(
  metric: Metric | undefined,
  points: KeptPoints<ValuePoint>,
  name: string,
  grid: Grid,
  kind: 'counter' | 'gauge',
): (number | null)[] {
  if (metric?.perContainer === true) return sumContainers(points.get(name), grid, kind);
  return lastPerSlot(chosen(points, name) ?? [], grid).map((point) => point?.value ?? null);
}
