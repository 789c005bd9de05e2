/** Parts of a release that can roll it back; quantiles are `latency-p50` and the like. */
export type MetricName = string;

/** What is enabled in the spec and present on stable when the release starts. */
export interface Present {
  errors: boolean;
  newErrors: boolean;
  latency: boolean;
  /** Without buckets, the mean of the latency. */
  mean?: boolean;
  quantiles: readonly number[];
  cpu: boolean;
  memory: boolean;
  /** Names of the critical custom metrics. */
  custom?: readonly MetricName[];
}

/** The probability of a false rollback by metric. */
export type Alphas = ReadonlyMap<MetricName, number>;

const shares = { errors: 0.4, gross: 0.15, quantiles: 0.12, slow: 0.13, cpu: 0.1, memory: 0.1 };
/** Share of each custom metric. */
export const customShare = 0.1;

/**
 * The probability of a false rollback, split over the metrics: weighted Bonferroni, scaled to the whole over what is
 * there. Fixed for the release.
 */
export function splitBudget(rate: number, present: Present): Map<MetricName, number> {
  const weights = new Map<MetricName, number>();
  if (present.errors) {
    weights.set('errors', present.newErrors ? shares.errors / 2 : shares.errors);
    if (present.newErrors) weights.set('new-errors', shares.errors / 2);
  }
  if (present.latency) {
    weights.set('latency', shares.gross);
    weights.set('latency-slow', shares.slow);
    for (const quantile of present.quantiles) {
      weights.set(quantileName(quantile), shares.quantiles / present.quantiles.length);
    }
  }
  if (present.mean === true) weights.set('latency-mean', shares.gross + shares.quantiles + shares.slow);
  if (present.cpu) weights.set('cpu', shares.cpu);
  if (present.memory) weights.set('memory', shares.memory);
  for (const name of present.custom ?? []) weights.set(name, customShare);
  let total = 0;
  for (const weight of weights.values()) total += weight;
  return new Map([...weights].map(([name, weight]) => [name, (rate * weight) / total]));
}

/** `latency-p95`, `latency-p99.9` */
export function quantileName(quantile: number): string {
  return `latency-p${Number((quantile * 100).toFixed(3))}`;
}
