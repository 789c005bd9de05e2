import type { Clock } from './clock.ts';

export interface FakeClock extends Clock {
  monotonic(): number;
  /**
   * Moves time forward and runs the timers that fall due, in order of their time and then of their making. Before the
   * first, after each and after the last one everything that waits for promises runs, so that asynchronous code sees
   * each moment as it would in real time.
   */
  advance(ms: number): Promise<void>;
  /** Moves time to the next timer and runs it, then what waits for promises; false, and nothing, when none is set. */
  step(): Promise<boolean>;
  /** As `advance`, but promises run only after the caller returns. */
  advanceSync(ms: number): void;
  /** Changes what `now()` says, as NTP or a person does: no timer runs and `monotonic()` does not notice. */
  jump(ms: number): void;
  /** `now()` of the next timer, undefined when none is set. */
  next(): number | undefined;
  /** How many timers are set. */
  pending(): number;
}

interface Timer {
  at: number;
  task: () => void;
}

/** Lets everything run that waits for promises only. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock for tests and simulations that stands still until it is moved. `start` is milliseconds since the epoch. */
export function createFakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  let offset = start;
  const timers = new Set<Timer>();

  function earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) if (first === undefined || timer.at < first.at) first = timer;
    return first;
  }

  function runNext(until: number): boolean {
    const timer = earliest();
    if (timer === undefined || timer.at > until) return false;
    timers.delete(timer);
    elapsed = Math.max(elapsed, timer.at);
    timer.task();
    return true;
  }

  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after(delayMs, task) {
      const timer = { at: elapsed + Math.max(0, delayMs), task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const until = elapsed + ms;
      await settle();
      while (runNext(until)) await settle();
      elapsed = until;
    },
    async step() {
      await settle();
      const ran = runNext(Number.POSITIVE_INFINITY);
      await settle();
      return ran;
    },
    advanceSync(ms) {
      const until = elapsed + ms;
      while (runNext(until));
      elapsed = until;
    },
    jump(ms) {
      offset += ms;
    },
    next() {
      const timer = earliest();
      return timer === undefined ? undefined : offset + timer.at;
    },
    pending: () => timers.size,
  };
}
