import type { Harm, Scenario } from './simulate.ts';

/** The application under test on the real cluster: two routes, little CPU, client buckets. */
const application: NonNullable<Scenario['application']> = {
  routes: [
    { share: 0.75, median: 0.006, sigma: 0.25 },
    { share: 0.25, median: 0.041, sigma: 0.25 },
  ],
  idleCores: 0.008,
  cpuPerRequest: 0.0008,
  memoryBytes: 6e7,
};

const small = { scrapeSeconds: 5, application, minDurationSeconds: 60, minutes: 15, errorRate: 0 };

const pasts: [string, number][] = [
  ['no history', 0],
  ['3 min of history', 3],
  ['10 min of history', 10],
];

const harms: { name: string; rate: number; errorRate?: number; harm: Harm }[] = [
  { name: '+200 ms', rate: 60, harm: { latencyAddedSeconds: 0.2 } },
  { name: '5 % errors', rate: 60, harm: { errorsAdded: 0.05 } },
  { name: '50 % errors', rate: 60, harm: { errorsAdded: 0.5 } },
  { name: 'CPU +8 ms a request', rate: 60, harm: { cpuAddedSeconds: 0.008 } },
  { name: 'leak 1.5 MB/s', rate: 60, harm: { leakPerMinute: 1.5 } },
  { name: '10 % of requests +500 ms', rate: 100, harm: { hiccup: { share: 0.1, seconds: 0.5 } } },
  { name: '1 % of a new class on 2 %', rate: 100, errorRate: 0.02, harm: { errorsAdded: 0.01, newClass: true } },
];

/** What one sees on a small real cluster, 3 pods of stable and 1 canary: seconds until an answer. */
export const smallCluster: Scenario[] = pasts.flatMap(([past, historyMinutes]) => [
  ...[60, 100].map((rate) => ({ ...small, name: `good ${rate}/s, ${past}`, rate, historyMinutes })),
  { ...small, name: `good 60/s, 0.5 % errors, ${past}`, rate: 60, errorRate: 0.005, historyMinutes },
  ...harms.map((one) => ({ ...small, ...one, name: `${one.name}, ${past}`, historyMinutes })),
]);
