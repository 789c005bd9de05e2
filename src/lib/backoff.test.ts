import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay } from './backoff.ts';

describe('backoffDelay', () => {
  it('doubles to its cap when nothing is random', () => {
    const delays = [0, 1, 2, 3, 4, 5].map((attempt) => backoffDelay(attempt, () => 0, { baseMs: 100, maxMs: 1500 }));

    expect(delays).toEqual([100, 200, 400, 800, 1500, 1500]);
  });

  it('takes the jitter off the delay', () => {
    expect(backoffDelay(0, () => 0.5, { baseMs: 100, maxMs: 1000, jitter: 0.4 })).toBe(80);
    expect(backoffDelay(0, () => 0.5, { baseMs: 100, maxMs: 1000, jitter: 0 })).toBe(100);
  });

  it('stays within its bounds whatever the attempt', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, draw) => {
        const delay = backoffDelay(attempt, () => draw, { baseMs: 5, maxMs: 60_000, factor: 10 });

        expect(delay).toBeGreaterThanOrEqual(2.5);
        expect(delay).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});
