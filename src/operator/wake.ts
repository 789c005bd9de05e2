import type { Clock } from '../lib/clock.ts';

/**
 * When a round of a source makes a pass: at once where it changed the verdict, else so often as status is to be fresh.
 * A pass reads everything that it decides on from the API server, which pods scraped every 2 s must not cost.
 *
 * @param everyMs least time between two passes without news
 */
export function createWake(options: {
  clock: Clock;
  everyMs: number;
  hasNews: (key: string) => boolean;
  look: (key: string) => void;
}): { round(key: string): void; forget(key: string): void } {
  const { clock, everyMs, hasNews, look } = options;
  const looked = new Map<string, number>();
  return {
    round: (key) => {
      const now = clock.now();
      if (now - (looked.get(key) ?? Number.NEGATIVE_INFINITY) < everyMs && !hasNews(key)) return;
      looked.set(key, now);
      look(key);
    },
    forget: (key) => void looked.delete(key),
  };
}
