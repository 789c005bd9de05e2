import type { Scenario } from './simulate.ts';

/** Runs in which nothing is wrong with the new version. */
export const healthy: Scenario[] = [
  { name: 'clean 1/s', rate: 1 },
  { name: 'clean 10/s', rate: 10 },
  { name: 'clean 100/s', rate: 100 },
  { name: 'clean 1000/s', rate: 1000 },
  { name: 'no errors at all, 100/s', rate: 100, errorRate: 0 },
  { name: '1 % errors, 10/s', rate: 10, errorRate: 0.01 },
  { name: '1 % errors, 100/s', rate: 100, errorRate: 0.01 },
  { name: 'bursts of 5, 100/s', rate: 100, errorRate: 0.01, burst: 5 },
  { name: 'bursts of 20, 100/s', rate: 100, errorRate: 0.005, burst: 20 },
  { name: 'pods differ 5 %', rate: 100, podSpread: 0.05 },
  { name: 'noise 10 %', rate: 100, noise: { sd: 0.1, seconds: 60 } },
  { name: 'noise 20 %', rate: 100, noise: { sd: 0.2, seconds: 60 } },
  { name: 'noise 20 %, 1000/s', rate: 1000, noise: { sd: 0.2, seconds: 30 } },
  {
    name: 'outage of 3 min on both',
    rate: 100,
    outage: (t) => (t > 400 && t < 580 ? { errors: 0.3, latency: 3 } : { errors: 0, latency: 1 }),
  },
  { name: 'load triples', rate: 50, load: (t) => (t > 600 ? 3 : 1) },
  { name: 'steps 5/20/50 %', rate: 100, share: (t) => (t < 600 ? 0.05 : t < 1200 ? 0.2 : 0.5) },
  { name: 'scrapes missed 15 %', rate: 100, missed: 0.15, errorRate: 0.01 },
  { name: 'pods restart', rate: 100, restartSeconds: 600 },
  { name: 'no history', rate: 100, historyMinutes: 0 },
  { name: 'no history, bursts of 5', rate: 100, historyMinutes: 0, errorRate: 0.01, burst: 5 },
  { name: 'one stable pod', rate: 50, stablePods: 1 },
  { name: 'ten stable pods', rate: 300, stablePods: 10 },
  { name: 'scrape 5 s', rate: 40, scrapeSeconds: 5 },
  { name: 'scrape 30 s', rate: 40, scrapeSeconds: 30 },
  {
    name: 'warm-up of 40 s',
    rate: 100,
    warmup: (age) => (age < 40 ? { latency: 2.5, cpu: 2 } : { latency: 1, cpu: 1 }),
  },
];

const slowStart = (age: number): { latency: number; cpu: number } => {
  const left = Math.max(0, 1 - age / 180);
  return { latency: 1 + left, cpu: 1 + 0.9 * left };
};

/** Healthy too, but harder than any judge with one canary pod can stand. */
export const stress: Scenario[] = [
  { name: 'pods differ 10 %', rate: 100, podSpread: 0.1 },
  { name: 'warm-up of 3 min', rate: 100, warmup: slowStart },
  { name: 'warm-up of 3 min, fresh baseline', rate: 100, warmup: slowStart, baseline: true },
];

/** New versions that are worse. */
export const harmful: Scenario[] = [
  { name: '1 % errors x5, 10/s', rate: 10, errorRate: 0.01, harm: { errorFactor: 5 } },
  { name: '1 % errors x2, 100/s', rate: 100, errorRate: 0.01, harm: { errorFactor: 2 } },
  { name: '0.1 % errors x5, 100/s', rate: 100, harm: { errorFactor: 5 } },
  { name: '0.1 % errors x20, 100/s', rate: 100, harm: { errorFactor: 20 } },
  { name: 'new errors 0.5 %, 100/s', rate: 100, errorRate: 0, harm: { errorsAdded: 0.005 } },
  { name: 'new class 0.5 % on 1 %, 100/s', rate: 100, errorRate: 0.01, harm: { errorsAdded: 0.005, newClass: true } },
  { name: '50 % errors, 1/s', rate: 1, harm: { errorsAdded: 0.5 } },
  { name: 'latency x1.5, 100/s', rate: 100, harm: { latencyFactor: 1.5 } },
  { name: 'latency x1.5, 10/s', rate: 10, harm: { latencyFactor: 1.5 } },
  { name: 'latency x1.5, 1/s', rate: 1, harm: { latencyFactor: 1.5 } },
  { name: 'latency +50 ms, 100/s', rate: 100, harm: { latencyAddedSeconds: 0.05 } },
  { name: 'latency +200 ms, 40/s', rate: 40, harm: { latencyAddedSeconds: 0.2 } },
  { name: 'latency x3, 40/s, scrape 5 s', rate: 40, scrapeSeconds: 5, harm: { latencyFactor: 3 } },
  { name: '2 % of requests x10, 100/s', rate: 100, harm: { tail: { share: 0.02, factor: 10 } } },
  { name: '2 % of requests x10, 1000/s', rate: 1000, harm: { tail: { share: 0.02, factor: 10 } } },
  { name: '5 % of requests x5, 100/s', rate: 100, harm: { tail: { share: 0.05, factor: 5 } } },
  { name: 'CPU x1.3, 100/s', rate: 100, harm: { cpuFactor: 1.42 } },
  { name: 'memory x1.5', rate: 100, harm: { memoryFactor: 1.5 } },
  { name: 'leak 4 % a minute', rate: 100, harm: { leakPerMinute: 0.04 } },
  { name: 'leak 2 % a minute', rate: 100, harm: { leakPerMinute: 0.02 } },
  { name: 'errors x5 after 10 min', rate: 100, errorRate: 0.01, harm: { errorFactor: 5, from: 600 } },
  { name: 'latency x1.5 after 10 min', rate: 100, harm: { latencyFactor: 1.5, from: 600 } },
  { name: 'errors x5 with bursts of 5', rate: 100, errorRate: 0.01, burst: 5, harm: { errorFactor: 5 } },
  { name: 'latency x1.5, noise 20 %', rate: 100, noise: { sd: 0.2, seconds: 60 }, harm: { latencyFactor: 1.5 } },
];
