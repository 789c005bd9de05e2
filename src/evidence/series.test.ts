import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ValuePoint } from './points.ts';
import { lastPerSlot, pickTarget, spacing, sumContainers } from './series.ts';

const GRID = { origin: 0, slotMs: 10_000, slots: 8 };

function containers(all: Record<string, [number, number][]>): Map<string, Map<number, ValuePoint>> {
  return new Map(
    Object.entries(all).map(([name, samples]) => [
      `job\n${name}\nnode`,
      new Map(samples.map(([seconds, value]) => [seconds * 1000, { series: 1, value }])),
    ]),
  );
}

describe('lastPerSlot', () => {
  test('takes the last sample inside a slot and carries nothing on', () => {
    const points: [number, string][] = [
      [9999, 'b'],
      [0, 'a'],
      [10_000, 'c'],
      [79_999, 'e'],
      [80_000, 'f'],
      [-1, 'z'],
      [30_000, 'd'],
    ];

    expect(lastPerSlot(points, GRID)).toEqual(['b', 'c', null, 'd', null, null, null, 'e']);
  });
});

describe('spacing', () => {
  test.each([
    [[[0, 5001, 9999, 15_000]], 5],
    [[[0, 15_000, 30_000, 90_000]], 15],
    [
      [
        [15_000, 0],
        [0, 15_000],
      ],
      15,
    ],
    [[[0]], 15],
    [[], 15],
  ])('%j', (series, seconds) => {
    expect(spacing(series)).toBe(seconds);
  });
});

describe('pickTarget', () => {
  test('the first by name of those with samples, in whatever order they come', () => {
    const point = (series: number): Map<number, { series: number }> => new Map([[1, { series }]]);

    expect(
      pickTarget(
        new Map([
          ['b', point(1)],
          ['c', point(1)],
          ['a', point(0)],
        ]),
      ),
    ).toBe('b');
    expect(pickTarget(new Map([['a', point(0)]]))).toBeUndefined();
  });
});

describe('sumContainers', () => {
  test('one container: its samples', () => {
    const targets = containers({
      app: [
        [3, 10],
        [14, 12],
        [39, 20],
      ],
    });

    expect(sumContainers(targets, GRID, 'counter')).toEqual([10, 12, null, 20, null, null, null, null]);
  });

  test('a slot in which a running container has no sample is unknown', () => {
    const targets = containers({
      app: [
        [3, 10],
        [14, 12],
        [25, 13],
      ],
      proxy: [
        [5, 100],
        [28, 110],
      ],
    });

    expect(sumContainers(targets, GRID, 'counter').slice(0, 3)).toEqual([110, null, 123]);
  });

  test('a container that restarts is no reset of the pod', () => {
    const targets = containers({
      app: [
        [3, 10],
        [14, 2],
      ],
      proxy: [
        [5, 100],
        [15, 105],
      ],
    });

    expect(sumContainers(targets, GRID, 'counter').slice(0, 2)).toEqual([110, 117]);
  });

  test('an init container keeps its seconds, and its memory is gone', () => {
    const targets = containers({
      init: [[2, 7]],
      app: [
        [3, 1],
        [14, 2],
        [74, 9],
      ],
    });

    expect(sumContainers(targets, GRID, 'counter')).toEqual([8, 9, null, null, null, null, null, 16]);
    expect(sumContainers(targets, GRID, 'gauge')).toEqual([8, null, null, null, null, null, null, 9]);
  });

  test('only one of two jobs that report the same containers', () => {
    const targets = containers({ app: [[3, 10]] });
    targets.set('other\napp\nnode', new Map([[4000, { series: 1, value: 10 }]]));

    expect(sumContainers(targets, GRID, 'counter')[0]).toBe(10);
  });

  test('a counter never falls, whatever restarts and comes late', () => {
    const samples = fc.array(fc.tuple(fc.nat(79), fc.nat(1000)), { maxLength: 12 });
    fc.assert(
      fc.property(fc.record({ app: samples, proxy: samples }), (all) => {
        const known = sumContainers(containers(all), GRID, 'counter').filter((value) => value !== null);

        expect(known).toEqual(known.toSorted((a, b) => a - b));
      }),
    );
  });
});
