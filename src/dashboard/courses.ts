import { type Clock, monotonicNow } from '../lib/clock.ts';
import { type PlotData, plotDataOf } from './plot-data.ts';
import type { DashboardSource } from './source.ts';
import { digest } from './view/page.ts';

/** Nothing is computed more often for one release, whoever asks. */
const freshMilliseconds = 900;
/** Releases whose plots are kept after their end. */
const mostKept = 64;

/** The data of the plots, computed once for all who look. */
export interface Courses {
  /** undefined: nothing was measured that the status of the release speaks of. */
  of(key: string): Promise<PlotData | undefined>;
}

interface Entry {
  /** Start of the comparison, as in status: it tells one run from the next. */
  since: string | undefined;
  at: number;
  asked: Promise<PlotData | undefined>;
}

export function createCourses(source: Pick<DashboardSource, 'course' | 'release'>, clock: Clock): Courses {
  const entries = new Map<string, Entry>();

  async function compute(key: string, last: Promise<PlotData | undefined> | undefined): Promise<PlotData | undefined> {
    const course = await source.course(key);
    // After the end of a release nothing is measured any more: who looks on still sees what there was.
    if (course === undefined) return last;
    const data = plotDataOf(course);
    return { ...data, version: digest(JSON.stringify(data)) };
  }

  return {
    of(key) {
      const now = monotonicNow(clock);
      const since = source.release(key)?.status?.analysis?.since;
      const before = entries.get(key);
      const same = before !== undefined && before.since === since;
      if (same && now - before.at < freshMilliseconds) return before.asked;
      const entry = { since, at: now, asked: compute(key, same ? before.asked : undefined) };
      entries.delete(key);
      entries.set(key, entry);
      for (const oldest of entries.keys()) {
        if (entries.size <= mostKept) break;
        entries.delete(oldest);
      }
      return entry.asked;
    },
  };
}
