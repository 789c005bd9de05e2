import type { PodSpread } from '../spec.ts';
import { bartlettVif } from './autocorrelation.ts';
import { mean } from './numbers.ts';

/** How pods of one version differ: measured on the stable pods among themselves (A/A control). */
export interface GaugeNoise {
  /** Variance of ln(one pod / the k stable pods) of one batch; 0 without history. */
  s2: number;
  /** Degrees of freedom that `s2` is worth; 0 without history. */
  nu0: number;
  /** Variance inflation by autocorrelation. */
  vif: number;
  /** Standard deviation of the lasting ln difference between pods of one version. */
  podSpread: number;
  /** Pods' worth of data that `podSpread` rests on, the prior's included. */
  spreadWeight: number;
  /** Variance that is believed at the least, for gauges that may stand still; absent: none. */
  least?: number;
}

const vifLags = 20;
const nu0Cap = 30;
/** Two pods of one version are taken to differ by 5 % until 4 pods' worth of data say otherwise. */
export const podSpreadPrior: PodSpread = { sd: 0.05, weight: 4 };
/** What was learnt from more pods than this is forgotten little by little: services change. */
const mostWeight = 40;
/** Pods of one version never differ less than this, whatever a handful of them showed, nor more. */
const plausibleSpread: [number, number] = [0.01, 0.5];

/** Fewer batches of a pod than this say nothing about its noise. */
const leastBatches = 5;

/** What earlier releases of a service taught: a prior that more pods fade. A mistaken one cannot do much. */
export function learntSpread(learnt: PodSpread | undefined): PodSpread {
  if (learnt === undefined || !(learnt.weight > 0) || !(learnt.sd >= 0)) return podSpreadPrior;
  const [least, most] = plausibleSpread;
  return {
    sd: Math.min(most, Math.max(least, learnt.sd)),
    weight: Math.min(mostWeight, Math.max(podSpreadPrior.weight, learnt.weight)),
  };
}

function biasedVariance(values: readonly number[]): number {
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - centre) ** 2;
  return sum / values.length;
}

function shrunkSpread({ sd, weight }: PodSpread, variance: number, df: number): number {
  return Math.sqrt((weight * sd ** 2 + df * Math.max(0, variance)) / (weight + df));
}

/** What is assumed where the stable pods have no usable past. */
export function unknownNoise(prior: PodSpread = podSpreadPrior): GaugeNoise {
  return { s2: 0, nu0: 0, vif: 3, podSpread: shrunkSpread(prior, 0, 0), spreadWeight: prior.weight };
}

/**
 * The noise from `history[batch][pod]` = ln(pod / the other stable pods), null = no data. Pods with too few batches are
 * left out; with fewer than two pods left nothing is known.
 */
export function gaugeNoise(
  history: readonly (readonly (number | null)[])[],
  prior: PodSpread = podSpreadPrior,
): GaugeNoise {
  const width = history[0]?.length ?? 0;
  const series: number[][] = [];
  for (let pod = 0; pod < width; pod += 1) {
    const values: number[] = [];
    for (const batch of history) {
      const value = batch[pod];
      if (value !== null && value !== undefined) values.push(value);
    }
    if (values.length >= leastBatches) series.push(values);
  }
  const k = series.length;
  if (k < 2) return unknownNoise(prior);
  const batches = mean(series.map((values) => values.length));
  const raw = mean(series.map(biasedVariance));
  const vif = mean(series.map((values) => bartlettVif(values, vifLags)));
  const means = series.map((values) => mean(values));
  const between = (biasedVariance(means) * k) / (k - 1);
  const lasting = between * ((k - 1) / k) ** 2 - (vif * raw) / batches;
  return {
    s2: (raw * (k * k - 1)) / (k * k),
    nu0: Math.min(nu0Cap, ((k - 1) * (batches - 1)) / vif),
    vif,
    podSpread: shrunkSpread(prior, lasting, k - 1),
    spreadWeight: prior.weight + k - 1,
  };
}
