import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundsOf, bucketColumn, countColumn, valueColumn } from './codecs.ts';
import type { Column } from './column.ts';
import type { BucketPoint, CountPoint } from './points.ts';

const number = fc.oneof(fc.nat(), fc.double({ noNaN: true }));
const value = fc.record({ series: fc.nat(), value: number });
const routes = fc.uniqueArray(fc.tuple(fc.nat(20), number, number), { selector: ([route]) => route }).map((all) => {
  const made: CountPoint['routes'] = [];
  for (const [route, requests, errors] of all) made[route] = [requests, errors];
  return made;
});
const count = fc.record({
  series: fc.nat(),
  requests: number,
  labelled: number,
  errors: number,
  classes: fc.array(fc.tuple(fc.constantFrom('500', '503', '500 db', ''), number)).map((all) => new Map(all)),
  routes,
});
const buckets = fc
  .record({
    series: fc.nat(),
    bounds: fc.constantFrom([], [0.1, 1], [0.1, 0.5, 1]),
    last: number,
    empty: fc.boolean(),
  })
  .map(({ series, bounds, last, empty }): BucketPoint => {
    if (empty) return { series, bounds: [], counts: [] };
    return { series, bounds, counts: [...bounds, last] };
  });

/** A column keeps what a map would, in the order of time. */
function keepsAll<P>(points: fc.Arbitrary<P>, make: () => Column<P>): void {
  const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), points), { maxLength: 60 });
  fc.assert(
    fc.property(writes, fc.integer({ max: 30 }), fc.integer({ max: 35 }), (all, from, to) => {
      const column = make();
      const map = new Map<number, P>();
      for (const [time, point] of all) {
        column.set(time, point);
        map.set(time, point);
      }
      const sorted = [...map].toSorted(([a], [b]) => a - b);

      expect([...column]).toEqual(sorted);
      expect([...column.keys()]).toEqual(sorted.map(([time]) => time));
      expect(column.size).toBe(map.size);
      expect([...column.between(from, to)]).toEqual(sorted.filter(([time]) => time >= from && time < to));
      for (let time = -1; time <= 31; time += 1) expect(column.get(time)).toEqual(map.get(time));
    }),
  );
}

describe('a column gives back what was put in', () => {
  test('values', () => keepsAll(value, valueColumn));
  test('counts, with classes and routes', () => keepsAll(count, countColumn));
  test('buckets', () => keepsAll(buckets, bucketColumn));
});

test('the bounds of points that were replaced are not in use any more', () => {
  const column = bucketColumn();
  column.set(1, { series: 1, bounds: [0.1], counts: [1, 2] });
  column.set(2, { series: 2, bounds: [0.1, 1], counts: [1, 2, 3] });
  column.set(3, { series: 0, bounds: [], counts: [] });
  expect(boundsOf(column)).toEqual([[0.1], [0.1, 1]]);

  column.set(1, { series: 2, bounds: [0.1, 1], counts: [1, 2, 3] });
  expect(boundsOf(column)).toEqual([[0.1, 1]]);
});
