/** Differences of positive values are cut here: twenty times as much says no more than a hundred times. */
const mostLn = 3;

/** The mean of one batch on both tracks. */
export interface CustomBatch {
  canary: number;
  stable: number;
  /** Seconds since the first batch. */
  at: number;
}

/** How batches are compared: by ratio, or by difference over a scale where a ratio has no meaning. */
export type CustomScale = { kind: 'ratio' } | { kind: 'difference'; scale: number };

/**
 * ln(canary/stable) as long as all values are positive. From the first zero or negative value on, differences over the
 * mean magnitude of both tracks in the run so far, for all batches: for values of one size that is the same to the third
 * order, and a stray 0 among them does not weigh more than it is.
 */
export function scaleOf(batches: readonly CustomBatch[]): CustomScale {
  if (batches.every(({ canary, stable }) => canary > 0 && stable > 0)) return { kind: 'ratio' };
  let sum = 0;
  for (const { canary, stable } of batches) sum += Math.abs(canary) + Math.abs(stable);
  return { kind: 'difference', scale: sum / (2 * batches.length) };
}

/** How much worse the canary is in a batch: positive is worse, whichever direction that is. */
export function worsening({ canary, stable }: CustomBatch, worse: 'Higher' | 'Lower', scale: CustomScale): number {
  const sign = worse === 'Higher' ? 1 : -1;
  if (scale.kind === 'ratio') return sign * Math.max(-mostLn, Math.min(mostLn, Math.log(canary / stable)));
  return scale.scale === 0 ? 0 : (sign * (canary - stable)) / scale.scale;
}

/** The worsening that a relative difference of 1 + `relative` is: the limits of the test on its scale. */
export function onScale(relative: number, scale: CustomScale): number {
  return scale.kind === 'ratio' ? Math.log1p(relative) : (2 * relative) / (2 + relative);
}

/** The relative difference canary/stable - 1 that a worsening is; null where there is none. */
export function relativeOf(worsened: number, worse: 'Higher' | 'Lower', scale: CustomScale): number | null {
  const y = worse === 'Higher' ? worsened : -worsened;
  if (scale.kind === 'ratio') return Math.expm1(y);
  return Math.abs(y) < 2 ? (2 * y) / (2 - y) : null;
}
