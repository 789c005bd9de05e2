import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quantile } from './histogram.ts';

describe('quantile', () => {
  test.each([
    [0.5, [0, 10, 10, 10], 0.15],
    [0.5, [10, 10, 10, 10], 0.05],
    [0.95, [10, 10, 10, 20], 0.4],
    [1, [5, 10, 20, 20], 0.4],
    [0.5, [0, 0, 0, 0], null],
  ])('p%d of %j is %d', (q, counts, expected) => {
    const value = quantile([0.1, 0.2, 0.4], counts, q);

    expect(value === null ? null : Number(value.toFixed(9))).toBe(expected);
  });

  test('grows with q and stays inside the bounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 5, maxLength: 5 }),
        fc.double({ min: 0.01, max: 0.98, noNaN: true }),
        (adds, q) => {
          let sum = 0;
          const counts = adds.map((add) => (sum += add));
          fc.pre(sum > 0);
          const low = quantile([1, 2, 4, 8], counts, q) ?? Number.NaN;
          const high = quantile([1, 2, 4, 8], counts, q + 0.01) ?? Number.NaN;

          expect(low).toBeLessThanOrEqual(high + 1e-9);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(8);
        },
      ),
    );
  });
});
