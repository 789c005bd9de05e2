import type { PodLabels } from './presets.ts';
import type { Labels } from './prometheus/schema.ts';

/** What one scrape of one target of a pod said. `series` = how many series it was made of. */
export interface CountPoint {
  series: number;
  requests: number;
  /** Those of them that say what they were answered with. */
  labelled: number;
  errors: number;
  classes: Map<string, number>;
  /** Requests and errors by number of the route, where routes are labelled. */
  routes: [requests: number, errors: number][];
}

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
export type Points<P> = Map<string, Map<string, Map<number, P>>>;

/** More routes than this are no routes but paths with values in them. */
export const MOST_ROUTES = 100;

/** Route to its number. */
export type RouteNumbers = Map<string, number>;

/**
 * Merges newer points into older ones. A scrape that arrives in parts grows; it never shrinks. Returns the earliest time
 * of those that were not known or were known in part, Infinity without any: what is asked for twice is no news.
 */
export function mergePoints<P extends { series: number }>(into: Points<P>, from: Points<P>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const [pod, targets] of from) {
    for (const [target, points] of targets) {
      first = Math.min(first, mergeTimes(child(child(into, pod), target), points));
    }
  }
  return first;
}

function mergeTimes<P extends { series: number }>(kept: Map<number, P>, points: ReadonlyMap<number, P>): number {
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
    times ??= child(child(points, labels[pods.pod] ?? ''), targetKey(labels));
    const known = times.get(time);
    if (known !== undefined) return known;
    const made = make();
    times.set(time, made);
    return made;
  };
}

function child<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Map<L, V>();
  map.set(key, made);
  return made;
}

/** The same points with other contents. */
export function mapPoints<P, Q>(points: Points<P>, change: (point: P) => Q): Points<Q> {
  const changed: Points<Q> = new Map();
  for (const [pod, targets] of points) {
    for (const [target, times] of targets) {
      const made = child(child(changed, pod), target);
      for (const [time, point] of times) made.set(time, change(point));
    }
  }
  return changed;
}
