import { silentLogger } from '../../lib/log.ts';
import { type Collector, createCollector } from '../collector.ts';
import type { Evidence } from '../evidence.ts';
import type { EvidenceRequest } from '../request.ts';
import type { FakeSeries } from './fake-prometheus.ts';
import { createInProcessSource, type InProcessSource } from './in-process.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { requestOf } from './world.ts';

const STEP_SECONDS = 15;

/** One release that is watched, with the source and the clock in the hands of the test. */
export interface Watching {
  source: InProcessSource;
  clock: ManualClock;
  collector: Collector;
  /** The clock goes on in steps of 15 s, with a round after each. */
  go(seconds: number): Promise<Evidence>;
}

export interface WatchingOptions {
  startedAt: number;
  /** Known from the start; absent: `seriesAt`. */
  series?: FakeSeries[];
  /** What the source has at a moment of its own clock. */
  seriesAt?: (now: number) => FakeSeries[];
  request?: Partial<EvidenceRequest>;
  /** The operator's clock minus the source's, milliseconds. */
  ahead?: number;
}

/** Watches a release from the first moment of its run on. */
export function startWatching(options: WatchingOptions): Watching {
  const { startedAt, series = [], seriesAt, request, ahead = 0 } = options;
  const clock = createManualClock(startedAt + ahead);
  const source = createInProcessSource(() => clock.now() - ahead);
  source.series = series;
  const collector = createCollector({ sources: [source], clock, log: silentLogger, customAllowed: () => true });
  const watched = collector.watch('a', requestOf(startedAt, request));
  if (!watched.ok) throw new Error(watched.problem.message);
  return {
    source,
    clock,
    collector,
    go: async (seconds) => {
      for (let left = seconds; left > 0; left -= STEP_SECONDS) {
        clock.advance(Math.min(STEP_SECONDS, left) * 1000);
        if (seriesAt !== undefined) source.series = seriesAt(clock.now() - ahead);
        await collector.poll();
      }
      const evidence = collector.evidence('a');
      if (evidence === undefined) throw new Error('not watched');
      return evidence;
    },
  };
}
