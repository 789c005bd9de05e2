import type { Clock } from '../../lib/clock.ts';

/** A clock that stands still until it is moved; timers fire in order while it moves. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function createManualClock(start: number): ManualClock {
  let now = start;
  let timers: { at: number; task: () => void }[] = [];
  return {
    now: () => now,
    after: (delayMs, task) => {
      const timer = { at: now + delayMs, task };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance: (ms) => {
      const end = now + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = next.at;
        next.task();
      }
      now = end;
    },
  };
}
