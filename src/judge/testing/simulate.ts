import type { Evidence, PodSamples } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';

/** What one track does. */
export interface Behaviour {
  requestsPerSecond: number;
  /** Share of requests that fail, by class. */
  errors: Record<string, number>;
  /** Median of successful requests in seconds (lognormal, sigma 0.5). */
  medianSeconds: number;
  /** A share of requests that is this many seconds slower. */
  slow?: { share: number; seconds: number };
  cpuPerRequest: number;
  memoryBytes: number;
  /** Bytes that leak every second. */
  leak?: number;
}

export interface Scene {
  seconds: number;
  scrapeSeconds: number;
  stablePods: number;
  stable: Behaviour;
  canary: Behaviour;
  /** Standard deviation of the slow wandering of each pod's latency and CPU, as a share. */
  noise: number;
  seed: number;
}

export const healthy: Behaviour = {
  requestsPerSecond: 10,
  errors: { 500: 0.002 },
  medianSeconds: 0.06,
  cpuPerRequest: 0.01,
  memoryBytes: 120e6,
};

export const START = 1_750_000_000_000;
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const defaultSpec: AnalysisSpec = {
  minDurationSeconds: 900,
  warmupSeconds: 60,
  falseRollbackRate: 0.01,
  errors: { enabled: true, tolerance: 0.25, newClasses: true },
  latency: {
    enabled: true,
    quantiles: [0.5, 0.95],
    tolerance: 0.2,
    absoluteToleranceSeconds: 0.01,
    slowThresholdSeconds: null,
  },
  cpu: { enabled: true, tolerance: 0.2 },
  memory: { enabled: true, tolerance: 0.2 },
};

/** Evidence of a made-up release; the same scene gives the same evidence. */
export function simulate(changes: Partial<Scene>): Evidence {
  const scene: Scene = {
    seconds: 1200,
    scrapeSeconds: 5,
    stablePods: 3,
    stable: healthy,
    canary: healthy,
    noise: 0.05,
    seed: 1,
    ...changes,
  };
  const random = generator(scene.seed);
  const scrapes = Math.floor(scene.seconds / scene.scrapeSeconds);
  const stable = Array.from({ length: scene.stablePods }, (_, i) => `stable-${i}`);
  const pods = [
    ...stable.map((name) => [name, podOf(scene, scene.stable, scrapes, random, 1000)] as const),
    ['canary-0', podOf(scene, scene.canary, scrapes, random, 0)] as const,
  ];
  return {
    startedAt: START,
    scrapeSeconds: scene.scrapeSeconds,
    boundsSeconds: BOUNDS,
    canary: ['canary-0'],
    stable,
    run: { scrapes, pods: Object.fromEntries(pods) },
    found: {
      source: 'default',
      preset: 'prom-http',
      queries: { errors: 'e', latency: 'l', cpu: 'c', memory: 'm' },
      missing: [],
    },
    source: { state: 'Collecting', at: START + scene.seconds * 1000 },
  };
}

function podOf(scene: Scene, behaviour: Behaviour, scrapes: number, random: () => number, before: number): PodSamples {
  const pod: PodSamples = { requests: [], errors: [], buckets: [], cpuSeconds: [], memoryBytes: [], errorClasses: {} };
  const counts = { requests: before, errors: 0, cpu: before / 100 };
  const buckets = [...BOUNDS, 0].map(() => before);
  const classes = Object.entries(behaviour.errors).map(([name, rate]) => ({
    name,
    rate,
    count: 0,
    values: [] as number[],
  }));
  let wander = 0;
  for (let slot = 0; slot < scrapes; slot++) {
    wander = 0.95 * wander + scene.noise * 0.31 * normal(random);
    const factor = Math.exp(wander);
    const requests = poisson(behaviour.requestsPerSecond * scene.scrapeSeconds, random);
    for (let i = 0; i < requests; i++) serve(behaviour, factor, random, counts, buckets, classes);
    counts.cpu += (requests * behaviour.cpuPerRequest + 0.02 * scene.scrapeSeconds) * factor;
    pod.requests.push(counts.requests);
    pod.errors.push(counts.errors);
    pod.buckets.push([...buckets]);
    pod.cpuSeconds.push(counts.cpu);
    pod.memoryBytes.push(
      behaviour.memoryBytes * (1 + 0.1 * random()) + (behaviour.leak ?? 0) * slot * scene.scrapeSeconds,
    );
    for (const one of classes) one.values.push(one.count);
  }
  const seen = classes.filter(({ count }) => count > 0);
  return { ...pod, errorClasses: Object.fromEntries(seen.map(({ name, values }) => [name, values])) };
}

function serve(
  behaviour: Behaviour,
  factor: number,
  random: () => number,
  counts: { requests: number; errors: number },
  buckets: number[],
  classes: { rate: number; count: number }[],
): void {
  counts.requests += 1;
  let draw = random();
  for (const one of classes) {
    if (draw >= 0 && draw < one.rate) {
      one.count += 1;
      counts.errors += 1;
      return;
    }
    draw -= one.rate;
  }
  const { slow } = behaviour;
  const more = slow !== undefined && random() < slow.share ? slow.seconds : 0;
  const seconds = behaviour.medianSeconds * factor * Math.exp(0.5 * normal(random)) + more;
  for (const [i] of buckets.entries())
    if (seconds <= (BOUNDS[i] ?? Number.POSITIVE_INFINITY)) buckets[i] = (buckets[i] ?? 0) + 1;
}

/** Numbers in [0, 1) from a seed (a linear congruential generator of 2^32, mixed). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x7fe_b352) >>> 0;
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function poisson(mean: number, random: () => number): number {
  let left = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > left || count < 0; product *= random()) {
    count += 1;
    if (count > 10_000) left = 1;
  }
  return Math.max(0, count);
}
