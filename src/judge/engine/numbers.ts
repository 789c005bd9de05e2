import { gammaln } from 'simple-statistics';

/** ln(e^a + e^b) without overflow; -Infinity is ln 0. */
export function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  if (high === -Infinity) return -Infinity;
  return high + Math.log1p(Math.exp(Math.min(a, b) - high));
}

/** ln of the sum of e^x over the values; -Infinity for none. */
export function logSumExp(values: readonly number[]): number {
  let high = -Infinity;
  for (const value of values) high = Math.max(high, value);
  if (high === -Infinity) return -Infinity;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - high);
  return high + Math.log(sum);
}

/** ln of the beta function, a and b > 0. */
export function betaln(a: number, b: number): number {
  return gammaln(a) + gammaln(b) - gammaln(a + b);
}

/** ln n! of an integer n >= 0: exact sums below 16, Stirling's series above (relative error below 1e-15). */
export function logFactorial(n: number): number {
  if (n < 16) {
    let product = 1;
    for (let i = 2; i <= n; i += 1) product *= i;
    return Math.log(product);
  }
  const inverse = 1 / n;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + series;
}

/** Arithmetic mean; NaN for no values. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The point in [low, high] where a function that is false below it and true above it changes, by bisection. */
export function bisect(low: number, high: number, isAbove: (x: number) => boolean): number {
  let left = low;
  let right = high;
  for (let i = 0; i < 200; i += 1) {
    const middle = (left + right) / 2;
    if (middle === left || middle === right) break;
    if (isAbove(middle)) right = middle;
    else left = middle;
  }
  return (left + right) / 2;
}
