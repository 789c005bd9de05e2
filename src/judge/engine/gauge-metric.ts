import { batchSeconds, maxWarmupSeconds, promotionBeta, promotionTau2, spreadFactor, starts } from './constants.ts';
import { GaugeEngine, type GaugeInterval } from './gauge-engine.ts';
import type { GaugeNoise } from './gauge-noise.ts';
import type { Batch, Meter } from './meters.ts';
import type { PodRow } from './pod-reader.ts';

/** Batches without a comparison after which a gauge takes no part. */
const leastIncomparable = 10;

/** Settings of a gauge. */
export interface GaugeLimits {
  alpha: number;
  /** Tolerated relative difference, before the spread between pods. */
  tolerance: number;
  /** Smallest absolute difference that counts, in the gauge's unit. */
  absolute: number;
}

/** What a rollback and a promotion measure against, as relative differences. */
export interface GaugeBounds {
  /** Below it nothing is evidence. */
  edge: number;
  tolerance: number;
}

/** The bounds for a spread between pods, numbers of pods and stable's value (0 while it is not known). */
export function gaugeBounds(
  limits: Pick<GaugeLimits, 'tolerance' | 'absolute'>,
  podSpread: number,
  pods: { canary: number; control: number },
  stable: number,
): GaugeBounds {
  const lasting = spreadFactor * podSpread * Math.sqrt(1 / pods.canary + 1 / Math.max(1, pods.control));
  const asked = Math.max(limits.tolerance, stable > 0 ? limits.absolute / stable : 0);
  const edge = Math.max(asked / 2, Math.expm1(lasting));
  return { edge, tolerance: Math.max(asked, edge) };
}

/** A gauge of both tracks over a run, batch by batch, with its evidence. */
export class GaugeMetric {
  readonly limits: GaugeLimits;
  readonly engine: GaugeEngine;
  readonly #meter: Meter;
  /** Requests that an A/A batch of one pod held; 0 where the gauge does not rest on requests, or none was measured. */
  readonly control: number;
  readonly #shortest: number;
  readonly #since: number;
  #pods = { canary: 1, control: 1 };
  #open = { from: 0, seconds: 0 };
  #origin: number | null = null;
  #requests = 0;
  #batches = 0;
  /** Rows of warm pods that brought a sample. */
  scrapes = 0;
  #sums = { canary: 0, stable: 0, n: 0 };
  #isRegression = false;

  /** `control`: requests that an A/A batch of one pod held; 0 where the gauge does not rest on requests. */
  constructor(options: {
    limits: GaugeLimits;
    meter: Meter;
    noise: GaugeNoise;
    control: number;
    scrapeSeconds: number;
    /** Seconds of the run at which the comparison begins; 0 when absent. */
    since?: number;
  }) {
    this.limits = options.limits;
    this.engine = new GaugeEngine(options.noise, starts);
    this.#meter = options.meter;
    this.control = options.control;
    this.#since = options.since ?? 0;
    this.#shortest = Math.max(batchSeconds, 2 * options.scrapeSeconds);
  }

  /** Adds a row of warm pods that covers [from, to] seconds of the run. */
  add(canary: readonly PodRow[], control: readonly PodRow[], from: number, to: number): void {
    this.#origin ??= from;
    if (this.#open.seconds === 0) this.#open.from = from;
    this.#open.seconds += to - from;
    this.#pods = { canary: canary.length, control: control.length };
    if (this.#meter.add(canary, control, to - from)) this.scrapes += 1;
    if (this.#open.seconds < this.#shortest - 1e-9 || !this.#meter.enough) return;
    this.#requests += this.#meter.requests;
    this.#close(this.#meter.close());
  }

  #close(batch: Batch | null): void {
    this.engine.push(batch === null ? null : batch.y, this.#open.from - (this.#origin ?? 0));
    this.#open = { from: 0, seconds: 0 };
    this.#batches += 1;
    if (batch === null) return;
    const { canary, stable, n } = this.#sums;
    this.#sums = { canary: canary + batch.canary, stable: stable + batch.stable, n: n + 1 };
    if (this.control > 0) this.engine.thin = this.control / Math.max(1, this.#requests / this.#batches);
    const { edge, tolerance } = this.bounds;
    this.#isRegression = this.engine.isRegression({
      alpha: this.limits.alpha,
      edgeLn: Math.log1p(edge),
      toleranceLn: Math.log1p(tolerance),
      horizon: this.#horizon,
    });
  }

  get #horizon(): number {
    return maxWarmupSeconds - ((this.#origin ?? this.#since) - this.#since);
  }

  get isRegression(): boolean {
    return this.#isRegression;
  }

  /** Worse by less than twice what is tolerated. */
  get isBorderline(): boolean {
    return this.engine.lastThird().mean < Math.log1p(2 * this.bounds.tolerance);
  }

  /** A warm-up beyond doubt. */
  get isClearlyWarmingUp(): boolean {
    return this.engine.isClearlyWarmingUp(Math.log1p(this.bounds.tolerance), this.#horizon);
  }

  /** The tracks could not be compared in any of many batches: their load differs too much. */
  get isIncomparable(): boolean {
    return this.#batches >= leastIncomparable && this.engine.count === 0;
  }

  /** Means over the batches; null before the first. */
  get values(): { canary: number; stable: number } | null {
    const { canary, stable, n } = this.#sums;
    return n === 0 ? null : { canary: canary / n, stable: stable / n };
  }

  get bounds(): GaugeBounds {
    return gaugeBounds(this.limits, this.engine.noise.podSpread, this.#pods, this.values?.stable ?? 0);
  }

  /** ln e-value of "worse than the edge", compared with `threshold`. */
  get logE(): number {
    return this.engine.logE(Math.log1p(this.bounds.edge));
  }

  get threshold(): number {
    return -Math.log(2 * this.limits.alpha);
  }

  /** Interval that promotion looks at, of the ln difference. */
  get interval(): GaugeInterval | null {
    return this.engine.interval(2 * promotionBeta, promotionTau2);
  }

  /** Shown to be within the tolerance, lately too. */
  get isNonInferior(): boolean {
    const { interval } = this;
    if (interval === null) return false;
    const toleranceLn = Math.log1p(this.bounds.tolerance);
    const last = this.engine.lastThird();
    return interval.upper < toleranceLn && last.mean + this.engine.standardError(last.n) < toleranceLn;
  }

  /** The estimate over the run is within the tolerance; null before the first batch. */
  get isWithin(): boolean | null {
    const estimate = this.engine.mean;
    return estimate === null ? null : estimate <= Math.log1p(this.bounds.tolerance);
  }
}
