import { classOf, isErrorSeries, isIgnored, type LabelReading, routeOf, typeOf } from './labels.ts';
import { addNative, type NativePoint } from './native.ts';
import {
  type BucketPoint,
  type CountPoint,
  MOST_ROUTES,
  mapPoints,
  type Points,
  pointsOf,
  type RouteNumbers,
  type ValuePoint,
} from './points.ts';
import type { PodLabels } from './presets.ts';
import type { Labels, Series } from './prometheus/schema.ts';

/** How the series of a metric are read. */
export interface Reading extends LabelReading {
  pods: PodLabels;
  namespace: string;
  /** Pods of the release. */
  names: ReadonlySet<string>;
  /** Milliseconds; older samples are none of the release. */
  since: number;
  secondsPerUnit: number;
  /** Labels and values that a series must have. */
  only?: Readonly<Record<string, string>> | undefined;
  /** Numbers of the routes; new ones are added. */
  routes?: RouteNumbers | undefined;
}

/** Requests, errors and classes of error per scrape. Of a histogram only the +Inf bucket or the count is read. */
export function countPoints(series: readonly Series[], reading: Reading): Points<CountPoint> {
  const points: Points<Counting> = new Map();
  for (const { labels, samples, histograms } of own(series, reading)) {
    if (labels['le'] !== undefined && boundOf(labels['le'], 1) !== Number.POSITIVE_INFINITY) continue;
    const counted = !isIgnored(labels, reading);
    const error = isErrorSeries(labels, reading);
    const route = counted ? routeNumber(labels, reading) : undefined;
    const hasStatus = reading.statusLabel !== undefined && (labels[reading.statusLabel] ?? '') !== '';
    const pointAt = pointsOf(points, labels, reading.pods, emptyCount);
    const add = (time: number, value: number): void => {
      const point = pointAt(time);
      point.series += 1;
      if (!counted) return;
      point.requests += value;
      if (hasStatus) point.labelled += value;
      if (route !== undefined) addRoute(point, route, value, error);
      // Some libraries export every status from the start, at zero.
      if (!error || value === 0) return;
      point.errors += value;
      const name = classOf(labels, reading);
      point.classes.set(name, (point.classes.get(name) ?? 0) + value);
    };
    for (const [time, value] of samples) add(time, value);
    for (const [time, { count }] of histograms) add(time, count);
  }
  return points;
}

/** Exceptions per scrape by type, as classes of error. */
export function exceptionPoints(series: readonly Series[], reading: Reading): Points<CountPoint> {
  const points: Points<Counting> = new Map();
  for (const { labels, samples } of own(series, reading)) {
    const type = typeOf(labels, reading);
    if (reading.ignoredTypes?.includes(type) === true) continue;
    const name = `exception ${type}`.trim().slice(0, 80);
    const pointAt = pointsOf(points, labels, reading.pods, emptyCount);
    for (const [time, value] of samples) {
      const point = pointAt(time);
      point.series += 1;
      point.classes.set(name, (point.classes.get(name) ?? 0) + value);
    }
  }
  return points;
}

/** Latency buckets of successful requests per scrape. */
export function bucketPoints(series: readonly Series[], reading: Reading): Points<BucketPoint> {
  const scrapes: Points<{ series: number; groups: Map<string, Map<number, number>> }> = new Map();
  for (const { labels, samples } of own(series, reading)) {
    if (labels['le'] === undefined) continue;
    const bound = boundOf(labels['le'], reading.secondsPerUnit);
    if (Number.isNaN(bound)) continue;
    const counted = isGood(labels, reading);
    const group = counted ? groupKey(labels) : '';
    const pointAt = pointsOf(scrapes, labels, reading.pods, () => ({ series: 0, groups: new Map() }));
    for (const [time, value] of samples) {
      const scrape = pointAt(time);
      scrape.series += 1;
      if (!counted) continue;
      const buckets = scrape.groups.get(group) ?? new Map<number, number>();
      buckets.set(bound, value);
      scrape.groups.set(group, buckets);
    }
  }
  return mapPoints(scrapes, ({ series: size, groups }) => addGroups(size, [...groups.values()]));
}

/** Native histograms of successful requests per scrape. */
export function nativePoints(series: readonly Series[], reading: Reading): Points<NativePoint> {
  const points: Points<NativePoint> = new Map();
  for (const { labels, histograms } of own(series, reading)) {
    const counted = isGood(labels, reading);
    const pointAt = pointsOf(points, labels, reading.pods, () => ({ series: 0, count: 0, buckets: new Map() }));
    for (const [time, sample] of histograms) {
      const point = pointAt(time);
      point.series += 1;
      if (counted) addNative(point, sample);
    }
  }
  return points;
}

/** Durations or numbers of successful requests per scrape, of a summary or the like, in units of `unit`. */
export function sumPoints(series: readonly Series[], reading: Reading, unit: number): Points<ValuePoint> {
  return addedUp(series, reading, (labels) => (isGood(labels, reading) ? unit : 0));
}

/** CPU or memory per scrape: the value of each target, or of each container where the metric has one series for each. */
export function valuePoints(series: readonly Series[], reading: Reading): Points<ValuePoint> {
  const whole = series.filter(({ labels }) => labels['cpu'] === undefined || labels['cpu'] === 'total');
  return addedUp(whole, reading, () => 1);
}

function addedUp(
  series: readonly Series[],
  reading: Reading,
  weightOf: (labels: Labels) => number,
): Points<ValuePoint> {
  const points: Points<ValuePoint> = new Map();
  for (const { labels, samples } of own(series, reading)) {
    const weight = weightOf(labels);
    const pointAt = pointsOf(points, labels, reading.pods, () => ({ series: 0, value: 0 }));
    for (const [time, value] of samples) {
      const point = pointAt(time);
      point.series += 1;
      point.value += value * weight;
    }
  }
  return points;
}

/** Requests whose latency counts. */
function isGood(labels: Labels, reading: Reading): boolean {
  return !isIgnored(labels, reading) && !isErrorSeries(labels, reading);
}

/**
 * Times at which a target was scraped (`up` = 1), as points without a series: before its first request an application
 * exports no series of it at all, and that is zero requests, not an unknown number.
 */
export function scrapePoints(series: readonly Series[], reading: Reading): Points<CountPoint> {
  const points: Points<CountPoint> = new Map();
  for (const { labels, samples } of own(series, reading)) {
    const pointAt = pointsOf(points, labels, reading.pods, emptyCount);
    for (const [time, value] of samples) if (value === 1) pointAt(time);
  }
  return points;
}

/** undefined without a label, and for routes beyond the most. */
function routeNumber(labels: Labels, reading: Reading): number | undefined {
  const { routes } = reading;
  const route = routeOf(labels, reading);
  if (routes === undefined || route === undefined) return undefined;
  const known = routes.get(route);
  if (known !== undefined) return known;
  // One too many is noted: it says that there are too many.
  if (routes.size > MOST_ROUTES) return undefined;
  routes.set(route, routes.size);
  return routes.size - 1;
}

function addRoute({ routes }: CountPoint, route: number, value: number, error: boolean): void {
  const [requests, errors] = routes[route] ?? [0, 0];
  routes[route] = [requests + value, errors + (error ? value : 0)];
}

/** A point that is being added up. */
interface Counting extends CountPoint {
  classes: Map<string, number>;
}

function emptyCount(): Counting {
  return { series: 0, requests: 0, labelled: 0, errors: 0, classes: new Map(), routes: [] };
}

function* own(
  series: readonly Series[],
  { pods, namespace, names, since, only }: Reading,
): Generator<Required<Series>> {
  const needed = Object.entries(only ?? {});
  for (const { labels, samples, histograms = [] } of series) {
    if (labels[pods.namespace] !== namespace || !names.has(labels[pods.pod] ?? '')) continue;
    if (needed.some(([name, value]) => labels[name] !== value)) continue;
    const wanted = ([time]: [number, unknown]): boolean => time >= since;
    yield { labels, samples: samples.filter(wanted), histograms: histograms.filter(wanted) };
  }
}

function boundOf(le: string, secondsPerUnit: number): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number((Number(le) * secondsPerUnit).toPrecision(12));
}

function groupKey(labels: Labels): string {
  const names = Object.keys(labels).filter((name) => name !== 'le');
  return JSON.stringify(names.toSorted().map((name) => [name, labels[name]]));
}

/** Cumulative counts may be added only at bounds that all of them have. */
function addGroups(series: number, groups: readonly Map<number, number>[]): BucketPoint {
  const [first] = groups;
  if (first === undefined) return { series, bounds: [], counts: [] };
  const shared = [...first.keys()].filter((bound) => groups.every((g) => g.has(bound)));
  const ordered = shared.toSorted((a, b) => a - b);
  const counts = ordered.map((bound) => {
    let sum = 0;
    for (const group of groups) sum += group.get(bound) ?? 0;
    return sum;
  });
  // Without +Inf it is no histogram: a size that no merge takes.
  return { series: ordered.at(-1) === Number.POSITIVE_INFINITY ? series : -1, bounds: ordered.slice(0, -1), counts };
}
