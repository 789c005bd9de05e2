import type { Evidence, PodWindow } from '../../evidence/evidence.ts';
import { baselineWaitSeconds } from './constants.ts';
import { PodReader, type PodRow } from './pod-reader.ts';

/** What the pods that answer did between two moments, in seconds since slot 0. */
export interface Row {
  from: number;
  to: number;
  canary: PodRow[];
  stable: PodRow[];
  baseline: PodRow[];
  /** A pod of the track was scraped. */
  canarySeen: boolean;
  stableSeen: boolean;
  /** A baseline is on its way: what it is to be the control of is not compared yet. */
  awaitsBaseline: boolean;
}

/**
 * Turns scrapes of the run into rows in which both tracks cover the same time. While a canary pod, or all of stable, is
 * missing for a few scrapes, no row is handed out: the sample that ends the gap carries what happened in it, and has to
 * meet the other track's counts of the same time, else an outage in the gap would look like the canary's own.
 */
export class RunReader {
  readonly #readers: Record<'canary' | 'stable' | 'baseline', PodReader[]>;
  readonly #warmupSeconds: number;
  readonly #scrapeSeconds: number;
  readonly #known: Map<string, PodReader>;
  readonly #hasHistory: boolean;
  #from: number;

  /** `known`: the readers of the stable pods as the history left them. */
  constructor(options: { scrapeSeconds: number; warmupSeconds: number; known: Map<string, PodReader> }) {
    this.#scrapeSeconds = options.scrapeSeconds;
    this.#warmupSeconds = options.warmupSeconds;
    this.#known = options.known;
    this.#hasHistory = options.known.size > 0;
    this.#readers = { canary: [], stable: [], baseline: [] };
    this.#from = -options.scrapeSeconds;
  }

  /** Reads one slot of the run; null while a gap is open. */
  read(evidence: Evidence, slot: number): Row | null {
    const { canary, stable, baseline } = this.#readers;
    this.#admit('canary', evidence.canary, evidence.run, slot);
    this.#admit('stable', evidence.stable, evidence.run, slot);
    this.#admit('baseline', evidence.baseline ?? [], evidence.run, slot);
    const to = slot * this.#scrapeSeconds;
    for (const reader of [...canary, ...stable, ...baseline]) {
      reader.read(evidence.run.pods[reader.pod], slot, to, this.#warmupSeconds);
    }
    const control = [...stable, ...baseline];
    const stableOpen = control.some((reader) => reader.inGap) && control.every((reader) => !isUp(reader));
    if (canary.some((reader) => reader.inGap) || stableOpen) return null;
    const from = this.#from;
    this.#from = to;
    return {
      from,
      to,
      canary: rowsOf(canary, from),
      stable: rowsOf(stable, from),
      baseline: rowsOf(baseline, from),
      canarySeen: canary.some(isUp),
      stableSeen: control.some(isUp),
      awaitsBaseline: baseline.length > 0 && to < baselineWaitSeconds && !baseline.some((reader) => reader.seen),
    };
  }

  /** Scrapes since a pod of the canary was last seen; 0 when one was in the newest. */
  get canaryMissed(): number {
    const missed = this.#readers.canary.map((reader) => (reader.seen ? reader.missed : Infinity));
    return Math.min(Infinity, ...missed);
  }

  /** Pods that answer now. */
  count(track: 'canary' | 'stable' | 'baseline'): number {
    return this.#readers[track].filter((reader) => reader.seen && !reader.gone).length;
  }

  #admit(track: 'canary' | 'stable' | 'baseline', names: readonly string[], run: PodWindow, slot: number): void {
    const readers = this.#readers[track];
    if (names.length === readers.length) return;
    for (const name of names) {
      if (readers.some((reader) => reader.pod === name)) continue;
      readers.push(this.#open(track, name, run, slot));
    }
  }

  #open(track: 'canary' | 'stable' | 'baseline', name: string, run: PodWindow, slot: number): PodReader {
    const known = this.#known.get(name);
    if (known !== undefined) {
      if (!known.continues(run.pods[name])) known.breakOff();
      return known;
    }
    if (track !== 'stable') return new PodReader(name, 'fresh');
    // Without a past nobody knows whether a late first sample is a new pod or a missed scrape: the base is safe.
    const startedInRun = this.#hasHistory && (slot > 0 || (run.pods[name]?.requests[0] ?? null) === null);
    return new PodReader(name, startedInRun ? 'fresh' : 'older');
  }
}

/** A pod that is gone is no pod of its track any more, once what it had counted is handed out. */
function rowsOf(readers: readonly PodReader[], from: number): PodRow[] {
  return readers.flatMap((reader) => {
    const row = reader.take(from);
    return (reader.seen && !reader.gone) || row.requests > 0 ? [row] : [];
  });
}

function isUp(reader: PodReader): boolean {
  return reader.seen && reader.missed === 0;
}
