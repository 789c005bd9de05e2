import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeApi } from '../../kube/client.ts';
import { type FakeServer, type Reply, startFakeServer } from '../../kube/testing/fake-server.ts';
import { silentLogger } from '../../lib/log.ts';
import { createManualClock, type ManualClock } from '../testing/manual-clock.ts';
import { createUsageCollector, type UsageCollector } from './collector.ts';
import { usageSlots } from './usage.ts';

const START = Date.parse('2026-01-01T10:00:00Z');
let server: FakeServer;
let api: ReturnType<typeof createKubeApi>;
let clock: ManualClock;
let usage: UsageCollector;
let answer: (reply: Reply) => void;
let outcomes: string[];

beforeEach(async () => {
  server = await startFakeServer();
  server.handle((_, reply) => answer(reply));
  answer = (reply) => reply.json(200, recorded('2026-01-01T10:00:10Z', '120m'));
  clock = createManualClock(START);
  api = createKubeApi({ config: server.config, clock, random: () => 0, userAgent: 'test' });
  outcomes = [];
  const metrics = { query: (source: string, outcome: string) => void outcomes.push(`${source} ${outcome}`) };
  usage = createUsageCollector({ api, clock, log: silentLogger, metrics });
});

afterEach(async () => {
  await api.close();
  await server.close();
});

/** As metrics-server 0.9.0 answers, with a pod of two containers and one that is nobody's. */
function recorded(timestamp: string, cpu: string): object {
  const item = (name: string, containers: object[]): object => ({
    metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T10:00:20Z', labels: { app: 'shop' } },
    timestamp,
    window: '15.034s',
    containers,
  });
  return {
    kind: 'PodMetricsList',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: {},
    items: [
      item('stable-0', [
        { name: 'app', usage: { cpu, memory: '20480Ki' } },
        { name: 'sidecar', usage: { cpu: '30000000n', memory: '4Mi' } },
      ]),
      item('other', [{ name: 'app', usage: { cpu: '1', memory: '1Gi' } }]),
      item('broken', [{ name: 'app', usage: { cpu: 'much', memory: '1Gi' } }]),
    ],
  };
}

function slots(key: string): ReturnType<typeof usageSlots> {
  return usageSlots(usage.usage(key)?.pods.get('stable-0'), { origin: START, slotMs: 15_000, slots: 2 });
}

describe('the collector of resource figures', () => {
  test('sums containers, and reads one list for a namespace whatever the number of releases', async () => {
    usage.want('shop/a', 'shop', ['stable-0', 'broken']);
    usage.want('shop/b', 'shop', ['stable-0']);
    usage.want('bank/c', 'bank', ['stable-0']);
    await usage.poll();
    answer = (reply) => reply.json(200, recorded('2026-01-01T10:00:25Z', '170m'));
    await usage.poll();
    const path = (namespace: string): string => `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
    expect(server.requests.map((request) => request.path).toSorted()).toEqual([
      path('bank'),
      path('bank'),
      path('shop'),
      path('shop'),
    ]);
    for (const key of ['shop/a', 'shop/b']) {
      expect(slots(key).cpuSeconds).toEqual([0, expect.closeTo(0.2 * 15.034)]);
      expect(slots(key).memoryBytes).toEqual([24 * 1024 * 1024, 24 * 1024 * 1024]);
    }
    expect(usage.usage('shop/a')?.pods.get('broken')?.memory.size).toBe(0);
    expect(usage.usage('shop/a')?.pods.has('other')).toBe(false);
    expect(outcomes).toEqual(Array(4).fill('metrics.k8s.io value'));
  });

  test('asks nothing while nobody wants anything', async () => {
    usage.want('shop/a', 'shop', ['stable-0']);
    usage.leave('shop/a');
    await usage.poll();
    expect(server.requests).toEqual([]);
    expect(usage.usage('shop/a')).toBeUndefined();
  });

  test.each([
    [404, 'NotFound', /not served by this cluster/],
    [403, 'Forbidden', /may not list pods of metrics.k8s.io in namespace shop/],
  ])('a source that is not there (%i) is said and asked again five minutes later', async (status, reason, said) => {
    usage.want('shop/a', 'shop', ['stable-0']);
    const good = answer;
    answer = (reply) => reply.failure(status, reason, 'no');
    await usage.poll();
    clock.advance(60_000);
    await usage.poll();
    expect(server.requests).toHaveLength(1);
    expect(usage.usage('shop/a')?.problem).toMatch(said);
    answer = good;
    clock.advance(240_000);
    await usage.poll();
    expect(usage.usage('shop/a')?.problem).toBeUndefined();
    expect(slots('shop/a').memoryBytes[0]).toBe(24 * 1024 * 1024);
  });

  test('a server that fails is asked again in the next round; what was read stays', async () => {
    usage.want('shop/a', 'shop', ['stable-0']);
    await usage.poll();
    answer = (reply) => reply.failure(503, 'ServiceUnavailable', 'the server is currently unable');
    const failing = usage.poll();
    // The client itself asks again after a while.
    for (let i = 0; i < 50; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1000);
    }
    await failing;
    expect(usage.usage('shop/a')?.problem).toMatch(/does not answer/);
    expect(slots('shop/a').memoryBytes[0]).toBe(24 * 1024 * 1024);
    expect(outcomes.at(-1)).toBe('metrics.k8s.io failed');
  });
});
