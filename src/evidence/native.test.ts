import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addNative, atBounds, type NativePoint, nativeBounds } from './native.ts';
import { createNativeReading } from './native-reading.ts';
import type { NativeSample } from './prometheus/schema.ts';

function point(...samples: NativeSample['buckets'][]): NativePoint {
  const made: NativePoint = { series: samples.length, count: 0, buckets: new Map() };
  for (const buckets of samples) {
    addNative(made, { count: buckets.reduce((sum, { count }) => sum + count, 0), sum: 0, buckets });
  }
  return made;
}

/** Bucket k of a resolution holds what lies in (2^((k-1)/2^s), 2^(k/2^s)]. */
function exponential(schema: number, counts: Record<number, number>): NativeSample['buckets'] {
  const bound = (k: number): number => 2 ** (k * 2 ** -schema);
  return Object.entries(counts).map(([k, count]) => ({ low: bound(Number(k) - 1), high: bound(Number(k)), count }));
}

describe('nativeBounds', () => {
  test('the bounds of the resolution, to a power of 4 on both sides', () => {
    const bounds = nativeBounds([point(exponential(0, { [-3]: 4, 0: 1 }))]);

    expect(bounds).toEqual([1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4]);
  });

  test('the coarsest resolution is common to all', () => {
    const fine = point(exponential(3, { [-8]: 5, [-1]: 2 }));
    const coarse = point(exponential(1, { [-1]: 3 }));

    const bounds = nativeBounds([fine, coarse]);

    const at = (bound: number): number => bounds.findIndex((one) => Math.abs(one - bound) < 1e-9);
    expect(bounds.every((bound) => Number.isInteger(Number((Math.log2(bound) * 2).toFixed(6))))).toBe(true);
    expect(atBounds(fine, bounds).counts[at(0.5)]).toBe(5);
    expect(atBounds(fine, bounds).counts[at(1)]).toBe(7);
    expect(atBounds(coarse, bounds).counts[at(Math.SQRT1_2)]).toBe(3);
    expect(atBounds(coarse, bounds).counts[at(0.5)]).toBe(0);
  });

  test('further requests inside the outermost powers change no bound', () => {
    const before = nativeBounds([point(exponential(3, { [-20]: 5, [-9]: 2 }))]);

    expect(nativeBounds([point(exponential(3, { [-20]: 5, [-9]: 2, [-12]: 1 }))])).toEqual(before);
  });

  test('bounds that the application chose: those inside of no other bucket', () => {
    const one = point([
      { low: Number.NEGATIVE_INFINITY, high: 0.1, count: 4 },
      { low: 0.1, high: 0.3, count: 2 },
      { low: 5, high: Number.POSITIVE_INFINITY, count: 1 },
    ]);
    const other = point([{ low: 0.2, high: 0.7, count: 3 }]);

    expect(nativeBounds([one])).toEqual([0.1, 0.3, 5]);
    expect(atBounds(one, [0.1, 0.3, 5]).counts).toEqual([4, 6, 6, 7]);
    expect(nativeBounds([one, other])).toEqual([0.1, 0.7, 5]);
    expect(atBounds(other, [0.1, 0.7, 5]).counts).toEqual([0, 3, 3, 3]);
  });

  test('requests of no duration lie below every bound, and no buckets have none', () => {
    const zero = { low: -2.9e-39, high: 2.9e-39, count: 7 };
    const both = point([zero, ...exponential(0, { 1: 2 })]);
    const bounds = nativeBounds([both]);

    expect(atBounds(both, bounds).counts).toEqual(bounds.map((bound) => (bound < 2 ? 7 : 9)).concat(9));
    expect(nativeBounds([point()])).toEqual([]);
    expect(atBounds(point(), bounds).counts).toEqual([]);
  });

  test('counts are cumulative, exact and complete, whatever resolutions are mixed', () => {
    const series = fc.record({
      schema: fc.integer({ min: -1, max: 6 }),
      counts: fc.dictionary(fc.integer({ min: -300, max: 40 }).map(String), fc.integer({ min: 1, max: 50 }), {
        minKeys: 1,
        maxKeys: 8,
      }),
    });
    fc.assert(
      fc.property(fc.array(series, { minLength: 1, maxLength: 4 }), (all) => {
        const samples = all.map(({ schema, counts }) => exponential(Math.min(schema, 5), counts));
        const points = samples.map((buckets) => point(buckets));
        const bounds = nativeBounds(points);
        const together = atBounds(point(...samples), bounds).counts;
        const single = points.map((one) => atBounds(one, bounds).counts);

        expect(together).toEqual(together.map((_, i) => single.reduce((sum, counts) => sum + (counts[i] ?? 0), 0)));
        expect(together).toEqual(together.toSorted((a, b) => a - b));
        expect(together.at(-2)).toBe(together.at(-1));
        for (const [i, bound] of bounds.entries()) {
          const below = samples.flat().filter(({ high }) => high <= bound * (1 + 1e-9));
          expect(together[i]).toBe(below.reduce((sum, { count }) => sum + count, 0));
          expect(samples.flat().every(({ low, high }) => high <= bound * (1 + 1e-6) || low >= bound * (1 - 1e-6))).toBe(
            true,
          );
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('createNativeReading', () => {
  const fine = exponential(2, { [-8]: 4, [-6]: 2 });
  const pods = (...points: NativePoint[]) => new Map([['a', new Map([['t', new Map(points.entries())]])]]);

  test('reads each point once, until other bounds are common to all', () => {
    const reading = createNativeReading();
    const [one, two] = [point(fine), point(fine, fine)];
    const read = (...points: NativePoint[]) => [
      ...(reading
        .classic(pods(...points), 1)
        .get('a')
        ?.get('t')
        ?.values() ?? []),
    ];
    const first = read(one);
    const both = read(one, two);

    expect(both[0]).toBe(first[0]);
    expect(both[1]).toEqual({ ...atBounds(two, first[0]?.bounds ?? []), bounds: first[0]?.bounds });

    const coarse = read(one, point(exponential(0, { [-1]: 1 })));
    expect(coarse[0]?.bounds.length).toBeLessThan(first[0]?.bounds.length ?? 0);
    expect(coarse[0]).toEqual({ ...atBounds(one, coarse[0]?.bounds ?? []), bounds: coarse[0]?.bounds });
  });

  test('says bounds in seconds', () => {
    const inSeconds = createNativeReading()
      .classic(pods(point(fine)), 0.001)
      .get('a')
      ?.get('t')
      ?.get(0);
    const own = nativeBounds([point(fine)]);
    expect(inSeconds?.bounds).toEqual(own.map((bound) => Number((bound / 1000).toPrecision(12))));
    expect(inSeconds?.counts).toEqual(atBounds(point(fine), own).counts);
  });
});
