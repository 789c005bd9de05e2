/**
 * Weights of the starts of harm that a test looks for (Shin, Ramdas & Rinaldo 2022): `first` at once and
 * (1 - first)/(j(j+1)) at restart j. Late harm then costs ln(2j(j+1)) instead of the whole clean past.
 */
export interface StartPlan {
  /** Weight of a start at once. */
  first: number;
  /** Seconds between restarts (or scrapes, when fed with scrape numbers). */
  every: number;
}

/** The weight of restart j; j = 0 is the start at once. */
export function startWeight(plan: StartPlan, restart: number): number {
  return restart === 0 ? plan.first : (1 - plan.first) / (restart * (restart + 1));
}

/** Hands out the weights as time goes on. */
export class StartMixture {
  readonly #plan: StartPlan;
  #next = 0;
  #remaining = 1;

  constructor(plan: StartPlan) {
    this.#plan = plan;
  }

  /** Weight of the restarts still to come. */
  get remaining(): number {
    return this.#remaining;
  }

  /** The sum of the weights that fall due by `elapsed` and were not taken yet; 0 when none does. */
  take(elapsed: number): number {
    let weight = 0;
    while (this.#next === 0 || this.#next * this.#plan.every <= elapsed) {
      weight += startWeight(this.#plan, this.#next);
      this.#next += 1;
    }
    this.#remaining = Math.max(0, this.#remaining - weight);
    return weight;
  }
}
