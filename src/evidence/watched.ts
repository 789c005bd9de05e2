import type { SourceError } from './answer.ts';
import { buildEvidence, noSamples, type Samples } from './build.ts';
import { askCustom, customQueryText } from './custom/ask.ts';
import { type CustomReadings, customSamples } from './custom/readings.ts';
import type { Detected } from './detect.ts';
import type { Evidence } from './evidence.ts';
import { type Arrivals, frontierOf } from './frontier.ts';
import type { Metric } from './metric.ts';
import { metricKey, type Want } from './plan.ts';
import type { PrometheusApi } from './prometheus/client.ts';
import { allPods, type EvidenceRequest } from './request.ts';
import { isServed, sourceState } from './state.ts';

/** A release that is watched, with all that was collected of it. */
export interface Watched {
  key: string;
  request: EvidenceRequest;
  api: Pick<PrometheusApi, 'name'>;
  isError: (status: string) => boolean;
  samples: Samples;
  /** Values of the status label that were seen. */
  statuses: Set<string>;
  detected: Detected | undefined;
  /** When it was last looked for metrics, milliseconds. */
  detectedAt: number;
  /** By metric: all samples up to then were read, by their own times. */
  readAt: Map<string, number>;
  /** By metric: when its newest samples were taken. */
  arrivals: Map<string, Arrivals>;
  /** All metrics were read up to here; undefined before the first complete round. */
  until: number | undefined;
  failure: { since: number; at: number; error: SourceError } | undefined;
  /** Grows when older samples are wanted than before: what a round under way has read is then not all. */
  generation: number;
  /** The generation that was read completely. */
  readGeneration: number;
  scrapeSeconds: number;
  cache: Evidence | undefined;
  /** The user's own metrics. */
  custom: readonly CustomReadings[];
}

/** cAdvisor's samples carry times of their own and arrive late. */
const LATE_MS = 60_000;
const REDETECT_MS = 60_000;
const RETRY_MS = 10_000;

export function startWatching(
  key: string,
  request: EvidenceRequest,
  api: Pick<PrometheusApi, 'name'>,
  isError: (status: string) => boolean,
  custom: readonly CustomReadings[] = [],
): Watched {
  return {
    key,
    request,
    api,
    isError,
    samples: noSamples(),
    statuses: new Set(),
    detected: undefined,
    detectedAt: Number.NEGATIVE_INFINITY,
    readAt: new Map(),
    arrivals: new Map(),
    until: undefined,
    failure: undefined,
    generation: 0,
    readGeneration: 0,
    scrapeSeconds: 15,
    cache: undefined,
    custom,
  };
}

/** Takes over a request that differs in its pods alone; false when it differs in more and must start anew. */
export function adopt(watched: Watched, request: EvidenceRequest): boolean {
  if (identity(watched.request) !== identity(request)) return false;
  const known = new Set(allPods(watched.request).map(({ name }) => name));
  const added = allPods(request).filter(({ name }) => !known.has(name));
  if (added.length > 0) readAgainFrom(watched, Math.min(...added.map(({ startedAt }) => startedAt)) - LATE_MS);
  if (JSON.stringify(watched.request) !== JSON.stringify(request)) watched.cache = undefined;
  watched.request = request;
  return true;
}

function identity(request: EvidenceRequest): string {
  const { namespace, source, preset, startedAt, errorCodes, ignoreRoutes, historySeconds, custom } = request;
  return JSON.stringify([namespace, source, preset, startedAt, errorCodes, ignoreRoutes, historySeconds, custom]);
}

function readAgainFrom(watched: Watched, time: number): void {
  watched.generation += 1;
  for (const [metric, at] of watched.readAt) watched.readAt.set(metric, Math.min(at, time));
}

/** Not asked again before half a scrape has passed, unless there is something to catch up. */
export function isDue(watched: Watched, now: number): boolean {
  const { until, failure, generation, readGeneration, scrapeSeconds } = watched;
  if (until === undefined || failure !== undefined || generation !== readGeneration) return true;
  return now - until >= scrapeSeconds * 500;
}

/** Notes that an answer was complete: what is missing of the last minutes may arrive late and is asked for again. */
export function noteRead({ request, arrivals, scrapeSeconds, readAt }: Watched, metric: Metric, now: number): void {
  const id = metricKey(metric);
  const maxGap = 1.5 * (metric.perContainer ? LATE_MS : scrapeSeconds * 1000);
  readAt.set(id, frontierOf(arrivals.get(id) ?? new Map(), allPods(request), now, maxGap));
}

/** Looked for at the start, again while a track shows nothing, and now and then while a signal is absent. */
export function needsDetection(watched: Watched, now: number): boolean {
  const { detected, detectedAt } = watched;
  if (detected === undefined) return true;
  if (detected.requests === undefined) return now - detectedAt >= RETRY_MS;
  if (now - detectedAt < REDETECT_MS) return false;
  if (evidenceOf(watched).source.state === 'NoData' || !isServed(evidenceOf(watched))) return true;
  const { latency, mean, cpu, memory } = detected;
  return [latency ?? mean, cpu, memory].includes(undefined) && now - detectedAt >= 5 * REDETECT_MS;
}

/**
 * Takes what was found. A signal that is gone for a moment is kept; one that is new is read from the start; where one has
 * become another metric everything is.
 */
export function setDetected(watched: Watched, detected: Detected, now: number): void {
  const before = signals(watched.detected ?? {});
  const after = signals(detected);
  const changed = names.some((name) => before[name] && after[name] && !same(before[name], after[name]));
  if (changed) {
    watched.samples = noSamples();
    watched.statuses.clear();
    watched.readAt.clear();
    watched.arrivals.clear();
  }
  const { elsewhere, ...found } = detected;
  watched.detected = { ...watched.detected, ...found, ...(elsewhere === undefined ? {} : { elsewhere }) };
  if (elsewhere === undefined) delete watched.detected.elsewhere;
  watched.detectedAt = now;
  watched.cache = undefined;
}

const names = ['requests', 'latency', 'mean', 'cpu', 'memory'] as const;

function signals({
  requests,
  latency,
  mean,
  cpu,
  memory,
}: Detected): Record<(typeof names)[number], object | undefined> {
  return { requests, latency, mean, cpu, memory };
}

function same(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What is to be read now: each metric once, with an overlap for what arrived late. */
export function wantsOf(watched: Watched): Want[] {
  const { request, key, readAt, scrapeSeconds } = watched;
  const horizon = horizonOf(request);
  const pods = [...new Set(allPods(request).map(({ name }) => name))];
  const metrics = new Map(metricsOf(watched.detected).map((metric) => [metricKey(metric), metric]));
  return [...metrics].map(([id, metric]) => {
    const overlap = metric.perContainer ? LATE_MS : 2000 * scrapeSeconds;
    const from = Math.max(horizon, (readAt.get(id) ?? horizon) - overlap);
    return { key, metric, namespace: request.namespace, pods, from };
  });
}

/** Milliseconds: older samples are none of the release. */
export function horizonOf(request: EvidenceRequest): number {
  return request.startedAt - request.historySeconds * 1000;
}

/** What is to be read, `up` included; one metric may stand for several signals. */
export function metricsOf(detected: Detected | undefined): Metric[] {
  const { requests, latency, mean, exceptions, cpu, memory } = detected ?? {};
  const up = requests === undefined ? undefined : upOf(requests);
  const timed = latency === undefined ? [mean?.sum, mean?.count] : [latency];
  return [requests, ...timed, up, exceptions, cpu, memory].filter((metric) => metric !== undefined);
}

function upOf({ pods }: Metric): Metric {
  return { metric: 'up', pods, matchers: [], secondsPerUnit: 1, perContainer: false };
}

/** Asks what is open of the user's own metrics. Returns whether there is news. */
export async function askCustomOf(source: PrometheusApi, watched: Watched, now: number): Promise<boolean> {
  const { request, custom, detected, until, scrapeSeconds } = watched;
  // Before the first complete round neither the labels nor the spacing of the scrapes are known.
  if (until === undefined) return false;
  const labels = detected?.requests?.pods;
  const { asked, answered } = await askCustom(
    source,
    { request, readings: custom, labels, slotMs: scrapeSeconds * 1000 },
    now,
  );
  // Most rounds are between two slots: what was built of all samples still holds.
  if (asked) watched.cache = undefined;
  return answered;
}

/** Ends a round: all was answered, or what failed. */
export function endRound(watched: Watched, now: number, error: SourceError | undefined): void {
  watched.cache = undefined;
  if (error === undefined) {
    watched.failure = undefined;
    // A clock that is set back takes no slot away.
    watched.until = Math.max(now, watched.until ?? now);
    watched.scrapeSeconds = evidenceOf(watched).scrapeSeconds;
    return;
  }
  watched.failure = { since: watched.failure?.since ?? now, at: now, error };
}

/** The evidence as it stands. */
export function evidenceOf(watched: Watched): Evidence {
  if (watched.cache !== undefined) return watched.cache;
  const { request, samples, until, detected } = watched;
  const at = until ?? request.startedAt;
  const seen = { statuses: watched.statuses, isCode: watched.isError };
  const evidence = buildEvidence(request, samples, detected ?? {}, at, { state: 'Collecting', at }, seen);
  evidence.source = sourceState({
    request,
    detected,
    failure: watched.failure,
    asked: until !== undefined,
    evidence,
    at,
  });
  addCustom(watched, evidence);
  watched.cache = evidence;
  return evidence;
}

function addCustom({ custom, request, detected }: Watched, evidence: Evidence): void {
  if (custom.length === 0) return;
  const grid = { origin: evidence.startedAt, slotMs: evidence.scrapeSeconds * 1000, slots: evidence.run.scrapes };
  evidence.custom = Object.fromEntries(custom.map((readings) => [readings.name, customSamples(readings, grid)]));
  for (const readings of custom)
    evidence.found.queries[`custom-${readings.name}`] = customQueryText(readings, request, detected?.requests?.pods);
}
