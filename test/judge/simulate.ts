import type { Evidence, PodSamples } from '../../src/evidence/evidence.ts';
import { normalCdf, Random } from './random.ts';

/** Bounds of prom-client and most client libraries. */
export const usualBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the new version does worse. */
export interface Harm {
  /** Factor on stable's error rate, and errors added to it. */
  errorFactor?: number;
  errorsAdded?: number;
  /** The added errors carry a class that stable never raises. */
  newClass?: boolean;
  latencyFactor?: number;
  latencyAddedSeconds?: number;
  /** A share of the requests is slower by a factor. */
  tail?: { share: number; factor: number };
  /** A share of the requests takes so many seconds more. */
  hiccup?: { share: number; seconds: number };
  cpuFactor?: number;
  /** CPU seconds more for each request. */
  cpuAddedSeconds?: number;
  memoryFactor?: number;
  /** Growth of memory per minute, as a fraction of the start. */
  leakPerMinute?: number;
  /** Seconds after which it begins. */
  from?: number;
}

export interface Scenario {
  name: string;
  /** Requests per second over all pods. */
  rate: number;
  errorRate?: number;
  stablePods?: number;
  canaryPods?: number;
  minutes?: number;
  historyMinutes?: number;
  scrapeSeconds?: number;
  /** The past was scraped by another source at this pace. */
  historyScrapeSeconds?: number;
  /** Share of the requests on the canary at a time; by default its share of the pods. */
  share?: (seconds: number) => number;
  /** Load over time, 1 = `rate`. */
  load?: (seconds: number) => number;
  /** Lasting difference of the pods, as a standard deviation of the ln latency and CPU. */
  podSpread?: number;
  /** Noise of a pod's latency over time: standard deviation and its time constant. */
  noise?: { sd: number; seconds: number };
  /** Errors come in bursts of this many. */
  burst?: number;
  /** Both tracks: added error rate and latency factor at a time. */
  outage?: (seconds: number) => { errors: number; latency: number };
  /** The first minutes of a canary: factor on latency and CPU at an age. */
  warmup?: (seconds: number) => { latency: number; cpu: number };
  /** Share of scrapes that are missed; pods of either track restart every so often. */
  missed?: number;
  restartSeconds?: number;
  baseline?: boolean;
  /** Now and then one pod is slow and busy for a while (a neighbour, a garbage collector). */
  spikes?: { everySeconds: number; lengthSeconds: number; latency: number; cpu: number };
  /** Lasting difference of the pods' memory, and a sawtooth of garbage collection. */
  memory?: { spread: number; saw: number; sawSeconds: number };
  /** Stable pods that start in the run, after so many seconds. */
  scaledUp?: { pods: number; seconds: number };
  harm?: Harm;
  bounds?: number[];
  /** What the application is like. */
  application?: Application;
  /** The soak; 15 minutes if absent. */
  minDurationSeconds?: number;
}

interface Application {
  /** Medians in seconds of lognormal routes. */
  routes: readonly { share: number; median: number; sigma: number }[];
  idleCores: number;
  cpuPerRequest: number;
  memoryBytes: number;
}

const routes: Application['routes'] = [
  { share: 0.6, median: 0.03, sigma: 0.5 },
  { share: 0.3, median: 0.08, sigma: 0.6 },
  { share: 0.1, median: 0.2, sigma: 0.7 },
];

const usualApplication: Application = { routes, idleCores: 0.02, cpuPerRequest: 0.002, memoryBytes: 2e8 };

interface PodState {
  name: string;
  isNew: boolean;
  isFresh: boolean;
  level: number;
  memoryLevel: number;
  noise: number;
  memoryNoise: number;
  startedAt: number;
  spikeUntil: number;
  sawPhase: number;
  requests: number;
  errors: number;
  newErrors: number;
  buckets: number[];
  cpu: number;
  samples: PodSamples;
}

/** One release of a scenario, as the evidence of it would look. The same seed gives the same release. */
export function simulate(scenario: Scenario, seed: number): Evidence {
  const random = new Random(seed);
  const { scrapeSeconds = 15, minutes = 30, historyMinutes = 60, bounds = usualBounds } = scenario;
  const world: World = { scenario, random, bounds, scrapeSeconds };
  const stable = Array.from({ length: scenario.stablePods ?? 3 }, (_, i) => startPod(world, `stable-${i}`, 'old'));
  const pastSeconds = scenario.historyScrapeSeconds ?? scrapeSeconds;
  const history = (historyMinutes * 60) / pastSeconds;
  const past = new Map<string, PodSamples>();
  for (let slot = 0; slot < history; slot += 1)
    scrapeAll({ ...world, scrapeSeconds: pastSeconds }, { stable, canary: [] }, (slot - history) * pastSeconds);
  for (const pod of stable) {
    past.set(pod.name, pod.samples);
    pod.samples = emptySamples();
  }
  const canary = Array.from({ length: scenario.canaryPods ?? 1 }, (_, i) => startPod(world, `canary-${i}`, 'new'));
  const baseline = scenario.baseline === true ? [startPod(world, 'baseline-0', 'fresh')] : [];
  const scrapes = Math.round((minutes * 60) / scrapeSeconds);
  const control = [...stable, ...baseline];
  for (let slot = 0; slot < scrapes; slot += 1) {
    const time = slot * scrapeSeconds;
    if (
      scenario.scaledUp !== undefined &&
      time >= scenario.scaledUp.seconds &&
      slot > 0 &&
      control.length === stable.length + baseline.length
    ) {
      control.push(...Array.from({ length: scenario.scaledUp.pods }, (_, i) => lateStart(world, `scaled-${i}`, slot)));
    }
    scrapeAll(world, { stable: control, canary }, time);
  }
  return {
    startedAt: 0,
    scrapeSeconds,
    boundsSeconds: bounds,
    canary: canary.map(({ name }) => name),
    stable: control.filter((pod) => !baseline.includes(pod)).map(({ name }) => name),
    ...(baseline.length > 0 ? { baseline: baseline.map(({ name }) => name) } : {}),
    ...(history > 0 ? { history: { scrapes: history, ...ownPace(scenario), pods: Object.fromEntries(past) } } : {}),
    run: { scrapes, pods: Object.fromEntries([...canary, ...control].map((pod) => [pod.name, pod.samples])) },
    found: { source: 'Simulation', queries: {}, missing: [] },
    source: { state: 'Collecting', at: 0 },
  };
}

function ownPace({ historyScrapeSeconds }: Scenario): { scrapeSeconds?: number } {
  return historyScrapeSeconds === undefined ? {} : { scrapeSeconds: historyScrapeSeconds };
}

interface World {
  scenario: Scenario;
  random: Random;
  bounds: number[];
  scrapeSeconds: number;
}

function emptySamples(): PodSamples {
  return { requests: [], errors: [], buckets: [], cpuSeconds: [], memoryBytes: [], errorClasses: {} };
}

function startPod({ scenario, random, bounds }: World, name: string, kind: 'old' | 'new' | 'fresh'): PodState {
  return {
    name,
    isNew: kind === 'new',
    isFresh: kind !== 'old',
    level: Math.exp((scenario.podSpread ?? 0.02) * random.normal()),
    memoryLevel: Math.exp((scenario.memory?.spread ?? 0.02) * random.normal()),
    noise: random.normal(),
    memoryNoise: random.normal(),
    startedAt: kind === 'old' ? -1e6 : 0,
    spikeUntil: -Infinity,
    sawPhase: random.uniform(),
    requests: 0,
    errors: 0,
    newErrors: 0,
    buckets: [...bounds, Infinity].map(() => 0),
    cpu: 0,
    samples: emptySamples(),
  };
}

/** A pod of stable that starts in the run: its earlier scrapes are empty. */
function lateStart(world: World, name: string, slot: number): PodState {
  const pod = { ...startPod(world, name, 'fresh'), startedAt: slot * world.scrapeSeconds };
  const { requests, errors, buckets, cpuSeconds, memoryBytes } = pod.samples;
  for (let i = 0; i < slot; i += 1)
    for (const list of [requests, errors, buckets, cpuSeconds, memoryBytes]) list.push(null);
  return pod;
}

function scrapeAll(world: World, tracks: { stable: PodState[]; canary: PodState[] }, time: number): void {
  const { scenario } = world;
  const pods = tracks.stable.length + tracks.canary.length;
  const share = tracks.canary.length === 0 ? 0 : (scenario.share?.(time) ?? tracks.canary.length / pods);
  const total = scenario.rate * world.scrapeSeconds * (scenario.load?.(time) ?? 1);
  for (const pod of tracks.canary) scrape(world, pod, time, (total * share) / tracks.canary.length);
  for (const pod of tracks.stable) scrape(world, pod, time, (total * (1 - share)) / tracks.stable.length);
}

function scrape(world: World, pod: PodState, time: number, expected: number): void {
  const { scenario, random, scrapeSeconds } = world;
  if (scenario.restartSeconds !== undefined && random.uniform() < scrapeSeconds / scenario.restartSeconds) {
    Object.assign(pod, { requests: 0, errors: 0, newErrors: 0, cpu: 0, startedAt: time, isFresh: true });
    pod.buckets.fill(0);
  }
  const harm = pod.isNew && time >= (scenario.harm?.from ?? 0) ? (scenario.harm ?? {}) : {};
  const outage = scenario.outage?.(time) ?? { errors: 0, latency: 1 };
  const warm = pod.isFresh
    ? (scenario.warmup?.(time - pod.startedAt) ?? { latency: 1, cpu: 1 })
    : { latency: 1, cpu: 1 };
  const noise = scenario.noise ?? { sd: 0.03, seconds: 60 };
  const keep = Math.exp(-scrapeSeconds / noise.seconds);
  pod.noise = keep * pod.noise + Math.sqrt(1 - keep * keep) * random.normal();
  pod.memoryNoise = 0.95 * pod.memoryNoise + Math.sqrt(1 - 0.95 ** 2) * random.normal();
  const requests = random.poisson(expected);
  const base = Math.min(1, (scenario.errorRate ?? 0.001) * (harm.errorFactor ?? 1) + outage.errors);
  const errors = Math.min(requests, bursts(random, requests * base, scenario.burst ?? 1));
  const added = Math.min(requests - errors, random.poisson(requests * (harm.errorsAdded ?? 0)));
  const spike = spikeOf(world, pod, time);
  const factor = spike.latency * pod.level * Math.exp(noise.sd * pod.noise) * outage.latency * warm.latency;
  addLatencies(world, pod, requests - errors - added, factor, harm);
  pod.requests += requests;
  pod.errors += errors + added;
  pod.newErrors += added;
  const { idleCores, cpuPerRequest } = scenario.application ?? usualApplication;
  const perRequest = cpuPerRequest * (harm.cpuFactor ?? 1) + (harm.cpuAddedSeconds ?? 0);
  const busy = idleCores + perRequest * (requests / scrapeSeconds);
  const cpuNoise = Math.exp(noise.sd * 0.5 * pod.noise + 0.02 * random.normal());
  pod.cpu += spike.cpu * busy * pod.level * cpuNoise * warm.cpu * scrapeSeconds;
  record(world, pod, time, harm);
}

function spikeOf(
  { scenario, random, scrapeSeconds }: World,
  pod: PodState,
  time: number,
): { latency: number; cpu: number } {
  const { spikes } = scenario;
  if (spikes === undefined) return { latency: 1, cpu: 1 };
  if (random.uniform() < scrapeSeconds / spikes.everySeconds) pod.spikeUntil = time + spikes.lengthSeconds;
  return time < pod.spikeUntil ? spikes : { latency: 1, cpu: 1 };
}

function bursts(random: Random, mean: number, size: number): number {
  return size === 1 ? random.poisson(mean) : size * random.poisson(mean / size);
}

function addLatencies(
  { random, bounds, scenario }: World,
  pod: PodState,
  requests: number,
  factor: number,
  harm: Harm,
): void {
  const slowdown = factor * (harm.latencyFactor ?? 1);
  const { routes: served } = scenario.application ?? usualApplication;
  const tail = harm.tail ?? { share: 0, factor: 1 };
  const hiccup = harm.hiccup ?? { share: 0, seconds: 0 };
  let below = 0;
  for (let i = 0; i <= bounds.length; i += 1) {
    const bound = bounds[i];
    let upTo = 1;
    if (bound !== undefined) {
      const plain = bound - (harm.latencyAddedSeconds ?? 0);
      upTo =
        (1 - tail.share - hiccup.share) * shareBelow(served, plain, slowdown) +
        tail.share * shareBelow(served, plain, slowdown * tail.factor) +
        hiccup.share * shareBelow(served, plain - hiccup.seconds, slowdown);
    }
    pod.buckets[i] = (pod.buckets[i] ?? 0) + random.poisson(requests * Math.max(0, upTo - below));
    below = Math.max(below, upTo);
  }
}

function shareBelow(served: Application['routes'], bound: number, factor: number): number {
  if (bound <= 0) return 0;
  let share = 0;
  for (const route of served) {
    share += route.share * normalCdf(Math.log(bound / (route.median * factor)) / route.sigma);
  }
  return share;
}

function record({ scenario, random }: World, pod: PodState, time: number, harm: Harm): void {
  const age = time - pod.startedAt;
  const { samples } = pod;
  const heap = (1 - 0.15 * Math.exp(-Math.max(0, age) / 240)) * (harm.memoryFactor ?? 1);
  const leak = 1 + ((harm.leakPerMinute ?? 0) * Math.max(0, time - (harm.from ?? 0))) / 60;
  const saw = scenario.memory ?? { saw: 0, sawSeconds: 1 };
  const sawtooth = 1 + saw.saw * ((time / saw.sawSeconds + 1000 + pod.sawPhase) % 1);
  const { memoryBytes } = scenario.application ?? usualApplication;
  const memory = memoryBytes * pod.memoryLevel * heap * leak * sawtooth * Math.exp(0.01 * pod.memoryNoise);
  const isMissed = random.uniform() < (scenario.missed ?? 0);
  let sum = 0;
  const cumulative = pod.buckets.map((count) => (sum += count));
  samples.requests.push(isMissed ? null : pod.requests);
  samples.errors.push(isMissed ? null : pod.errors);
  samples.buckets.push(isMissed ? null : cumulative);
  samples.cpuSeconds.push(isMissed ? null : pod.cpu);
  samples.memoryBytes.push(isMissed ? null : memory);
  if (scenario.harm?.newClass !== true && scenario.burst === undefined) return;
  samples.errorClasses['500'] ??= [];
  samples.errorClasses['500'].push(isMissed ? null : pod.errors - pod.newErrors);
  samples.errorClasses['502'] ??= [];
  samples.errorClasses['502'].push(isMissed ? null : pod.newErrors);
}
