import type { Sink, Timed } from './column.ts';
import type { PodLabels } from './presets.ts';
import type { Labels } from './prometheus/schema.ts';

/** What one scrape of one target of a pod said. `series` = how many series it was made of. */
export interface CountPoint {
  series: number;
  requests: number;
  /** Those of them that say what they were answered with. */
  labelled: number;
  errors: number;
  classes: ReadonlyMap<string, number>;
  /** Requests and errors by number of the route, where routes are labelled. */
  routes: [requests: number, errors: number][];
}

/** Not a request yet. */
export const ZERO_COUNT: CountPoint = {
  series: 0,
  requests: 0,
  labelled: 0,
  errors: 0,
  classes: new Map(),
  routes: [],
};

export interface BucketPoint {
  series: number;
  /** Bounds that every series of the scrape has, ascending, without +Inf. */
  bounds: readonly number[];
  /** Cumulative, one more than bounds; empty: not one successful request yet. */
  counts: number[];
}

export interface ValuePoint {
  series: number;
  value: number;
}

/** Points by pod, target of the pod, and time. */
export type Points<P> = ByTarget<Map<number, P>>;

/** The same as it is kept: a scrape that arrives in parts is put together there. */
export type KeptPoints<P> = ByTarget<Sink<P> & Timed<P>>;

type ByTarget<T> = Map<string, Map<string, T>>;

/** More routes than this are no routes but paths with values in them. */
export const MOST_ROUTES = 100;

/** Route to its number. */
export type RouteNumbers = Map<string, number>;

/**
 * Merges newer points into older ones. A scrape that arrives in parts grows; it never shrinks. Returns the earliest time
 * of those that were not known or were known in part, Infinity without any: what is asked for twice is no news.
 */
export function mergePoints<P extends { series: number }, T extends Sink<P>>(
  into: ByTarget<T>,
  from: Points<P>,
  make: () => T,
): number {
  let first = Number.POSITIVE_INFINITY;
  for (const [pod, targets] of from) {
    const kept = child(into, pod, newMap<string, T>);
    for (const [target, points] of targets) first = Math.min(first, mergeTimes(child(kept, target, make), points));
  }
  return first;
}

function mergeTimes<P extends { series: number }>(kept: Sink<P>, points: ReadonlyMap<number, P>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const [time, point] of points) {
    const known = kept.get(time)?.series ?? 0;
    if (point.series > known && time < first) first = time;
    if (point.series >= known) kept.set(time, point);
  }
  return first;
}

/** Job and endpoint, or job and container: what keeps counters of its own. */
export function targetKey(labels: Labels): string {
  return `${labels['job'] ?? ''}\n${labels['container'] ?? ''}\n${labels['instance'] ?? ''}`;
}

/** The job of a target key. */
export function jobOf(target: string): string {
  return target.split('\n')[0] ?? '';
}

/** The job and container of a target key. */
export function containerOf(target: string): string {
  return target.split('\n').slice(0, 2).join('\n');
}

/** The points of the series' target by time, made when they are asked for. */
export function pointsOf<P>(points: Points<P>, labels: Labels, pods: PodLabels, make: () => P): (time: number) => P {
  let times: Map<number, P> | undefined;
  return (time) => {
    times ??= child(
      child(points, labels[pods.pod] ?? '', newMap<string, Map<number, P>>),
      targetKey(labels),
      newMap<number, P>,
    );
    const known = times.get(time);
    if (known !== undefined) return known;
    const made = make();
    times.set(time, made);
    return made;
  };
}

function child<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

/** The same points with other contents. */
export function mapPoints<P, Q>(points: Points<P>, change: (point: P) => Q): Points<Q> {
  const changed: Points<Q> = new Map();
  for (const [pod, targets] of points) {
    for (const [target, times] of targets) {
      const made = child(child(changed, pod, newMap<string, Map<number, Q>>), target, newMap<number, Q>);
      for (const [time, point] of times) made.set(time, change(point));
    }
  }
  return changed;
}

/** Whether both name the same bounds in the same order. */
export function sameBounds(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false;
  return true;
}
