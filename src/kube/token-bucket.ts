import { type Clock, monotonicNow } from '../lib/clock.ts';

/** A bucket of tokens for each key: full at first, one more token every `refillMs`, never more than `burst`. */
export interface TokenBuckets {
  /** Takes a token; false when there is none. */
  take(key: string): boolean;
}

/** At most `keys` buckets are kept; the one that was used longest ago is forgotten first. */
export function createTokenBuckets(
  clock: Clock,
  options: { burst: number; refillMs: number; keys: number },
): TokenBuckets {
  const { burst, refillMs, keys } = options;
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key) {
      const now = monotonicNow(clock);
      const known = buckets.get(key) ?? { tokens: burst, at: now };
      const tokens = Math.min(burst, known.tokens + (now - known.at) / refillMs);
      const granted = tokens >= 1;
      buckets.delete(key);
      buckets.set(key, { tokens: granted ? tokens - 1 : tokens, at: now });
      const oldest = buckets.keys().next();
      if (buckets.size > keys && oldest.done !== true) buckets.delete(oldest.value);
      return granted;
    },
  };
}
