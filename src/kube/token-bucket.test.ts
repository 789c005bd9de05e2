import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createTokenBuckets } from './token-bucket.ts';

describe('token buckets', () => {
  it('are full at first, and fill again one by one, each key for itself', () => {
    const clock = createFakeClock();
    const buckets = createTokenBuckets(clock, { burst: 2, refillMs: 1_000, keys: 10 });
    const take = (key: string, count: number) => Array.from({ length: count }, () => buckets.take(key));

    expect(take('a', 3)).toEqual([true, true, false]);
    expect(take('b', 1)).toEqual([true]);
    clock.advanceSync(999);
    expect(take('a', 1)).toEqual([false]);
    clock.advanceSync(1);
    expect(take('a', 2)).toEqual([true, false]);
    clock.advanceSync(60_000);
    expect(take('a', 3)).toEqual([true, true, false]);
  });

  it('forget the key that was used longest ago', () => {
    const buckets = createTokenBuckets(createFakeClock(), { burst: 1, refillMs: 1e9, keys: 2 });
    for (const key of ['a', 'b', 'a', 'c']) buckets.take(key);

    expect(['a', 'b'].map((key) => buckets.take(key))).toEqual([false, true]);
  });
});
