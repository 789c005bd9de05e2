import { Column, type Timed } from './column.ts';
import { containerOf, jobOf, type ValuePoint } from './points.ts';

/** Slots of equal length from `origin` on. */
export interface Grid {
  /** Milliseconds. */
  origin: number;
  slotMs: number;
  slots: number;
}

/** Containers seen within this time of the pod's first sample were there from the start; and how long one may be late. */
const GRACE_MS = 60_000;

/** The last point of each slot; null where there is none. Nothing is carried from one slot into another. */
export function lastPerSlot<P>(all: Iterable<[number, P]>, { origin, slotMs, slots }: Grid): (P | null)[] {
  const points = all instanceof Column ? (all as Column<P>).between(origin, origin + slots * slotMs) : all;
  const times = new Float64Array(slots).fill(Number.NEGATIVE_INFINITY);
  const kept: (P | null)[] = [];
  for (let slot = 0; slot < slots; slot += 1) kept.push(null);
  for (const [time, point] of points) {
    const slot = Math.floor((time - origin) / slotMs);
    if (slot < 0 || slot >= slots || time < (times[slot] ?? 0)) continue;
    times[slot] = time;
    kept[slot] = point;
  }
  return kept;
}

/**
 * One target of a pod: two jobs that scrape the same pod would count every request twice. The first by name of those
 * with samples, so that the choice does not depend on the order of arrival.
 */
export function pickTarget<P extends { series: number }>(
  targets: ReadonlyMap<string, Timed<P>> | undefined,
): string | undefined {
  const names = [...(targets ?? [])].filter(([, points]) => hasSeries(points));
  return names.map(([name]) => name).toSorted()[0];
}

function hasSeries(points: Timed<{ series: number }>): boolean {
  for (const [, { series }] of points) if (series > 0) return true;
  return false;
}

/** The seconds between two samples: the median over all series, in whole seconds, 15 when nothing is known. */
export function spacing(series: readonly Iterable<number>[]): number {
  const gaps = new Map<number, number>();
  let all = 0;
  for (const times of series) {
    let before: number | undefined;
    for (const time of ascending(times)) {
      if (before !== undefined) {
        gaps.set(time - before, (gaps.get(time - before) ?? 0) + 1);
        all += 1;
      }
      before = time;
    }
  }
  let upTo = 0;
  for (const [gap, times] of [...gaps].toSorted(([a], [b]) => a - b)) {
    upTo += times;
    if (upTo > Math.floor(all / 2)) return Math.max(1, Math.round(gap / 1000));
  }
  return 15;
}

/** Mostly they are in order as they come. */
function ascending(times: Iterable<number>): number[] {
  const all = [...times];
  const sorted = all.every((time, i) => i === 0 || (all[i - 1] ?? time) <= time);
  return sorted ? all : all.toSorted((a, b) => a - b);
}

/**
 * The sum over the containers of a pod. Each container is sampled at times of its own, restarts alone and may end (an
 * init container): a counter therefore goes on where its container restarts, and keeps the last value of one that ended.
 * null where a container that runs has no sample.
 */
export function sumContainers(
  targets: ReadonlyMap<string, Timed<ValuePoint>> | undefined,
  grid: Grid,
  kind: 'counter' | 'gauge',
): (number | null)[] {
  const containers = containersOf(targets, kind);
  const podStart = Math.min(...containers.map(({ first }) => first));
  const columns = containers.map((container) => column(container, grid, podStart, kind));
  const sampled = containers.map(({ samples }) => lastPerSlot(samples, grid));
  return Array.from({ length: grid.slots }, (_, slot) => {
    if (sampled.every((values) => (values[slot] ?? null) === null)) return null;
    let sum = 0;
    for (const values of columns) {
      const value = values[slot] ?? null;
      if (value === null) return null;
      sum += value;
    }
    return sum;
  });
}

interface Container {
  /** Job and container. */
  key: string;
  /** Ascending; of a counter without resets. */
  samples: [number, number][];
  first: number;
  last: number;
}

/** Of the first job by name. */
export function containersOf(
  targets: ReadonlyMap<string, Timed<ValuePoint>> | undefined,
  kind: 'counter' | 'gauge',
): Container[] {
  const job = [...(targets?.keys() ?? [])].map(jobOf).toSorted()[0];
  const byContainer = new Map<string, [number, number][]>();
  for (const [target, points] of targets ?? []) {
    if (jobOf(target) !== job) continue;
    const samples = byContainer.get(containerOf(target)) ?? [];
    byContainer.set(containerOf(target), samples);
    for (const [time, { value }] of points) samples.push([time, value]);
  }
  return [...byContainer].map(([key, unsorted]) => {
    const sorted = unsorted.toSorted(([a], [b]) => a - b);
    const samples = kind === 'counter' ? withoutResets(sorted) : sorted;
    return { key, samples, first: samples[0]?.[0] ?? 0, last: samples.at(-1)?.[0] ?? 0 };
  });
}

function withoutResets(samples: readonly [number, number][]): [number, number][] {
  let offset = 0;
  let previous = 0;
  return samples.map(([time, value]) => {
    if (value < previous) offset += previous;
    previous = value;
    return [time, value + offset];
  });
}

/** What a container adds in each slot; null: unknown. */
function column(container: Container, grid: Grid, podStart: number, kind: 'counter' | 'gauge'): (number | null)[] {
  const { samples, first, last } = container;
  const final = kind === 'counter' ? (samples.at(-1)?.[1] ?? 0) : 0;
  return lastPerSlot(samples, grid).map((value, slot) => {
    if (value !== null) return value;
    const start = grid.origin + slot * grid.slotMs;
    if (start + grid.slotMs <= first) return first - podStart <= GRACE_MS ? null : 0;
    if (start <= last) return null;
    return kind === 'counter' || start - last > GRACE_MS ? final : null;
  });
}
