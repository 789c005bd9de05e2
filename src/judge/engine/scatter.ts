import { dispersionSeconds, recentSeconds, unknownPhi } from './constants.ts';
import { Dispersion, rateSpread } from './dispersion.ts';
import { podSpreadPrior } from './gauge-noise.ts';

/** Events and exposure of one stable pod in one scrape. */
export interface PodEvents {
  pod: string;
  events: number;
  exposure: number;
}

/**
 * How the events of stable pods scatter: between pods in the same scrapes, or over time where there is but one pod. Fed
 * with the history and then with the run, so that evidence of a scrape is tempered by what was known before it.
 */
export class Scatter {
  readonly #pods = new Map<string, number>();
  /** Of rows of another length, before those that are added now. */
  #past: Dispersion | null = null;
  #between: Dispersion;
  readonly #window: { events: number[]; exposure: number[] } = { events: [], exposure: [] };
  readonly #overTime = new Dispersion([1]);
  readonly #lengths: readonly number[];
  #scrapeSeconds: number;
  #windowScrapes: number;
  readonly #events: number[] = [];
  readonly #exposure: number[] = [];
  readonly #known: boolean;

  /** `known`: a history of stable is going to be fed; `lengths`: batches in seconds that are looked at. */
  constructor(scrapeSeconds: number, known: boolean, lengths: readonly number[] = dispersionSeconds) {
    this.#lengths = lengths;
    this.#scrapeSeconds = scrapeSeconds;
    this.#between = dispersionOf(lengths, scrapeSeconds);
    this.#windowScrapes = windowOf(scrapeSeconds);
    this.#known = known;
  }

  /** From now on rows are this long. */
  pace(scrapeSeconds: number): void {
    if (scrapeSeconds === this.#scrapeSeconds) return;
    this.#scrapeSeconds = scrapeSeconds;
    this.#past = this.#between;
    this.#between = dispersionOf(this.#lengths, scrapeSeconds);
    this.#windowScrapes = windowOf(scrapeSeconds);
    this.#window.events = [];
    this.#window.exposure = [];
  }

  add(row: readonly PodEvents[]): void {
    const events = this.#events.map(() => 0);
    const exposure = this.#events.map(() => 0);
    for (const { pod, events: count, exposure: shown } of row) {
      let index = this.#pods.get(pod);
      if (index === undefined) {
        index = this.#pods.size;
        this.#pods.set(pod, index);
      }
      events[index] = count;
      exposure[index] = shown;
      this.#events[index] = (this.#events[index] ?? 0) + count;
      this.#exposure[index] = (this.#exposure[index] ?? 0) + shown;
    }
    this.#between.add(events, exposure);
    if (this.#pods.size === 1) this.#addToWindow(events[0] ?? 0, exposure[0] ?? 0);
  }

  #addToWindow(events: number, exposure: number): void {
    this.#window.events.push(events);
    this.#window.exposure.push(exposure);
    if (this.#window.events.length < this.#windowScrapes) return;
    this.#overTime.add(this.#window.events, this.#window.exposure);
    this.#window.events = [];
    this.#window.exposure = [];
  }

  /** Dispersion, at least 1; at least `unknownPhi` where stable has no past. */
  get phi(): number {
    const between = Math.max(this.#past?.significantPhi ?? 1, this.#between.significantPhi);
    const measured = this.#pods.size === 1 ? this.#overTime.significantPhi : between;
    return this.#known ? measured : Math.max(unknownPhi, measured);
  }

  /** Lasting standard deviation of the ln rate between pods. */
  get spread(): number {
    return rateSpread(this.#events, this.#exposure, {
      phi: this.phi,
      prior: podSpreadPrior.sd,
      priorWeight: podSpreadPrior.weight,
    });
  }

  get events(): number {
    let total = 0;
    for (const count of this.#events) total += count;
    return total;
  }

  get exposure(): number {
    let total = 0;
    for (const shown of this.#exposure) total += shown;
    return total;
  }
}

function dispersionOf(lengths: readonly number[], scrapeSeconds: number): Dispersion {
  return new Dispersion([...new Set(lengths.map((seconds) => Math.max(1, Math.round(seconds / scrapeSeconds))))]);
}

function windowOf(scrapeSeconds: number): number {
  return Math.max(2, Math.round(recentSeconds / scrapeSeconds));
}
