import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addTo, type Buckets, bucketOf, middleOf, quantile } from './histogram.ts';
import { isVoid, maxLagMs, recordOf, Tally, total } from './record.ts';

const run = { url: 'http://127.0.0.1', rate: 10, mode: 'connection', startedAt: 0 } as const;

function bucketsOf(milliseconds: number[]): Buckets {
  const buckets: Buckets = new Map();
  for (const value of milliseconds) addTo(buckets, bucketOf(value));
  return buckets;
}

test('a quantile is within 2 % of the nearest rank', () => {
  const latencies = fc.array(fc.double({ min: 0.01, max: 30_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.5, 0.95, 0.99), (values, q) => {
      const sorted = [...values].sort((a, b) => a - b);
      const exact = sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
      expect(Math.abs((quantile(bucketsOf(values), q) ?? 0) / exact - 1)).toBeLessThan(0.02);
    }),
  );
});

test('without counts there is no quantile', () => {
  expect(quantile(new Map(), 0.5)).toBeUndefined();
});

test('a bucket holds its own middle', () => {
  for (const bucket of [0, 1, 100, 900]) expect(bucketOf(middleOf(bucket))).toBe(bucket);
});

test('a run is void when one request in a hundred was late, and not for a single one in more', () => {
  const onTime = Array.from({ length: 990 }, () => 1);
  const late = (count: number): number[] => Array.from({ length: count }, () => maxLagMs * 1.1);
  expect(isVoid(bucketsOf([...onTime, ...late(20)]))).toBe(true);
  expect(isVoid(bucketsOf([...onTime, ...late(5)]))).toBe(false);
  expect(isVoid(new Map())).toBe(false);
});

test('a record tells versions, pods and seconds apart', () => {
  const tally = new Tally();
  const answer = (version: string, pod: string, status: number, sentAt: number) =>
    tally.ended({ kind: 'answer', version, pod, status, sentAt, latencyMs: 10 });
  answer('v1', 'a', 200, 100);
  answer('v2', 'c', 503, 200);
  tally.ended({ kind: 'failed', code: 'ECONNREFUSED', sentAt: 300 });
  const first = tally.take(0);
  answer('v1', 'b', 404, 1100);
  tally.retry();
  const record = recordOf(run, [first, tally.take(1)]);
  expect(record).toMatchObject({ requests: 3, errors: 1, failed: { ECONNREFUSED: 1 }, retried: 1, void: false });
  expect(record.versions['v1']).toMatchObject({ requests: 2, errors: 0, firstAt: 100, lastAt: 1100 });
  expect(record.versions['v2']).toMatchObject({ requests: 1, errors: 1, statuses: { 503: 1 } });
  expect(Object.keys(record.pods).sort()).toEqual(['a', 'b', 'c']);
  expect(record.seconds.map((second) => [second.second, total(second.failed), Object.keys(second.versions)])).toEqual([
    [0, 1, ['v1', 'v2']],
    [1, 0, ['v1']],
  ]);
});

test('nothing is lost or counted twice between the lines', () => {
  const versions = fc.constantFrom('v1', 'v2');
  fc.assert(
    fc.property(fc.array(fc.record({ version: versions, cut: fc.boolean() }), { maxLength: 100 }), (events) => {
      const tally = new Tally();
      const lines = events.flatMap(({ version, cut }, index) => {
        tally.ended({ kind: 'answer', version, pod: version, status: 200, sentAt: index, latencyMs: 1 });
        return cut ? [tally.take(index)] : [];
      });
      expect(recordOf(run, [...lines, tally.take(events.length)]).requests).toBe(events.length);
    }),
  );
});
