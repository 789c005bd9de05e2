import type { Counter } from 'prom-client';

/** A counter whose series can be seen at 0 before their first count. */
export interface CounterFromZero {
  inc(labels: Record<string, string>): void;
  /** Called before each scrape: shows what has been held back for long enough. */
  settle(): void;
}

/** As long as a usual Prometheus takes from one scrape to the next. */
export const ZERO_MS = 60_000;

/**
 * A Prometheus knows no increase from a series that is not there yet to its first value. What is counted once a week has
 * new series after each restart, so `increase()` and every alert on it would see none of it. A new series is so shown
 * with 0 first, for a minute, and then with what was counted meanwhile.
 *
 * @param now milliseconds
 */
export function countFromZero(counter: () => Counter, now: () => number, zeroMs: number): CounterFromZero {
  const held = new Map<string, { labels: Record<string, string>; since: number; count: number }>();
  const known = new Set<string>();

  function settle(): void {
    for (const [key, { labels, since, count }] of held) {
      if (now() - since < zeroMs) continue;
      counter().inc(labels, count);
      held.delete(key);
    }
  }

  function inc(labels: Record<string, string>): void {
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    if (!known.has(key)) {
      known.add(key);
      counter().inc(labels, 0);
      held.set(key, { labels, since: now(), count: 0 });
    }
    const waiting = held.get(key);
    if (waiting === undefined) return counter().inc(labels);
    waiting.count += 1;
    settle();
  }

  return { inc, settle };
}
