import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../lib/log.ts';
import { type Collector, createCollector } from '../collector.ts';
import { PrometheusSource } from '../config.ts';
import { createPrometheusSource } from '../prometheus/client.ts';
import type { EvidenceRequest } from '../request.ts';
import { type FakePrometheus, type FakeSeries, startFakePrometheus } from '../testing/fake-prometheus.ts';
import { createManualClock, type ManualClock } from '../testing/manual-clock.ts';
import { every, podSeries, requestOf } from '../testing/world.ts';

const START = 1_750_000_000_000;
const query = 'queue_age{namespace="{{namespace}}", pod=~"{{pods}}"}';
let fake: FakePrometheus;
let clock: ManualClock;
let collector: Collector;

beforeEach(async () => {
  fake = await startFakePrometheus();
  clock = createManualClock(START);
});

afterEach(async () => {
  await collector.close();
  await fake.close();
});

function collect(allowed: string[] = ['shop']): Collector {
  const config = PrometheusSource.parse({ name: 'default', url: fake.url });
  const sources = [createPrometheusSource(config)];
  const customAllowed = (namespace: string): boolean => allowed.includes(namespace);
  collector = createCollector({ sources, clock, log: silentLogger, customAllowed });
  return collector;
}

function asking(changes: Partial<EvidenceRequest> = {}): EvidenceRequest {
  const stablePods = [{ name: 'stable-0', startedAt: START - 7_200_000 }];
  return requestOf(START, { stablePods, custom: [{ name: 'queue-age', query }], ...changes });
}

function queueAge(pod: string, value: (at: number) => number, namespace = 'shop'): FakeSeries {
  const at = every(5000, START - 60_000, START + 600_000);
  return { labels: { __name__: 'queue_age', namespace, pod }, samples: at.map((time) => [time, value(time)]) };
}

function world(seconds: number): FakeSeries[] {
  const end = START + seconds * 1000;
  return [
    ...podSeries({ name: 'stable-0', scrapes: every(5000, START - 700_000, end) }),
    ...podSeries({ name: 'canary-0', scrapes: every(5000, START + 1000, end) }),
    queueAge('stable-0', () => 3),
    queueAge('canary-0', (at) => (at - START) / 1000),
    queueAge('canary-0', () => 99, 'bank'),
  ];
}

async function poll(seconds: number): Promise<void> {
  clock.advance(seconds * 1000);
  await collector.poll();
}

const asked = (): string[] =>
  fake.requests.map((request) => request.query).filter((text) => text.includes('queue_age'));

describe('custom metrics', () => {
  test('are asked once for each track and slot, at its start', async () => {
    fake.series = world(60);
    collect().watch('shop/web', asking());
    await poll(20);
    await poll(5);

    expect(collector.evidence('shop/web')?.custom).toEqual({
      'queue-age': { canary: [0, 5, 10, 15, 20], stable: [3, 3, 3, 3, 3] },
    });
    expect(collector.evidence('shop/web')?.found.queries['custom-queue-age']).toBe(
      'queue_age{namespace="shop",pod=~"canary-0"}',
    );
    expect(new Set(asked())).toEqual(
      new Set(['queue_age{namespace="shop",pod=~"canary-0"}', 'queue_age{namespace="shop",pod=~"stable-0"}']),
    );
    expect(asked().length).toBe(10);
  });

  test('between two slots nothing is asked and nothing is built anew', async () => {
    fake.series = world(60);
    collect().watch('shop/web', asking());
    await poll(21);
    const before = collector.evidence('shop/web');
    const count = asked().length;
    await poll(1);

    expect(asked()).toHaveLength(count);
    expect(collector.evidence('shop/web')).toBe(before);
  });

  test('are the same after a restart', async () => {
    fake.series = world(60);
    collect().watch('shop/web', asking());
    for (let i = 0; i < 6; i++) await poll(5);
    const before = collector.evidence('shop/web')?.custom;
    await collector.close();

    collect().watch('shop/web', asking());
    await collector.poll();

    expect(before?.['queue-age']?.canary).toHaveLength(6);
    expect(collector.evidence('shop/web')?.custom).toEqual(before);
  });

  test('more series than one are no value, and said', async () => {
    fake.series = [...world(60), queueAge('stable-1', () => 4)];
    collect().watch('shop/web', asking({ stablePods: requestOf(START).stablePods }));
    await poll(20);

    const custom = collector.evidence('shop/web')?.custom?.['queue-age'];
    expect(custom?.stable).toEqual([null, null, null, null]);
    expect(custom?.canary).toEqual([0, 5, 10, 15]);
    expect(custom?.problem).toContain('the query brings 2 series for stable where one is expected: put max(...)');
  });

  test('no data, a failed question and a value stay apart', async () => {
    fake.series = world(600).filter(({ labels }) => labels['__name__'] !== 'queue_age' || labels['pod'] !== 'canary-0');
    collect().watch('shop/web', asking());
    await poll(10);
    expect(collector.evidence('shop/web')?.custom?.['queue-age']?.problem).toContain('no value for canary: no series');
    expect(collector.evidence('shop/web')?.source.state).toBe('Collecting');

    fake.misbehave = { status: 422, body: '{"status":"error","error":"bad types"}', only: 'queue_age' };
    await poll(10);
    const failed = collector.evidence('shop/web');
    expect(failed?.source.state).toBe('Collecting');
    expect(failed?.custom?.['queue-age']?.problem).toContain('failed: Prometheus source default: HTTP 422: bad types');
    expect(failed?.custom?.['queue-age']?.stable).toEqual([3, 3, null, null]);

    // What failed is asked again, for the moment that it was asked for.
    fake.misbehave = {};
    fake.series.push(queueAge('canary-0', () => 7));
    await poll(5);
    const mended = collector.evidence('shop/web')?.custom?.['queue-age'];
    expect(mended).toEqual({ canary: [null, null, 7, 7, 7], stable: [3, 3, 3, 3, 3] });
  });

  test('a failing metric is asked once in a round, however much is open', async () => {
    fake.series = world(600);
    fake.misbehave = { status: 422, only: 'queue_age' };
    collect().watch('shop/web', asking());
    await poll(300);
    expect(asked().length).toBeLessThanOrEqual(2);
  });

  test('a scalar is one value, and too long an answer is none', async () => {
    fake.series = world(600);
    const data = { resultType: 'scalar', result: [START / 1000, '4.5'] };
    fake.misbehave = { body: JSON.stringify({ status: 'success', data }), only: 'queue_age' };
    collect().watch('shop/web', asking());
    await poll(5);
    expect(collector.evidence('shop/web')?.custom?.['queue-age']).toEqual({ canary: [4.5], stable: [4.5] });

    fake.misbehave = { body: `"${'x'.repeat(1024 * 1024)}"`, only: 'queue_age' };
    await poll(5);
    expect(collector.evidence('shop/web')?.custom?.['queue-age']?.problem).toContain('larger than 1048576 bytes');
  });

  test('are never asked where the namespace is not allowed', async () => {
    fake.series = world(60);
    const result = collect(['bank']).watch('shop/web', asking());
    expect(result).toMatchObject({ ok: false, problem: { reason: 'CustomNotAllowed' } });
    await poll(20);
    expect(asked()).toEqual([]);
  });

  test('a changed query starts anew', async () => {
    fake.series = world(60);
    collect().watch('shop/web', asking());
    await poll(20);
    collector.watch('shop/web', asking({ custom: [{ name: 'other', query }] }));
    await collector.poll();
    expect(Object.keys(collector.evidence('shop/web')?.custom ?? {})).toEqual(['other']);
  });
});
