import { mean } from './numbers.ts';

/**
 * By how much the variance of a mean grows because neighbouring values are alike: 1 + 2*sum (1-l/(lags+1)) r_l with
 * Bartlett's weights (Newey & West 1987), at least 1. Autocovariances are divided by their own number of pairs.
 */
export function bartlettVif(values: readonly number[], lags: number): number {
  const n = values.length;
  if (n < 3) return 1;
  const centre = mean(values);
  let variance = 0;
  for (const value of values) variance += (value - centre) ** 2;
  variance /= n;
  if (variance === 0) return 1;
  let vif = 1;
  for (let lag = 1; lag <= Math.min(lags, n - 2); lag += 1) {
    let covariance = 0;
    for (let i = lag; i < n; i += 1) covariance += ((values[i] ?? 0) - centre) * ((values[i - lag] ?? 0) - centre);
    vif += (2 * (1 - lag / (lags + 1)) * covariance) / (n - lag) / variance;
  }
  return Math.max(1, vif);
}
