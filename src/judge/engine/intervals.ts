import { betaln, bisect } from './numbers.ts';

/** A confidence sequence at one moment: valid at every moment together with probability 1 - alpha. */
export interface Interval {
  lower: number;
  upper: number;
}

/**
 * Time-uniform interval of a probability from x events in n trials, by the Beta(1/2,1/2) mixture (Robbins 1970). x and
 * n may be fractional: divided by the dispersion.
 */
export function betaBinomialCs(x: number, n: number, alpha: number): Interval {
  if (n <= 0) return { lower: 0, upper: 1 };
  const evidence = betaln(0.5 + x, 0.5 + n - x) - betaln(0.5, 0.5);
  const limit = Math.log(1 / alpha);
  const logE = (p: number): number => {
    const hits = x > 0 ? x * Math.log(p) : 0;
    const misses = n > x ? (n - x) * Math.log1p(-p) : 0;
    return evidence - hits - misses;
  };
  const middle = x / n;
  return {
    lower: x <= 0 ? 0 : bisect(0, middle, (p) => logE(p) < limit),
    upper: x >= n ? 1 : bisect(middle, 1, (p) => logE(p) >= limit),
  };
}

/**
 * Time-uniform interval of the rate ratio canary/stable (Lindon & Malek 2022): the interval of the canary's share of the
 * events, turned into a ratio. Events may be fractional: divided by the dispersion. Unbounded where the share is.
 */
export function ratioCs(
  split: { canaryEvents: number; canary: number; stableEvents: number; stable: number },
  alpha: number,
): Interval {
  const { canaryEvents, canary, stableEvents, stable } = split;
  if (canary <= 0 || stable <= 0) return { lower: 0, upper: Infinity };
  const share = betaBinomialCs(canaryEvents, canaryEvents + stableEvents, alpha);
  const scale = stable / canary;
  return {
    lower: share.lower >= 1 ? Infinity : (share.lower / (1 - share.lower)) * scale,
    upper: share.upper >= 1 ? Infinity : (share.upper / (1 - share.upper)) * scale,
  };
}
