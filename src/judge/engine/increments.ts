/**
 * One counter of one pod, read scrape by scrape with the semantics of Prometheus counters: a drop is a reset and the
 * new value is the increment; a missed scrape is carried by the next sample; the first sample of a pod that started in
 * the run counts from 0, that of an older pod is only a base.
 */
export class Counter {
  #last: number | null;

  constructor(startedInRun: boolean) {
    this.#last = startedInRun ? 0 : null;
  }

  /** The increment that this sample brings; null for a missed scrape and for a mere base. */
  read(sample: number | null): number | null {
    if (sample === null) return null;
    const last = this.#last;
    this.#last = sample;
    if (last === null) return null;
    return sample < last ? sample : sample - last;
  }

  /** Takes the sample as the new base: what came before is not counted. */
  rebase(sample: number | null): void {
    this.#last = sample;
  }
}

/** The increments of a whole series of samples. */
export function counterIncrements(samples: readonly (number | null)[], startedInRun: boolean): (number | null)[] {
  const counter = new Counter(startedInRun);
  return samples.map((sample) => counter.read(sample));
}
