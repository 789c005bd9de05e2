import type { Detected } from './detect.ts';
import type { FoundMetrics } from './evidence.ts';
import { httpPresets } from './http-presets.ts';
import { type Metric, metricSelector } from './metric.ts';
import { MOST_ROUTES } from './points.ts';
import type { EvidenceRequest } from './request.ts';
import { isSplitGroup } from './status.ts';

const SIGNALS = ['requests', 'errors', 'latency', 'exceptions', 'cpu', 'memory'] as const;
type Signal = (typeof SIGNALS)[number];

/** What the samples themselves showed of the metrics. */
export interface Seen {
  /** Bucket bounds that all pods have, in seconds. */
  bounds: readonly number[];
  /** Pods have other bounds too. */
  boundsDiffer: boolean;
  /** Values of the status label. */
  statuses: Iterable<string>;
  isCode: (status: string) => boolean;
  /** Number of routes. */
  routes: number;
}

/** Which queries answer which signal, what is missing, and how far the rest carries. */
export function foundMetrics(
  request: EvidenceRequest,
  detected: Detected,
  names: readonly string[],
  seen: Seen,
): FoundMetrics {
  const queries: Record<string, string> = {};
  for (const signal of SIGNALS) {
    const metrics = metricsOf(detected, signal);
    const selectors = metrics.map((metric) => metricSelector(metric, request.namespace, names.slice(0, 20)));
    if (selectors.length > 0) queries[signal] = selectors.join(' / ');
  }
  const asked = SIGNALS.filter((signal) => signal !== 'exceptions');
  const blind = detected.latency !== undefined && seen.boundsDiffer && seen.bounds.length === 0;
  const missing = asked.filter((signal) => queries[signal] === undefined || (signal === 'latency' && blind));
  const limits = limitsOf(detected, seen);
  return {
    source: request.source,
    ...(detected.preset === undefined ? {} : { preset: detected.preset }),
    queries,
    missing,
    ...(limits.length === 0 ? {} : { limits }),
  };
}

function metricsOf(detected: Detected, signal: Signal): Metric[] {
  const { requests, latency, mean } = detected;
  if (signal === 'errors') return requests?.statusLabel === undefined ? [] : [requests];
  if (signal === 'latency' && latency === undefined && mean !== undefined) return [mean.sum, mean.count];
  const metric = detected[signal];
  return metric === undefined ? [] : [metric];
}

function limitsOf(detected: Detected, seen: Seen): string[] {
  const { requests } = detected;
  if (requests === undefined) return [];
  const limits = [errorLimit(detected, requests), groupLimit(requests, seen), latencyLimit(detected, requests)];
  const more = [mixedLimit(detected, requests), boundsLimit(detected, seen), routeLimit(requests, seen)];
  return [...limits, ...more].filter((text) => text !== undefined);
}

function errorLimit({ preset }: Detected, { metric, statusLabel }: Metric): string | undefined {
  if (statusLabel !== undefined) return undefined;
  const labels = httpPresets.find(({ name }) => name === preset)?.statusLabels ?? [];
  return `errors are not compared: ${metric} has no status label; add ${labels.join(' or ')}`;
}

function groupLimit({ metric }: Metric, { statuses, isCode }: Seen): string | undefined {
  const split = [...statuses].filter((status) => isSplitGroup(status, isCode)).toSorted();
  if (split.length === 0) return undefined;
  const groups = split.map((group) => `${group[0] ?? ''}..`).join(', ');
  return `errors.codes names single codes, but ${metric} tells only classes of them (${split.join(', ')}), which count as no error; write ${groups} into errors.codes, or export whole codes`;
}

function latencyLimit({ latency, mean }: Detected, requests: Metric): string | undefined {
  if (latency !== undefined) return undefined;
  if (mean === undefined) {
    return `latency is not compared: ${requests.metric} counts requests and nothing times them; export a histogram`;
  }
  return `only the mean of the latency is compared: ${mean.sum.metric} and ${mean.count.metric} come without buckets, and quantiles of single pods cannot be joined; export a histogram`;
}

function routeLimit({ metric, routeLabel }: Metric, { routes }: Seen): string | undefined {
  if (routes <= MOST_ROUTES) return undefined;
  return `errors are not compared route by route: ${routeLabel ?? 'the route'} of ${metric} has more than ${MOST_ROUTES} values; export the template of a route, /cart/:id, and not the path`;
}

/** Latency of failed requests and of ignored routes that cannot be told apart. */
function mixedLimit({ latency, mean }: Detected, requests: Metric): string | undefined {
  const timed = latency ?? mean?.count;
  if (timed === undefined) return undefined;
  const lacking = [
    ...(timed.statusLabel === undefined && requests.statusLabel !== undefined ? ['failed requests'] : []),
    ...(timed.routeLabel === undefined && requests.routeLabel !== undefined ? ['ignored routes'] : []),
  ];
  return lacking.length === 0
    ? undefined
    : `the latency includes ${lacking.join(' and ')}: ${timed.metric} lacks their label`;
}

function boundsLimit({ latency }: Detected, { bounds, boundsDiffer }: Seen): string | undefined {
  if (latency === undefined || !boundsDiffer) return undefined;
  const what = `the pods export ${latency.metric} with different bounds`;
  if (bounds.length === 0) return `latency is not compared: ${what} and have none in common; use the same bounds`;
  return `${what}: latency is compared at the ${bounds.length} that all of them have (${bounds.slice(0, 12).join(', ')} s)`;
}
