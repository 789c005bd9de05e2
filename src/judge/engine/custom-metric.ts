import type { CustomMetricSpec } from '../spec.ts';
import {
  batchSeconds,
  goneAfterScrapes,
  maxWarmupSeconds,
  promotionBeta,
  promotionTau2,
  spreadFactor,
  starts,
} from './constants.ts';
import { type CustomBatch, type CustomScale, onScale, scaleOf, worsening } from './custom-difference.ts';
import { GaugeEngine, type GaugeInterval } from './gauge-engine.ts';
import { type GaugeNoise, unknownNoise } from './gauge-noise.ts';

/** A value that stands still is taken to vary by this much from batch to batch: no chance is without scatter. */
const leastSd = 0.02;

/** Settings of a custom metric. */
export interface CustomOptions {
  spec: CustomMetricSpec;
  /** Share of the false rollback rate. */
  alpha: number;
  pods: { canary: number; stable: number };
  scrapeSeconds: number;
  /** Seconds of the run at which the comparison begins; 0 when absent. */
  since?: number;
}

/**
 * A gauge of the user's own: one value of each track per scrape, compared in batches as the other gauges are. There is no
 * past to measure its noise by, so the rules for an unknown past hold.
 */
export class CustomMetric {
  readonly spec: CustomMetricSpec;
  readonly alpha: number;
  readonly #noise: GaugeNoise;
  readonly #lasting: number;
  readonly #shortest: number;
  readonly #since: number;
  readonly #batches: CustomBatch[] = [];
  #engine: GaugeEngine;
  #scale: CustomScale = { kind: 'ratio' };
  #open = { canary: 0, stable: 0, n: 0, from: 0, seconds: 0 };
  #origin: number | null = null;
  #missed = Number.POSITIVE_INFINITY;
  #isRegression = false;
  /** Scrapes at which both tracks had a value. */
  scrapes = 0;

  constructor({ spec, alpha, pods, scrapeSeconds, since = 0 }: CustomOptions) {
    this.#since = since;
    this.spec = spec;
    this.alpha = alpha;
    this.#noise = { ...unknownNoise(), least: leastSd ** 2 };
    this.#lasting = spreadFactor * this.#noise.podSpread * Math.sqrt(1 / pods.canary + 1 / pods.stable);
    this.#shortest = Math.max(batchSeconds, 2 * scrapeSeconds);
    this.#engine = new GaugeEngine(this.#noise, starts);
  }

  /** Adds a scrape that covers [from, to] seconds of the run; null = the track has no value. */
  add(canary: number | null, stable: number | null, from: number, to: number): void {
    if (canary === null || stable === null) {
      this.#missed += 1;
      return;
    }
    this.#missed = 0;
    this.scrapes += 1;
    this.#origin ??= from;
    const open = this.#open;
    if (open.n === 0) open.from = from;
    open.canary += canary;
    open.stable += stable;
    open.n += 1;
    open.seconds += to - from;
    if (open.seconds >= this.#shortest - 1e-9) this.#close();
  }

  #close(): void {
    const { canary, stable, n, from } = this.#open;
    this.#open = { canary: 0, stable: 0, n: 0, from: 0, seconds: 0 };
    this.#batches.push({ canary: canary / n, stable: stable / n, at: from - (this.#origin ?? 0) });
    this.#scale = scaleOf(this.#batches);
    // On a scale of the whole run the newest batch moves all before it.
    const fresh = this.#scale.kind === 'difference';
    if (fresh) this.#engine = new GaugeEngine(this.#noise, starts);
    for (const batch of fresh ? this.#batches : this.#batches.slice(-1))
      this.#engine.push(worsening(batch, this.spec.worse, this.#scale), batch.at);
    this.#isRegression = this.#engine.isRegression({
      alpha: this.alpha,
      edgeLn: onScale(this.bounds.edge, this.#scale),
      toleranceLn: this.#toleranceOnScale,
      horizon: maxWarmupSeconds - ((this.#origin ?? this.#since) - this.#since),
    });
  }

  get #toleranceOnScale(): number {
    return onScale(this.bounds.tolerance, this.#scale);
  }

  /** What a rollback and a promotion measure against, as relative differences to the worse. */
  get bounds(): { edge: number; tolerance: number } {
    const edge = Math.max(this.spec.tolerance / 2, Math.expm1(this.#lasting));
    return { edge, tolerance: Math.max(this.spec.tolerance, edge) };
  }

  get isRegression(): boolean {
    return this.#isRegression;
  }

  /** One of the tracks has had no value for some scrapes, or never one. */
  get isSilent(): boolean {
    return this.#missed >= goneAfterScrapes;
  }

  /** How values are compared now. */
  get scale(): CustomScale {
    return this.#scale;
  }

  /** Means over the batches; null before the first. */
  get values(): { canary: number; stable: number } | null {
    const n = this.#batches.length;
    if (n === 0) return null;
    const sum = { canary: 0, stable: 0 };
    for (const { canary, stable } of this.#batches) {
      sum.canary += canary / n;
      sum.stable += stable / n;
    }
    return sum;
  }

  /** ln e-value of "worse than the edge", compared with `threshold`. */
  get logE(): number {
    return this.#engine.logE(onScale(this.bounds.edge, this.#scale));
  }

  get threshold(): number {
    return -Math.log(2 * this.alpha);
  }

  /** Interval of the worsening, on its scale; `alpha2` two-sided. */
  interval(alpha2 = 2 * promotionBeta): GaugeInterval | null {
    return this.#engine.interval(alpha2, promotionTau2);
  }

  /** The smallest relative worsening that the batches so far would probably have shown; null when none. */
  get detectable(): number | null {
    const reach = this.interval(2 * this.alpha);
    if (reach === null) return null;
    const found = onScale(this.bounds.edge, this.#scale) + (reach.upper - reach.lower) / 2;
    const relative = this.#scale.kind === 'ratio' ? Math.expm1(found) : found < 2 ? (2 * found) / (2 - found) : null;
    return relative === null ? null : Math.max(this.bounds.tolerance, relative);
  }

  /** Shown to be within the tolerance, lately too. A metric that has fallen silent shows nothing. */
  get isNonInferior(): boolean {
    const interval = this.interval();
    if (interval === null || this.isSilent) return false;
    const tolerance = this.#toleranceOnScale;
    const last = this.#engine.lastThird();
    return interval.upper < tolerance && last.mean + this.#engine.standardError(last.n) < tolerance;
  }

  /** The estimate over the run is within the tolerance; null without one, or when the metric has fallen silent. */
  get isWithin(): boolean | null {
    const estimate = this.#engine.mean;
    return estimate === null || this.isSilent ? null : estimate <= this.#toleranceOnScale;
  }
}
