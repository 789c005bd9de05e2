import type { Evidence, PodSamples } from '../../src/evidence/evidence.ts';
import { histogramQuantile } from '../../src/judge/engine/histogram.ts';
import { counterIncrements } from '../../src/judge/engine/increments.ts';

/** Figures of one track, one per minute; null = no data. */
interface Points {
  errorRate: (number | null)[];
  p50: (number | null)[];
  p95: (number | null)[];
  cpu: (number | null)[];
  memory: (number | null)[];
}

const names = ['errorRate', 'p50', 'p95', 'cpu', 'memory'] as const;

function pointsOf(evidence: Evidence, pods: readonly string[], fresh: boolean): Points {
  const samples = pods.map((pod) => evidence.run.pods[pod]).filter((pod) => pod !== undefined);
  const step = Math.max(1, Math.round(60 / evidence.scrapeSeconds));
  const sums = (pick: (pod: PodSamples) => (number | null)[]): number[] => {
    const minutes = Array.from({ length: Math.floor(evidence.run.scrapes / step) }, () => 0);
    for (const pod of samples) {
      for (const [slot, more] of counterIncrements(pick(pod), fresh).entries()) {
        const minute = Math.floor(slot / step);
        if (minute < minutes.length) minutes[minute] = (minutes[minute] ?? 0) + (more ?? 0);
      }
    }
    return minutes;
  };
  const requests = sums((pod) => pod.requests);
  const errors = sums((pod) => pod.errors);
  const cpu = sums((pod) => pod.cpuSeconds);
  const width = evidence.boundsSeconds.length + 1;
  const cumulative = Array.from({ length: width }, (_, i) => sums((pod) => pod.buckets.map((b) => b?.[i] ?? null)));
  const quantile = (q: number) =>
    requests.map((_, minute) => {
      const upTo = cumulative.map((counts) => counts[minute] ?? 0);
      return histogramQuantile(
        evidence.boundsSeconds,
        upTo.map((count, i) => count - (upTo[i - 1] ?? 0)),
        q,
      );
    });
  return {
    errorRate: requests.map((count, i) => (count === 0 ? null : (errors[i] ?? 0) / count)),
    p50: quantile(0.5),
    p95: quantile(0.95),
    cpu: requests.map((count, i) => (count === 0 ? null : (cpu[i] ?? 0) / count)),
    memory: requests.map((_, minute) => {
      const values = samples.flatMap((pod) => pod.memoryBytes.slice(minute * step, (minute + 1) * step));
      const known = values.filter((value) => value !== null);
      return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
    }),
  };
}

/** Flagger's usual settings: checked each minute, 5 failed checks of any kind take the canary back. Seconds or null. */
export function fixedThresholds(evidence: Evidence): number | null {
  const { errorRate, p95 } = pointsOf(evidence, evidence.canary, true);
  let failed = 0;
  for (const [minute, rate] of errorRate.entries()) {
    if (rate === null || rate > 0.01 || (p95[minute] ?? 0) > 0.5) failed += 1;
    if (failed === 5) return (minute + 1) * 60;
  }
  return null;
}

/** Standard normal quantile of 0.99: a two-sided interval at 98 %. */
const z98 = 2.3263478740408408;

/** Interval of the shift between two samples that inverts the Mann-Whitney test, and the Hodges-Lehmann estimate. */
export function shiftInterval(
  x: readonly number[],
  y: readonly number[],
): { lower: number; upper: number; middle: number } {
  const shifts = x.flatMap((a) => y.map((b) => a - b)).toSorted((a, b) => a - b);
  const pairs = shifts.length;
  const spread = Math.sqrt((pairs * (x.length + y.length + 1)) / 12);
  const index = Math.max(0, Math.floor(pairs / 2 - 0.5 - z98 * spread));
  const at = (i: number): number => shifts[i] ?? Number.NaN;
  return {
    lower: at(index),
    upper: at(pairs - 1 - index),
    middle: (at(Math.floor((pairs - 1) / 2)) + at(Math.floor(pairs / 2))) / 2,
  };
}

/** Kayenta's label for a metric that must not increase: tolerance 0.25 of the Hodges-Lehmann estimate. */
export function isHigh(experiment: readonly number[], control: readonly number[]): boolean {
  const { lower, middle } = shiftInterval(experiment, control);
  return lower > 0.25 * Math.abs(middle);
}

/** Kayenta's usual settings: one analysis at the end, Mann-Whitney per metric, less than 95 points fail. */
export function mannWhitney(evidence: Evidence): number | null {
  const canary = pointsOf(evidence, evidence.canary, true);
  const control = pointsOf(evidence, evidence.baseline ?? evidence.stable, false);
  let passed = 0;
  for (const name of names) {
    // The first minute of older counters is a mere base.
    const own = canary[name].slice(1).filter((value) => value !== null);
    const other = control[name].slice(1).filter((value) => value !== null);
    if (own.length === 0 || other.length === 0 || !isHigh(own, other)) passed += 1;
  }
  return (100 * passed) / names.length < 95 ? evidence.run.scrapes * evidence.scrapeSeconds : null;
}
