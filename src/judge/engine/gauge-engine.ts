import type { GaugeNoise } from './gauge-noise.ts';
import { logAdd, logSumExp, mean } from './numbers.ts';
import { StartMixture, type StartPlan } from './start-mixture.ts';
import { tMixtureHalfWidth, tMixtureLogE } from './t-mixture.ts';

/** Effect scales that a rollback mixes over. */
export const mixtureTau2: readonly number[] = [1, 10, 100];
/** Fewer batches than this never roll back. */
export const leastGaugeBatches = 4;
/** A falling difference counts as warming up from this z score of its slope on. */
const warmZ = -0.25;
/** From this z score on it is no chance: then other gauges, which a warm-up moves too, are held as well. */
const clearlyWarmZ = -2;

/** Values of one possible start of the harm, by Welford's recurrence. */
interface Component {
  logWeight: number;
  n: number;
  mean: number;
  squares: number;
}

/** A straight line through the batch differences over time. */
export interface Trend {
  slope: number;
  /** Slope over its standard error; 0 when the values lie on the line. */
  z: number;
  /** The line's value at a time. */
  at(elapsed: number): number;
}

/** Confidence sequence of the lasting ln difference. */
export interface GaugeInterval {
  lower: number;
  upper: number;
}

/**
 * Sequential t test of paired batch differences y = ln(canary/stable): "the lasting difference is above mu", mixed over
 * effect sizes and over the start of the harm, with the noise of the stable pods among themselves as its prior.
 */
export class GaugeEngine {
  readonly noise: GaugeNoise;
  readonly #starts: StartMixture;
  readonly #components: Component[] = [];
  readonly #values: number[] = [];
  readonly #times: number[] = [];
  #thin = 1;

  constructor(noise: GaugeNoise, starts: StartPlan) {
    this.noise = noise;
    this.#starts = new StartMixture(starts);
  }

  /** A/A batches had `thin` times the requests of the canary's: their variance is taken that much larger. */
  set thin(thin: number) {
    this.#thin = Math.max(1, thin);
  }

  /** One batch that began `elapsed` after the first; null = the batch has no data. */
  push(y: number | null, elapsed: number): void {
    const weight = this.#starts.take(elapsed);
    if (weight > 0) this.#components.push({ logWeight: Math.log(weight), n: 0, mean: 0, squares: 0 });
    if (y === null) return;
    this.#values.push(y);
    this.#times.push(elapsed);
    for (const component of this.#components) {
      component.n += 1;
      const off = y - component.mean;
      component.mean += off / component.n;
      component.squares += off * (y - component.mean);
    }
  }

  /** Batches with data. */
  get count(): number {
    return this.#values.length;
  }

  /** Mean of the differences, null before the first. */
  get mean(): number | null {
    return this.#values.length === 0 ? null : mean(this.#values);
  }

  #s2(component: Component): number {
    const { s2, nu0, vif, least = 0 } = this.noise;
    return Math.max(least, (vif * (nu0 * s2 * this.#thin + component.squares)) / (nu0 + component.n - 1));
  }

  #componentLogE(component: Component, mu: number): number {
    if (component.n < 2 || component.mean <= mu) return 0;
    const nu = this.noise.nu0 + component.n - 1;
    const tSquared = (component.n * (component.mean - mu) ** 2) / this.#s2(component);
    const parts = mixtureTau2.map((tau2) => tMixtureLogE(tSquared, component.n, nu, tau2));
    return logSumExp(parts) - Math.log(mixtureTau2.length);
  }

  /** ln of the e-value against "the difference is at most mu", both sides counted: compare with ln(1/(2 alpha)). */
  logE(mu: number): number {
    let total = Math.log(this.#starts.remaining);
    for (const component of this.#components) {
      total = logAdd(total, component.logWeight + this.#componentLogE(component, mu));
    }
    return total;
  }

  /** Time-uniform interval of the difference over all batches; null before there is any bound. */
  interval(alpha2: number, tau2: number): GaugeInterval | null {
    const whole = this.#components[0];
    if (whole === undefined || whole.n < 2) return null;
    const nu = this.noise.nu0 + whole.n - 1;
    const half = tMixtureHalfWidth({ s: Math.sqrt(this.#s2(whole)), n: whole.n, nu, alpha2, tau2 });
    return Number.isFinite(half) ? { lower: whole.mean - half, upper: whole.mean + half } : null;
  }

  /** Standard error of the mean of n batches. */
  standardError(n: number): number {
    const whole = this.#components[0];
    return whole === undefined || whole.n < 2 || n < 1 ? Infinity : Math.sqrt(this.#s2(whole) / n);
  }

  /** Mean and number of the newest third of the batches. */
  lastThird(): { mean: number; n: number } {
    const n = Math.ceil(this.#values.length / 3);
    return { mean: mean(this.#values.slice(this.#values.length - n)), n };
  }

  /** The line through the batches that began at `since` or later; null for fewer than three. */
  trend(since = -Infinity): Trend | null {
    const first = this.#times.findIndex((time) => time >= since);
    if (first < 0 || this.#values.length - first < 3) return null;
    return lineThrough(this.#times.slice(first), this.#values.slice(first));
  }

  /** The newest batch's time; 0 before the first. */
  get newest(): number {
    return this.#times[this.#times.length - 1] ?? 0;
  }

  /** The difference is falling and its straight line is within `toleranceLn` at `horizon`. */
  isWarmingUp(toleranceLn: number, horizon: number): boolean {
    if (this.newest >= horizon) return false;
    const trend = this.trend();
    return trend !== null && trend.z < warmZ && trend.at(horizon) <= toleranceLn;
  }

  /** The difference began above `toleranceLn`, falls beyond doubt, and is within it at `horizon`. */
  isClearlyWarmingUp(toleranceLn: number, horizon: number): boolean {
    if (this.newest >= horizon) return false;
    const trend = this.trend();
    if (trend === null || trend.z >= clearlyWarmZ) return false;
    return trend.at(this.#times[0] ?? 0) > toleranceLn && trend.at(horizon) <= toleranceLn;
  }

  /** All conditions of a rollback; `alpha` one-sided. */
  isRegression(limits: { alpha: number; edgeLn: number; toleranceLn: number; horizon: number }): boolean {
    if (this.count < leastGaugeBatches) return false;
    if (this.logE(limits.edgeLn) < -Math.log(2 * limits.alpha)) return false;
    if (this.lastThird().mean < limits.toleranceLn) return false;
    return !this.isWarmingUp(limits.toleranceLn, limits.horizon);
  }
}

function lineThrough(times: readonly number[], values: readonly number[]): Trend {
  const n = times.length;
  const middle = mean(times);
  const level = mean(values);
  let sxx = 0;
  let sxy = 0;
  for (let i = 0; i < n; i += 1) {
    const x = (times[i] ?? 0) - middle;
    sxx += x * x;
    sxy += x * ((values[i] ?? 0) - level);
  }
  const slope = sxy / sxx;
  let residual = 0;
  for (let i = 0; i < n; i += 1) residual += ((values[i] ?? 0) - level - slope * ((times[i] ?? 0) - middle)) ** 2;
  const error = Math.sqrt(residual / (n - 2) / sxx);
  return { slope, z: error > 0 ? slope / error : 0, at: (elapsed) => level + slope * (elapsed - middle) };
}
