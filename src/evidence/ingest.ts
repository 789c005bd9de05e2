import { bucketColumn, countColumn, scrapeColumn, valueColumn } from './codecs.ts';
import { noteArrivals } from './frontier.ts';
import type { Metric } from './metric.ts';
import { metricKey } from './plan.ts';
import { mergePoints } from './points.ts';
import type { Series } from './prometheus/schema.ts';
import {
  bucketPoints,
  countPoints,
  exceptionPoints,
  nativePoints,
  type Reading,
  scrapePoints,
  sumPoints,
  valuePoints,
} from './read-points.ts';
import { allPods } from './request.ts';
import { horizonOf, type Watched } from './watched.ts';

/** Adds the series that a query brought for the metric. Nothing that was collected is lost. */
export function ingest(watched: Watched, metric: Metric, series: readonly Series[]): void {
  const { detected = {}, samples } = watched;
  const { requests, latency, mean, exceptions, cpu, memory } = detected;
  const id = metricKey(metric);
  const arrivals = watched.arrivals.get(id) ?? new Map<string, Set<number>>();
  watched.arrivals.set(id, arrivals);
  noteArrivals(arrivals, metric.pods.pod, series);
  const reading = readingOf(watched, metric);
  const readers: [Metric | undefined, () => number][] = [
    [requests, () => mergePoints(samples.counts, countPoints(series, reading), countColumn)],
    [latency, () => mergePoints(samples.buckets, bucketPoints(series, reading), bucketColumn)],
    [latency, () => mergePoints(samples.native, nativePoints(series, reading), () => new Map())],
    [mean?.sum, () => mergePoints(samples.durations, sumPoints(series, reading, metric.secondsPerUnit), valueColumn)],
    [mean?.count, () => mergePoints(samples.timed, sumPoints(series, reading, 1), valueColumn)],
    [exceptions, () => mergePoints(samples.exceptions, exceptionPoints(series, reading), countColumn)],
    [cpu, () => mergePoints(samples.cpu, valuePoints(series, reading), valueColumn)],
    [memory, () => mergePoints(samples.memory, valuePoints(series, reading), valueColumn)],
  ];
  if (requests !== undefined && metricKey(requests) === id) noteStatuses(watched, metric, series);
  let first = Number.POSITIVE_INFINITY;
  for (const [other, read] of readers) {
    if (other !== undefined && metricKey(other) === id) first = Math.min(first, read());
  }
  if (metric.metric === 'up')
    first = Math.min(first, mergePoints(samples.scrapes, scrapePoints(series, reading), scrapeColumn));
  if (first < watched.request.startedAt) samples.revised += 1;
}

/** Statuses are few; a label that brings many is none of them. */
const MOST_STATUSES = 100;

function noteStatuses({ statuses }: Watched, { statusLabel }: Metric, series: readonly Series[]): void {
  if (statusLabel === undefined) return;
  for (const { labels } of series) {
    if (statuses.size < MOST_STATUSES) statuses.add(labels[statusLabel] ?? '');
  }
}

function readingOf({ request, isError, samples }: Watched, metric: Metric): Reading {
  const { pods, statusLabel, failureLabels, routeLabel, classLabels, ignoredTypes, secondsPerUnit, only } = metric;
  return {
    pods,
    namespace: request.namespace,
    names: new Set(allPods(request).map(({ name }) => name)),
    since: horizonOf(request),
    statusLabel,
    failureLabels,
    routeLabel,
    classLabels,
    ignoredTypes,
    ignoreRoutes: new Set(request.ignoreRoutes),
    isError,
    secondsPerUnit,
    only,
    routes: samples.routes,
  };
}
