import { boundsOf } from './codecs.ts';
import type { Detected } from './detect.ts';
import type { Evidence, PodSamples, PodWindow, SourceState } from './evidence.ts';
import { foundMetrics, type Seen } from './found.ts';
import type { NativePoint } from './native.ts';
import { createNativeReading, type NativeReading } from './native-reading.ts';
import { type BuiltPast, pastWindow } from './past.ts';
import { earliest, podSamples, type Reader, withZeros } from './pod-samples.ts';
import {
  type BucketPoint,
  type CountPoint,
  jobOf,
  type KeptPoints,
  type Points,
  type RouteNumbers,
  sameBounds,
  type ValuePoint,
  ZERO_COUNT,
} from './points.ts';
import { allPods, type EvidenceRequest } from './request.ts';
import { chooseRoutes } from './routes.ts';
import { type Grid, pickTarget, spacing } from './series.ts';

/** All samples of a release. */
export interface Samples {
  counts: KeptPoints<CountPoint>;
  routes: RouteNumbers;
  /** Times at which targets were scraped. */
  scrapes: KeptPoints<CountPoint>;
  buckets: KeptPoints<BucketPoint>;
  native: Points<NativePoint>;
  nativeReading: NativeReading;
  /** Durations, and how many, where there is no histogram. */
  durations: KeptPoints<ValuePoint>;
  timed: KeptPoints<ValuePoint>;
  exceptions: KeptPoints<CountPoint>;
  cpu: KeptPoints<ValuePoint>;
  memory: KeptPoints<ValuePoint>;
  /** Grows when samples from before the run arrive. */
  revised: number;
  past: BuiltPast | undefined;
}

export function noSamples(): Samples {
  return {
    counts: new Map(),
    routes: new Map(),
    scrapes: new Map(),
    buckets: new Map(),
    native: new Map(),
    nativeReading: createNativeReading(),
    durations: new Map(),
    timed: new Map(),
    exceptions: new Map(),
    cpu: new Map(),
    memory: new Map(),
    revised: 0,
    past: undefined,
  };
}

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
  seen: Pick<Seen, 'statuses' | 'isCode'>,
): Evidence {
  const names = [...new Set(allPods(request).map(({ name }) => name))].toSorted();
  const { counts, targets } = countSeries(names, request, samples);
  const scrapeSeconds = request.scrapeSeconds ?? spacing([...counts.values()].map((points) => points.keys()));
  const slotMs = scrapeSeconds * 1000;
  const { native, nativeReading } = samples;
  const buckets =
    native.size > 0 ? nativeReading.classic(native, detected.latency?.secondsPerUnit ?? 1) : samples.buckets;
  const { bounds, differ } = sharedBounds(names, buckets);
  const routes = chooseRoutes(request, counts, samples.routes);
  const reader: Reader = { samples, detected, counts, targets, buckets, bounds, routes };
  const slots = Math.max(0, Math.floor((until - request.startedAt) / slotMs));
  const past = pastSlots(request, counts, slotMs);
  const stable = podNames(request.stablePods);
  const pastGrid = { origin: request.startedAt - past * slotMs, slotMs, slots: past };
  const history = pastWindow(reader, stable, pastGrid, () => windowOf(reader, stable, pastGrid));
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
    found: foundMetrics(request, detected, names, {
      ...seen,
      bounds,
      boundsDiffer: differ,
      routes: samples.routes.size,
    }),
    source,
  };
}

/** Slots of history, as far back as there are samples. */
function pastSlots(request: EvidenceRequest, counts: Reader['counts'], slotMs: number): number {
  const oldest = request.stablePods.map(({ name }) => earliest(counts.get(name)?.keys() ?? []));
  const known = Math.ceil((request.startedAt - Math.min(...oldest)) / slotMs);
  return Math.max(0, Math.min(Math.floor((request.historySeconds * 1000) / slotMs), known));
}

function podNames(pods: readonly { name: string }[]): string[] {
  return pods.map(({ name }) => name).toSorted();
}

/**
 * The chosen target of each pod and its counts, with zeros for scrapes before the first series appeared. Only endpoints
 * of the jobs that serve the metric elsewhere say that there was nothing to see.
 */
function countSeries(
  names: readonly string[],
  request: EvidenceRequest,
  { counts, scrapes }: Samples,
): Pick<Reader, 'counts' | 'targets'> {
  const chosen = new Map(names.map((name) => [name, pickTarget(counts.get(name))]));
  const stable = request.stablePods.map(({ name }) => chosen.get(name));
  const jobs = new Set(stable.filter((target) => target !== undefined).map(jobOf));
  const series: Reader['counts'] = new Map();
  const targets: Reader['targets'] = new Map();
  for (const [name, target] of chosen) {
    const silent = [...(scrapes.get(name)?.keys() ?? [])].filter((other) => jobs.has(jobOf(other))).toSorted()[0];
    const key = target ?? silent;
    if (key === undefined) continue;
    const real = counts.get(name)?.get(key);
    targets.set(name, key);
    series.set(name, withZeros(real, scrapes.get(name)?.get(key)?.keys() ?? [], ZERO_COUNT));
  }
  return { counts: series, targets };
}

/** What all points have in common, and whether some have more. */
function sharedBounds(
  names: readonly string[],
  buckets: KeptPoints<BucketPoint>,
): { bounds: number[]; differ: boolean } {
  let shared: Set<number> | undefined;
  let differ = false;
  let before: readonly number[] = [];
  for (const name of names) {
    const target = pickTarget(buckets.get(name));
    const points = target === undefined ? undefined : buckets.get(name)?.get(target);
    for (const bounds of points === undefined ? [] : boundsOf(points)) {
      shared ??= new Set(bounds);
      if (sameBounds(bounds, before)) continue;
      before = bounds;
      if (hasAll(shared, bounds)) continue;
      differ = true;
      shared = new Set(bounds.filter((bound) => shared?.has(bound)));
    }
  }
  return { bounds: [...(shared ?? [])].toSorted((a, b) => a - b), differ };
}

function hasAll(shared: ReadonlySet<number>, bounds: readonly number[]): boolean {
  return shared.size === bounds.length && bounds.every((bound) => shared.has(bound));
}

function windowOf(reader: Reader, names: readonly string[], grid: Grid): PodWindow {
  const pods = names.map((name): [string, PodSamples] => [name, podSamples(reader, name, grid)]);
  return { scrapes: grid.slots, pods: Object.fromEntries(pods.filter(([, pod]) => !isEmptyPod(pod))) };
}

function isEmptyPod(pod: PodSamples): boolean {
  const series: (readonly unknown[])[] = [pod.requests, pod.buckets, pod.cpuSeconds, pod.memoryBytes];
  return series.every((values) => values.every((value) => value === null));
}

function isEmpty(window: PodWindow): boolean {
  return Object.keys(window.pods).length === 0;
}
