import { logAdd } from './numbers.ts';
import { StartMixture, type StartPlan } from './start-mixture.ts';

/** Ratios looked for, as multiples of rho0. */
export const countGrid: readonly number[] = [1.5, 2, 3, 5, 10, 50];

/** What one scrape of two tracks brings to the engine: events and their exposure, usually errors and requests. */
export interface CountSplit {
  canaryEvents: number;
  canary: number;
  stableEvents: number;
  stable: number;
}

/**
 * ln of the likelihood ratio of rate ratio `ratio` against `rho0`, given that the events happened at all: an event is
 * the canary's with probability r*nc/(r*nc+ns), so that shared outages, ramps and stepped weights cancel (Lindon &
 * Malek 2022). 0 when a track had no exposure.
 */
export function countLogLr(split: CountSplit, rho0: number, ratio: number): number {
  const { canaryEvents, canary, stableEvents, stable } = split;
  if (canary <= 0 || stable <= 0) return 0;
  const events = canaryEvents + stableEvents;
  if (events === 0) return 0;
  return (
    canaryEvents * Math.log(ratio / rho0) - events * Math.log((ratio * canary + stable) / (rho0 * canary + stable))
  );
}

/**
 * Conditional-binomial e-process for "the canary's rate is more than rho0 times stable's": uniform mixture over a grid
 * of ratios (Robbins 1970) and over the start of the harm. Valid at any stopping time. One scrape is one step; strata
 * (routes) of a scrape are passed together and their log likelihood ratios add up.
 */
export class CountEngine {
  readonly #rho0: number;
  readonly #ratios: readonly number[];
  readonly #logS: number[];
  readonly #starts: StartMixture;
  readonly #most: number;

  /**
   * `most`: the largest tempered log likelihood ratio that one scrape may bring. Cutting it off only lowers the
   * e-value, which stays valid, and no single burst can decide.
   */
  constructor(options: { rho0: number; starts: StartPlan; grid?: readonly number[]; most?: number }) {
    this.#most = options.most ?? Infinity;
    this.#rho0 = options.rho0;
    this.#ratios = (options.grid ?? countGrid).map((multiple) => multiple * options.rho0);
    this.#logS = this.#ratios.map(() => -Infinity);
    this.#starts = new StartMixture(options.starts);
  }

  /** Feeds one scrape at `elapsed` (unit of the start plan); `eta` = 1/phi tempers its likelihood. */
  step(elapsed: number, strata: readonly CountSplit[], eta: number): void {
    const weight = Math.log(this.#starts.take(elapsed));
    for (let i = 0; i < this.#ratios.length; i += 1) {
      let logLr = 0;
      for (const split of strata) logLr += countLogLr(split, this.#rho0, this.#ratios[i] ?? 1);
      this.#logS[i] = logAdd(this.#logS[i] ?? -Infinity, weight) + Math.min(eta * logLr, this.#most);
    }
  }

  /** ln of the e-value: ln(1/alpha) and more refutes the null at level alpha. */
  get logE(): number {
    let total = -Infinity;
    for (const logS of this.#logS) total = logAdd(total, logS);
    return logAdd(total - Math.log(this.#logS.length), Math.log(this.#starts.remaining));
  }
}
