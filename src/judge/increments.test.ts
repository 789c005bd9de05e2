import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketIncrements, increments } from './increments.ts';

const steps = fc.array(fc.record({ add: fc.nat(100), reset: fc.boolean(), missed: fc.boolean() }), {
  minLength: 1,
  maxLength: 50,
});

describe('increments', () => {
  test.each([
    ['a pod of the run counts from 0', [3, 5], 0, [3, 2]],
    ['an older pod from its first sample', [3, 5], null, [0, 2]],
    ['a smaller value is a reset and its own increment', [5, 2, 4], 0, [5, 2, 2]],
    ['the next sample carries a gap', [5, null, 9], 0, [5, 0, 4]],
    ['a gap at the start', [null, 5, 6], null, [0, 0, 1]],
  ] as const)('%s', (_, values, start, expected) => {
    expect(increments(values, start)).toEqual(expected);
  });

  test('every event is counted once unless it fell between the last sample and a reset', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let counter = 0;
        let unseen = 0;
        let lost = 0;
        let total = 0;
        const values = all.map(({ add, reset, missed }, i) => {
          if (reset) {
            lost += unseen;
            unseen = 0;
            counter = 0;
          }
          counter += add + 1;
          total += add + 1;
          // A reset shows only when the counter was seen falling; let it be seen at once and small.
          const hidden = missed && !reset && all[i + 1]?.reset !== true;
          unseen = hidden ? unseen + add + 1 : 0;
          return hidden ? null : counter;
        });
        const rising = values.every((value, i) => {
          const before = values.slice(0, i).findLast((one) => one !== null);
          return all[i]?.reset !== true || value === null || before === undefined || before === null || value < before;
        });
        fc.pre(rising);

        const sum = increments(values, 0).reduce((a, b) => a + b, 0);

        expect(sum).toBe(total - lost - unseen);
        expect(increments(values, 0).every((value) => value >= 0)).toBe(true);
      }),
    );
  });

  test('buckets reset together', () => {
    const samples = [[1, 3], [2, 6], null, [1, 7], [1, 8]];

    expect(bucketIncrements(samples, 0, 2)).toEqual([
      [1, 3],
      [1, 3],
      [0, 0],
      [1, 7],
      [0, 1],
    ]);
    expect(bucketIncrements(samples, null, 2)[0]).toEqual([0, 0]);
  });
});
