import type { LedgerEntry } from '../api/schema.ts';
import { type Clock, monotonicNow } from '../lib/clock.ts';
import { recordKey } from '../report/kept.ts';
import { type PlotData, plotDataOf } from './plot-data.ts';
import type { DashboardSource, KeptRecord } from './source.ts';
import { digest } from './view/page.ts';

/** Records are read again after so long where the newest end has none yet: it is written after the status. */
const soonMilliseconds = 5000;
/** And where all is there, or reading failed. */
const lateMilliseconds = 600_000;
/** Releases whose records are kept in memory. */
const mostKept = 16;

/** What is kept of past releases, read from the API once for all who look. */
export interface Records {
  of(key: string): Promise<readonly KeptRecord[]>;
  /** The plots of one record. */
  data(key: string, record: KeptRecord): Promise<PlotData | undefined>;
}

interface Entry {
  /** The newest end when it was read. */
  end: string;
  until: number;
  asked: Promise<readonly KeptRecord[]>;
  plots: Map<string, Promise<PlotData | undefined>>;
}

export function createRecords(
  source: Pick<DashboardSource, 'records' | 'record' | 'recorded' | 'release'>,
  clock: Clock,
): Records {
  const entries = new Map<string, Entry>();
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: a record may be large while it is read. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  }

  function newestEnd(key: string): string {
    const newest = source.release(key)?.status?.ledger?.find(({ ended }) => ended !== undefined);
    return newest === undefined ? '' : idOf(newest);
  }

  function entryOf(key: string): Entry {
    const end = newestEnd(key);
    const known = entries.get(key);
    if (known !== undefined && known.end === end && monotonicNow(clock) < known.until) return known;
    // What cannot be read is no reason for no page: it shows what status tells.
    const asked = inTurn(() => source.records(key)).catch(() => []);
    const entry: Entry = {
      end,
      until: monotonicNow(clock) + soonMilliseconds,
      asked,
      plots: known?.plots ?? new Map(),
    };
    void asked.then((records) => {
      for (const id of entry.plots.keys()) if (!records.some((record) => idOf(record) === id)) entry.plots.delete(id);
      if (end === '' || records.some((record) => idOf(record) === end)) entry.until += lateMilliseconds;
    });
    entries.delete(key);
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= mostKept) break;
      entries.delete(oldest);
    }
    return entry;
  }

  async function compute(key: string, kept: KeptRecord): Promise<PlotData | undefined> {
    const record = await source.record(key, kept);
    const course = record === undefined ? undefined : await source.recorded(record);
    if (course === undefined) return undefined;
    const data = plotDataOf(course);
    return { ...data, version: digest(JSON.stringify(data)) };
  }

  return {
    of: (key) => entryOf(key).asked,
    data(key, record) {
      const { plots } = entryOf(key);
      const id = idOf(record);
      const known = plots.get(id);
      if (known !== undefined) return known;
      const made = inTurn(() => compute(key, record)).catch(() => {
        // What could not be read now may be read the next time.
        plots.delete(id);
        return undefined;
      });
      plots.set(id, made);
      return made;
    },
  };
}

/** Names one release of a revision, in a path too. */
export function idOf(release: Pick<LedgerEntry, 'revision' | 'started'>): string {
  return recordKey(release).replace(/\.json\.gz$/, '');
}

/** The record of that name; of a revision, or of the beginning of one, the newest. */
export function findRecord(records: readonly KeptRecord[], id: string): KeptRecord | undefined {
  return records.find((record) => idOf(record) === id) ?? records.find((record) => idOf(record).startsWith(id));
}
