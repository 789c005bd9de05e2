import type { Evidence } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';
import type { Present } from './budget.ts';
import { rates } from './count-metric.ts';
import type { GaugeMetric } from './gauge-metric.ts';
import type { GaugeNoise } from './gauge-noise.ts';
import { histogramQuantile } from './histogram.ts';
import { advance } from './judge-sequential.ts';
import { SequentialJudge } from './sequential-judge.ts';

/** What is known of a service when a comparison is planned. */
export interface ServiceProfile {
  scrapeSeconds: number;
  pods: { canary: number; stable: number };
  /** Requests per second of each track. */
  requests: { canary: number; stable: number };
  /** Signals that are enabled and that stable shows. */
  present: Present;
  /** Of stable: error rate, dispersion of errors, lasting spread between its pods. */
  errors: { rate: number; phi: number; spread: number } | null;
  quantiles: QuantileProfile[];
  cpu: { noise: GaugeNoise; cores: number } | null;
  memory: { noise: GaugeNoise } | null;
}

export interface QuantileProfile {
  name: string;
  quantile: number;
  /** Stable's value in seconds; 0 while it is not known. */
  seconds: number;
  noise: GaugeNoise;
  /** Requests that a batch of one pod held when the noise was measured; 0 where it was not. */
  requestsPerBatch: number;
  /** Variance of the ln quantile of a single request's worth of data: of n requests it is that much over n. */
  sampling: number;
}

/** Seconds of the run from which its own traffic is known. */
const leastRunSeconds = 60;

/**
 * The profile of a service: of its past alone where there is no canary yet, with `canaryPods` pods planned for; else from
 * a minute of the run on, by the traffic of the run. null while too little is known.
 */
export function profileOf(evidence: Evidence, spec: AnalysisSpec, canaryPods = 1): ServiceProfile | null {
  const runs = evidence.canary.length > 0;
  // Known before an hour is read for it: it is asked for at every pass until there is an answer.
  if (runs && (evidence.run.scrapes - 1) * evidence.scrapeSeconds < leastRunSeconds) return null;
  const judge = new SequentialJudge(evidence, spec);
  advance(judge, evidence, Infinity);
  const pods = { canary: Math.max(evidence.canary.length, canaryPods), stable: Math.max(1, evidence.stable.length) };
  const requests = requestsOf(judge, pods, runs);
  if (requests === null) return null;
  const { errors, latency, gauges } = judge;
  const cpu = gauges.get('cpu');
  const memory = gauges.get('memory');
  return {
    scrapeSeconds: evidence.scrapeSeconds,
    pods,
    requests,
    present: judge.present,
    errors: errors === null ? null : { rate: errorRate(judge), phi: errors.errors.phi, spread: errors.scatter.spread },
    quantiles: [...(latency?.quantiles ?? [])].map(([name, { quantile, metric }]) => ({
      name,
      quantile,
      ...shapeOf(latency?.bounds ?? [], latency?.stableBuckets ?? [], quantile),
      noise: metric.engine.noise,
      requestsPerBatch: metric.control,
    })),
    cpu: cpu === undefined ? null : { noise: cpu.engine.noise, cores: coresOf(cpu) },
    memory: memory === undefined ? null : { noise: memory.engine.noise },
  };
}

function coresOf(gauge: GaugeMetric): number {
  return gauge.values?.stable ?? 0;
}

/** Of the run where it is long enough; else all of stable's past traffic, split by the number of pods. */
function requestsOf(
  judge: SequentialJudge,
  pods: { canary: number; stable: number },
  runs: boolean,
): ServiceProfile['requests'] | null {
  const { traffic, elapsed, pastPerSecond } = judge;
  const share = pods.canary / (pods.canary + pods.stable);
  const past = pastPerSecond === null ? null : { canary: pastPerSecond * share, stable: pastPerSecond * (1 - share) };
  if (!runs) return past;
  if (elapsed < leastRunSeconds || !traffic.both) return null;
  const run = { canary: traffic.canary / elapsed, stable: traffic.stable / elapsed };
  // A past that was idle says nothing of now, and a slow first minute nothing of the day.
  return past === null || run.canary + run.stable > past.canary + past.stable ? run : past;
}

/** Of the past and the run together: more requests say more. */
function errorRate(judge: SequentialJudge): number {
  const { errors } = judge;
  if (errors === null) return 0;
  const { scatter } = errors;
  if (scatter.exposure > 0) return scatter.events / scatter.exposure;
  return rates(errors.errors.whole)?.stable ?? 0;
}

/** A quantile of stable, and how much chance is in it: q(1-q) over the squared density of ln latency there. */
function shapeOf(
  bounds: readonly number[],
  buckets: readonly number[],
  quantile: number,
): { seconds: number; sampling: number } {
  const at = (q: number): number => histogramQuantile(bounds, buckets, q) ?? 0;
  const step = Math.min(0.1, (1 - quantile) / 2, quantile / 2);
  const [low, seconds, high] = [at(quantile - step), at(quantile), at(quantile + step)];
  if (!(low > 0) || !(high > low)) return { seconds, sampling: quantile * (1 - quantile) };
  const density = (2 * step) / Math.log(high / low);
  return { seconds, sampling: (quantile * (1 - quantile)) / density ** 2 };
}
