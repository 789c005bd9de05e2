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
  /** Of two that fall due together the one that was made first runs first. */
  order: number;
  task: () => void;
  /** Its place in the heap; -1 when it is not in it any more. */
  place: number;
}

/** Timers by time: a binary heap, so that thousands of them cost little. */
class Timers {
  readonly #heap: Timer[] = [];

  get size(): number {
    return this.#heap.length;
  }

  first(): Timer | undefined {
    return this.#heap[0];
  }

  add(timer: Timer): void {
    this.#rise(timer, this.#heap.push(timer) - 1);
  }

  remove(timer: Timer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  #put(timer: Timer, place: number): void {
    timer.place = place;
    this.#heap[place] = timer;
  }

  #rise(timer: Timer, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(timer, place);
  }

  #sink(timer: Timer, from: number): void {
    let place = from;
    for (;;) {
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || isBefore(timer, child)) break;
      const below = child.place;
      this.#put(child, place);
      place = below;
    }
    this.#put(timer, place);
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Lets everything run that waits for promises only. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock for tests and simulations that stands still until it is moved. `start` is milliseconds since the epoch. */
export function createFakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  let offset = start;
  let made = 0;
  const timers = new Timers();

  function runNext(until: number): boolean {
    const timer = timers.first();
    if (timer === undefined || timer.at > until) return false;
    timers.remove(timer);
    elapsed = Math.max(elapsed, timer.at);
    timer.task();
    return true;
  }

  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after(delayMs, task) {
      made += 1;
      const timer = { at: elapsed + Math.max(0, delayMs), order: made, task, place: -1 };
      timers.add(timer);
      return () => timers.remove(timer);
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
      const timer = timers.first();
      return timer === undefined ? undefined : offset + timer.at;
    },
    pending: () => timers.size,
  };
}
