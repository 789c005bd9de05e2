import { describe, expect, test } from 'vitest';
import type { Metric } from './metric.ts';
import { planQueries, type Want } from './plan.ts';

const NOW = 1_750_000_000_000;
const METRIC: Metric = {
  metric: 'm',
  pods: { pod: 'pod', namespace: 'namespace' },
  matchers: ['container!=""'],
  secondsPerUnit: 1,
  perContainer: false,
};

function want(key: string, pods: string[], seconds: number, changes: Partial<Want> = {}): Want {
  return { key, metric: METRIC, namespace: 'shop', pods, from: NOW - seconds * 1000, ...changes };
}

describe('planQueries', () => {
  test('joins releases into one query over the longest of the short windows', () => {
    const queries = planQueries([want('a', ['a-1'], 15), want('b', ['b-1'], 30, { namespace: 'pay' })], NOW);

    expect(queries.map(({ query }) => query)).toEqual([
      'm{namespace=~"pay|shop",pod=~"a-1|b-1",container!=""}[30000ms]',
    ]);
    expect(queries[0]?.wants.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  test('a first read goes apart, and a metric with other pod labels too', () => {
    const old = { ...METRIC, pods: { pod: 'kubernetes_pod_name', namespace: 'kubernetes_namespace' } };
    const queries = planQueries(
      [want('a', ['a-1'], 15), want('b', ['b-1'], 7200), want('c', ['c-1'], 15, { metric: old })],
      NOW,
    );

    expect(queries.map(({ query }) => query)).toEqual([
      'm{namespace="shop",pod="a-1",container!=""}[15000ms]',
      'm{namespace="shop",pod="b-1",container!=""}[7200000ms]',
      'm{kubernetes_namespace="shop",kubernetes_pod_name="c-1",container!=""}[15000ms]',
    ]);
  });

  test('splits what gets too long, and loses no pod', () => {
    const pods = Array.from({ length: 2000 }, (_, i) => `checkout-${i}-${'x'.repeat(30)}`);
    const queries = planQueries([want('a', pods, 15)], NOW);

    expect(queries.length).toBeGreaterThan(2);
    expect(queries.every(({ query }) => query.length <= 30_000)).toBe(true);
    expect(queries.flatMap(({ query }) => query.match(/checkout-\d+-x+/g))).toHaveLength(2000);
  });

  test('a hundred releases are one query, and a thousand are split by what can be written', () => {
    const releases = (count: number): Want[] =>
      Array.from({ length: count }, (_, i) => {
        const pods = ['c', 's', 't', 'u'].map((end) => `checkout-service-${i}-7d9f8b6c5d-x2x4${end}`);
        return want(`r-${i}`, pods, 15, { namespace: `team-payments-${i % 10}` });
      });

    expect(planQueries(releases(100), NOW)).toHaveLength(1);
    const thousand = planQueries(releases(1000), NOW);
    expect(thousand).toHaveLength(6);
    expect(thousand.every(({ query }) => query.length <= 30_000)).toBe(true);
  });

  test('names that have to be escaped count as they are written', () => {
    const pods = Array.from({ length: 2000 }, (_, i) => `a.b.c.d.e.f.${i}`);
    const queries = planQueries([want('a', pods, 15)], NOW);

    expect(queries.every(({ query }) => query.length <= 30_000)).toBe(true);
    expect(queries).toHaveLength(2);
  });

  test('first reads bring few pods at a time', () => {
    const pods = Array.from({ length: 20 }, (_, i) => `p-${i}`);

    expect(planQueries([want('a', pods, 7200)], NOW)).toHaveLength(5);
    expect(planQueries([want('a', [], 7200), want('b', ['b-1'], 0)], NOW)).toEqual([]);
  });
});
