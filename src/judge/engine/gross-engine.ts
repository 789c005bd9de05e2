import { logAdd } from './numbers.ts';
import { slowOddsLogLr } from './slow-odds.ts';
import { StartMixture, type StartPlan } from './start-mixture.ts';

/** Odds ratios looked for; never below twice the tolerated one. */
const grossGrid: readonly number[] = [6, 15, 50, 200];
/** Odds ratio that is no gross harm: of a canary that is still cold, and of a warm one. */
export const grossPsi0 = { cold: 10, warm: 3 };
/** Requests of one pod in one scrape are not independent: their likelihood counts half, or less by the dispersion. */
const leastGrossPhi = 2;

/** Requests of a scrape slower than one bucket bound, and how such requests of equal pods scatter. */
export interface SlowSplit {
  phi: number;
  slowCanary: number;
  canary: number;
  slowStable: number;
  stable: number;
}

/**
 * Fast e-process for gross slowdowns: per scrape and bucket bound the exact likelihood ratio of Fisher's noncentral
 * hypergeometric distribution, tempered, mixed over odds ratios, bounds and the start of the harm.
 */
export class GrossEngine {
  readonly #starts: StartMixture;
  readonly #logS: number[][];
  readonly #bounds: number;
  /** Scrapes that spoke for harm: a passing hiccup fills one or two. */
  count = 0;

  constructor(bounds: number, starts: StartPlan) {
    this.#bounds = bounds;
    this.#starts = new StartMixture(starts);
    this.#logS = Array.from({ length: bounds }, () => grossGrid.map(() => -Infinity));
  }

  /** One scrape, one split per bound, against odds ratio psi0. */
  step(elapsed: number, splits: readonly SlowSplit[], psi0: number): void {
    const weight = Math.log(this.#starts.take(elapsed));
    const grid = grossGrid.map((psi) => Math.max(psi, 2 * psi0));
    let speaks = false;
    for (let b = 0; b < this.#bounds; b += 1) {
      const logS = this.#logS[b] ?? [];
      const split = splits[b];
      const eta = 1 / Math.max(leastGrossPhi, split?.phi ?? leastGrossPhi);
      const logLr = split === undefined ? [] : slowOddsLogLr(split, psi0, grid);
      speaks ||= logLr.some((value) => value > 0);
      for (let i = 0; i < logS.length; i += 1) {
        logS[i] = logAdd(logS[i] ?? -Infinity, weight) + eta * (logLr[i] ?? 0);
      }
    }
    if (speaks) this.count += 1;
  }

  /** ln of the e-value; without any bound nothing speaks for harm. */
  get logE(): number {
    if (this.#bounds === 0) return 0;
    let total = -Infinity;
    for (const logS of this.#logS) for (const value of logS) total = logAdd(total, value);
    const processes = this.#bounds * grossGrid.length;
    return logAdd(total - Math.log(processes), Math.log(this.#starts.remaining));
  }
}
