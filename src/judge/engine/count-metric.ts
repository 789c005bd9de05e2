import { promotionBeta, recentSeconds, spreadFactor, starts } from './constants.ts';
import { CountEngine, type CountSplit } from './count-engine.ts';
import { betaBinomialCs, type Interval, ratioCs } from './intervals.ts';
import type { Scatter } from './scatter.ts';

const none: CountSplit = { canaryEvents: 0, canary: 0, stableEvents: 0, stable: 0 };

function plus(a: CountSplit, b: CountSplit, sign: 1 | -1 = 1): CountSplit {
  return {
    canaryEvents: a.canaryEvents + sign * b.canaryEvents,
    canary: a.canary + sign * b.canary,
    stableEvents: a.stableEvents + sign * b.stableEvents,
    stable: a.stable + sign * b.stable,
  };
}

/** Events per exposure of both tracks; null without exposure. */
export function rates(split: CountSplit): { canary: number; stable: number } | null {
  if (split.canary <= 0 || split.stable <= 0) return null;
  return { canary: split.canaryEvents / split.canary, stable: split.stableEvents / split.stable };
}

/** Settings of a metric of counted events. */
export interface CountLimits {
  alpha: number;
  /** Tolerated rate ratio, before the spread between pods. */
  ratio: number;
  /** Smallest excess of the rate that is harm. */
  floor: number;
  /** Scrapes that have to speak for a rollback, at least. */
  leastScrapes: number;
}

/** Events (errors, slow requests) of both tracks over a run, with their evidence. */
export class CountMetric {
  readonly limits: CountLimits;
  /** Rate ratio below which nothing is evidence. */
  readonly rho0: number;
  readonly #engine: CountEngine;
  readonly #scatter: Scatter;
  readonly #recent: { to: number; split: CountSplit }[] = [];
  #head = 0;
  #lately: CountSplit = none;
  #whole: CountSplit = none;

  /** `pods`: how many there are of both tracks when the run starts. */
  constructor(limits: CountLimits, scatter: Scatter, pods: { canary: number; stable: number }) {
    const lasting = spreadFactor * scatter.spread * Math.sqrt(1 / pods.canary + 1 / pods.stable);
    this.limits = limits;
    this.rho0 = Math.max(limits.ratio, Math.exp(lasting));
    // So many scrapes have to agree; a little more than an equal part each, since mixing costs some.
    const most = (1.2 * -Math.log(limits.alpha)) / limits.leastScrapes;
    this.#engine = new CountEngine({ rho0: this.rho0, starts, most });
    this.#scatter = scatter;
  }

  /** Adds the counts of a row that ended at `to` seconds; `strata` sum up to them. */
  add(to: number, strata: readonly CountSplit[]): void {
    let split = none;
    for (const part of strata) split = plus(split, part);
    this.#engine.step(to, strata, 1 / this.#scatter.phi);
    this.#whole = plus(this.#whole, split);
    this.#lately = plus(this.#lately, split);
    this.#recent.push({ to, split });
    for (let next = this.#recent[this.#head]; next !== undefined && next.to <= to - recentSeconds; ) {
      this.#lately = plus(this.#lately, next.split, -1);
      this.#head += 1;
      next = this.#recent[this.#head];
    }
  }

  get logE(): number {
    return this.#engine.logE;
  }

  get threshold(): number {
    return -Math.log(this.limits.alpha);
  }

  get phi(): number {
    return this.#scatter.phi;
  }

  /** Counts of the run. */
  get whole(): CountSplit {
    return this.#whole;
  }

  /** Counts of the last five minutes. */
  get lately(): CountSplit {
    return this.#lately;
  }

  /** The excess over the tolerated ratio is at least the floor. */
  #isPast(split: CountSplit): boolean {
    const found = rates(split);
    return found !== null && found.canary - this.rho0 * found.stable >= this.limits.floor;
  }

  /** Past the tolerance in the last five minutes. */
  get isPastLately(): boolean {
    return this.#isPast(this.#lately);
  }

  /** All conditions of a rollback. */
  get isRegression(): boolean {
    if (this.logE < this.threshold) return false;
    return this.#isPast(this.#whole) || this.#isPast(this.#lately);
  }

  /** Time-uniform interval of the rate ratio; null while unbounded on both sides. */
  ratioInterval(alpha: number): Interval | null {
    const { canaryEvents, canary, stableEvents, stable } = this.#whole;
    if (canaryEvents + stableEvents === 0) return null;
    const { phi } = this;
    return ratioCs({ canaryEvents: canaryEvents / phi, canary, stableEvents: stableEvents / phi, stable }, alpha);
  }

  /** The canary's rate is shown to exceed stable's by no more than a margin, lately too (as an estimate). */
  isNonInferior(margin: number, share: number): boolean {
    const { phi } = this;
    const { canaryEvents, canary, stableEvents, stable } = this.#whole;
    const lately = rates(this.#lately);
    if (canary <= 0 || stable <= 0 || lately === null) return false;
    const most = Math.max(margin, (share * stableEvents) / stable);
    const upper = betaBinomialCs(canaryEvents / phi, canary / phi, promotionBeta).upper;
    const lower = betaBinomialCs(stableEvents / phi, stable / phi, promotionBeta).lower;
    return upper - lower <= most && lately.canary - lately.stable <= most;
  }

  /** The estimate over the run is within the tolerance; null without requests on a track. */
  get isWithin(): boolean | null {
    const found = rates(this.#whole);
    if (found === null) return null;
    return found.canary <= found.stable * this.rho0 || found.canary - found.stable <= this.limits.floor;
  }
}
