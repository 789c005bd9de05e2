import type { Detected, Metric } from './detect.ts';
import { metricSelector } from './detect.ts';
import type { Evidence, FoundMetrics, PodSamples, PodWindow, SourceState } from './evidence.ts';
import { type BucketPoint, type CountPoint, jobOf, type Points, type ValuePoint } from './points.ts';
import { allPods, type EvidenceRequest } from './request.ts';
import { type Grid, lastPerSlot, pickTarget, spacing, sumContainers } from './series.ts';

/** All samples of a release. */
export interface Samples {
  counts: Points<CountPoint>;
  /** Times at which targets were scraped. */
  scrapes: Points<CountPoint>;
  buckets: Points<BucketPoint>;
  cpu: Points<ValuePoint>;
  memory: Points<ValuePoint>;
}

export function noSamples(): Samples {
  return { counts: new Map(), scrapes: new Map(), buckets: new Map(), cpu: new Map(), memory: new Map() };
}

const MAX_CLASSES = 100;

/**
 * The evidence that a set of samples is. The same samples give the same evidence, in whatever order and pieces they
 * arrived.
 *
 * @param until milliseconds: only slots that ended by then exist, all that was measured of them has been asked for
 */
export function buildEvidence(
  request: EvidenceRequest,
  samples: Samples,
  detected: Detected,
  until: number,
  source: SourceState,
): Evidence {
  const names = [...new Set(allPods(request).map(({ name }) => name))].toSorted();
  const counts = countSeries(names, request, samples);
  const scrapeSeconds = request.scrapeSeconds ?? spacing([...counts.values()].map((points) => points.keys()));
  const slotMs = scrapeSeconds * 1000;
  const bounds = sharedBounds(names, samples.buckets);
  const reader: Reader = { samples, detected, counts, bounds };
  const slots = Math.max(0, Math.floor((until - request.startedAt) / slotMs));
  const past = pastSlots(request, counts, slotMs);
  const stable = podNames(request.stablePods);
  const history = windowOf(reader, stable, { origin: request.startedAt - past * slotMs, slotMs, slots: past });
  const baseline = podNames(request.baselinePods ?? []);
  return {
    startedAt: request.startedAt,
    scrapeSeconds,
    boundsSeconds: bounds,
    canary: podNames(request.canaryPods),
    stable,
    ...(baseline.length > 0 ? { baseline } : {}),
    ...(isEmpty(history) ? {} : { history }),
    run: windowOf(reader, names, { origin: request.startedAt, slotMs, slots }),
    found: foundMetrics(request, detected, names),
    source,
  };
}

/** Slots of history, as far back as there are samples. */
function pastSlots(request: EvidenceRequest, counts: Map<string, Map<number, CountPoint>>, slotMs: number): number {
  const oldest = request.stablePods.map(({ name }) => earliest(counts.get(name)?.keys() ?? []));
  const known = Math.ceil((request.startedAt - Math.min(...oldest)) / slotMs);
  return Math.max(0, Math.min(Math.floor((request.historySeconds * 1000) / slotMs), known));
}

function podNames(pods: readonly { name: string }[]): string[] {
  return pods.map(({ name }) => name).toSorted();
}

interface Reader {
  samples: Samples;
  detected: Detected;
  /** The counts of the chosen target of each pod. */
  counts: Map<string, Map<number, CountPoint>>;
  bounds: number[];
}

/**
 * The counts of each pod, with zeros for scrapes before the first series appeared. Only endpoints of the jobs that serve
 * the metric elsewhere say that there was nothing to see.
 */
function countSeries(
  names: readonly string[],
  request: EvidenceRequest,
  { counts, scrapes }: Samples,
): Map<string, Map<number, CountPoint>> {
  const chosen = new Map(names.map((name) => [name, pickTarget(counts.get(name))]));
  const stable = request.stablePods.map(({ name }) => chosen.get(name));
  const jobs = new Set(stable.filter((target) => target !== undefined).map(jobOf));
  const series = new Map<string, Map<number, CountPoint>>();
  for (const [name, target] of chosen) {
    const silent = [...(scrapes.get(name)?.keys() ?? [])].filter((other) => jobs.has(jobOf(other))).toSorted()[0];
    const key = target ?? silent;
    if (key === undefined) continue;
    const real = counts.get(name)?.get(key);
    series.set(name, withZeros(real, scrapes.get(name)?.get(key)));
  }
  return series;
}

/** The points, and before the first of them the points of `silent`. */
function withZeros<P>(
  points: ReadonlyMap<number, P> | undefined,
  silent: ReadonlyMap<number, P> | undefined,
): Map<number, P> {
  const first = earliest(points?.keys() ?? []);
  const before = [...(silent ?? [])].filter(([time]) => time < first);
  return new Map([...before, ...(points ?? [])]);
}

function earliest(times: Iterable<number>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const time of times) first = Math.min(first, time);
  return first;
}

function sharedBounds(names: readonly string[], buckets: Points<BucketPoint>): number[] {
  let shared: Set<number> | undefined;
  for (const name of names) {
    const target = pickTarget(buckets.get(name));
    const points = target === undefined ? undefined : buckets.get(name)?.get(target);
    for (const { bounds, counts } of points?.values() ?? []) {
      if (counts.length === 0) continue;
      if (shared === undefined) shared = new Set(bounds);
      else if (!sameBounds(shared, bounds)) shared = new Set(bounds.filter((bound) => shared?.has(bound)));
    }
  }
  return [...(shared ?? [])].toSorted((a, b) => a - b);
}

function sameBounds(shared: ReadonlySet<number>, bounds: readonly number[]): boolean {
  return shared.size === bounds.length && bounds.every((bound) => shared.has(bound));
}

function windowOf(reader: Reader, names: readonly string[], grid: Grid): PodWindow {
  const pods = names.map((name): [string, PodSamples] => [name, podSamples(reader, name, grid)]);
  return { scrapes: grid.slots, pods: Object.fromEntries(pods.filter(([, pod]) => !isEmptyPod(pod))) };
}

function podSamples(reader: Reader, name: string, grid: Grid): PodSamples {
  const { samples, detected, counts } = reader;
  const points = lastPerSlot(counts.get(name) ?? [], grid);
  const labelled = detected.requests?.statusLabel !== undefined;
  return {
    requests: points.map((point) => point?.requests ?? null),
    errors: points.map((point) => (labelled ? (point?.errors ?? null) : null)),
    buckets: bucketSlots(reader, name, grid),
    cpuSeconds: valueSlots(detected.cpu, samples.cpu, name, grid, 'counter'),
    memoryBytes: valueSlots(detected.memory, samples.memory, name, grid, 'gauge'),
    errorClasses: errorClasses(points),
  };
}

function errorClasses(points: readonly (CountPoint | null)[]): Record<string, (number | null)[]> {
  const names = new Set(points.flatMap((point) => [...(point?.classes.keys() ?? [])]));
  const kept = [...names].toSorted().slice(0, MAX_CLASSES);
  return Object.fromEntries(
    kept.map((name) => [name, points.map((point) => (point === null ? null : (point.classes.get(name) ?? 0)))]),
  );
}

function bucketSlots({ samples, detected, counts, bounds }: Reader, name: string, grid: Grid): (number[] | null)[] {
  const target = pickTarget(samples.buckets.get(name));
  const points = target === undefined ? undefined : samples.buckets.get(name)?.get(target);
  const zeros = Array.from({ length: bounds.length + 1 }, () => 0);
  const project = (point: BucketPoint): number[] => {
    if (point.counts.length === 0) return zeros;
    const at = (bound: number): number => point.counts[point.bounds.indexOf(bound)] ?? 0;
    return [...bounds.map(at), point.counts.at(-1) ?? 0];
  };
  const silent = new Map([...(counts.get(name)?.keys() ?? [])].map((time) => [time, ZERO_BUCKETS]));
  const known = detected.latency !== undefined && bounds.length > 0;
  const filled = known ? withZeros(points, silent) : [];
  return lastPerSlot(filled, grid).map((point) => (point === null ? null : project(point)));
}

const ZERO_BUCKETS: BucketPoint = { series: 0, bounds: [], counts: [] };

function valueSlots(
  metric: Metric | undefined,
  points: Points<ValuePoint>,
  name: string,
  grid: Grid,
  kind: 'counter' | 'gauge',
): (number | null)[] {
  const targets = points.get(name);
  if (metric?.perContainer === true) return sumContainers(targets, grid, kind);
  const target = pickTarget(targets);
  const chosen = target === undefined ? undefined : targets?.get(target);
  return lastPerSlot(chosen ?? [], grid).map((point) => point?.value ?? null);
}

function isEmptyPod(pod: PodSamples): boolean {
  const series: (readonly unknown[])[] = [pod.requests, pod.buckets, pod.cpuSeconds, pod.memoryBytes];
  return series.every((values) => values.every((value) => value === null));
}

function isEmpty(window: PodWindow): boolean {
  return Object.keys(window.pods).length === 0;
}

const SIGNALS = ['requests', 'errors', 'latency', 'cpu', 'memory'] as const;

function foundMetrics(request: EvidenceRequest, detected: Detected, names: readonly string[]): FoundMetrics {
  const queries: Record<string, string> = {};
  for (const signal of SIGNALS) {
    const metric = metricOf(detected, signal);
    if (metric !== undefined) queries[signal] = metricSelector(metric, request.namespace, names.slice(0, 20));
  }
  const missing = SIGNALS.filter((signal) => queries[signal] === undefined);
  return {
    source: request.source,
    ...(detected.preset === undefined ? {} : { preset: detected.preset }),
    queries,
    missing,
  };
}

function metricOf(detected: Detected, signal: (typeof SIGNALS)[number]): Metric | undefined {
  if (signal !== 'errors') return detected[signal];
  return detected.requests?.statusLabel === undefined ? undefined : detected.requests;
}
