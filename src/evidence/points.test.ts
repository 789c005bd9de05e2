import { describe, expect, test } from 'vitest';
import { bucketColumn, countColumn } from './codecs.ts';
import { type BucketPoint, type CountPoint, type KeptPoints, mergePoints } from './points.ts';
import type { Series } from './prometheus/schema.ts';
import { bucketPoints, countPoints, type Reading } from './read-points.ts';

const READING: Reading = {
  pods: { pod: 'pod', namespace: 'namespace' },
  namespace: 'shop',
  names: new Set(['web-1']),
  since: 0,
  statusLabel: 'code',
  routeLabel: 'path',
  classLabels: ['type'],
  ignoreRoutes: new Set(['/healthz']),
  isError: (status) => status.startsWith('5'),
  secondsPerUnit: 1,
};

function series(labels: Record<string, string>, value: number, time = 1000): Series {
  return { labels: { namespace: 'shop', pod: 'web-1', job: 'j', ...labels }, samples: [[time, value]] };
}

function only<P>(points: ReadonlyMap<string, ReadonlyMap<string, Iterable<[number, P]>>>): P | undefined {
  const targets = [...points.values()].flatMap((one) => [...one.values()]);
  const all = targets.flatMap((times) => [...times].map(([, point]) => point));
  expect(all).toHaveLength(1);
  return all[0];
}

describe('countPoints', () => {
  test('adds the series of a scrape up, errors by class', () => {
    const point = only(
      countPoints(
        [
          series({ code: '200', path: '/a' }, 10),
          series({ code: '500', path: '/a', type: 'db' }, 2),
          series({ code: '500', path: '/b', type: 'db' }, 1),
          series({ code: '503', path: '/a' }, 4),
          series({ code: '200', path: '/healthz' }, 99),
        ],
        READING,
      ),
    );

    expect(point).toEqual({
      series: 5,
      requests: 17,
      labelled: 17,
      errors: 7,
      classes: new Map([
        ['500 db', 3],
        ['503', 4],
      ]),
      routes: [],
    });
  });

  test('takes only +Inf of a histogram, and only its own pods', () => {
    const point = only(
      countPoints(
        [
          series({ code: '200', le: '0.1' }, 3),
          series({ code: '200', le: '+Inf' }, 5),
          series({ code: '200', pod: 'web-2' }, 7),
          series({ code: '200', namespace: 'pay' }, 7),
        ],
        READING,
      ),
    );

    expect(point?.requests).toBe(5);
  });
});

describe('bucketPoints', () => {
  test('adds successful requests at the bounds that all series have', () => {
    const point = only(
      bucketPoints(
        [
          series({ code: '200', path: '/a', le: '0.1' }, 3),
          series({ code: '200', path: '/a', le: '1.0' }, 5),
          series({ code: '200', path: '/a', le: '+Inf' }, 6),
          series({ code: '200', path: '/b', le: '1' }, 10),
          series({ code: '200', path: '/b', le: '+Inf' }, 20),
          series({ code: '500', path: '/a', le: '+Inf' }, 50),
        ],
        READING,
      ),
    );

    expect(point).toEqual({ series: 6, bounds: [1], counts: [15, 26] });
  });

  test('milliseconds become seconds', () => {
    const point = only(
      bucketPoints([series({ le: '250' }, 1), series({ le: '+Inf' }, 2)], { ...READING, secondsPerUnit: 0.001 }),
    );

    expect(point?.bounds).toEqual([0.25]);
  });

  test('buckets without +Inf are no histogram', () => {
    const merged: KeptPoints<BucketPoint> = new Map();
    mergePoints(merged, bucketPoints([series({ le: '0.1' }, 1)], READING), bucketColumn);

    expect([...merged.values()].flatMap((targets) => [...targets.values()].map((times) => times.size))).toEqual([0]);
  });
});

describe('mergePoints', () => {
  test('a scrape that arrives in parts grows and never shrinks', () => {
    const part = [series({ code: '200' }, 10)];
    const whole = [...part, series({ code: '500' }, 1)];
    const points: KeptPoints<CountPoint> = new Map();

    mergePoints(points, countPoints(part, READING), countColumn);
    mergePoints(points, countPoints(whole, READING), countColumn);
    mergePoints(points, countPoints(part, READING), countColumn);

    expect(only(points)).toMatchObject({ series: 2, requests: 11 });
  });
});
