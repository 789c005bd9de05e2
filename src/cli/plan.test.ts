import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakePrometheus, startFakePrometheus } from '../evidence/testing/fake-prometheus.ts';
import { every, podSeries } from '../evidence/testing/world.ts';
import type { ReleaseStatus } from './release.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { now, release, target } from './testing/fixtures.ts';

let cluster: TestCluster;
let prometheus: FakePrometheus;

beforeEach(async () => {
  cluster = await startCluster();
  prometheus = await startFakePrometheus();
  cluster.target = target();
  cluster.releases.set('checkout', release());
  const owner = (kind: string, uid: string): object => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'x', uid, controller: true }],
  });
  const set = {
    metadata: { name: 'set', namespace: 'shop', uid: 'set-uid', ...owner('Deployment', 'target-uid') },
    spec: {},
  };
  const pods = ['stable-0', 'stable-1', 'stable-2'].map((name) => ({
    metadata: {
      name,
      namespace: 'shop',
      uid: name,
      creationTimestamp: '2026-11-20T00:00:00Z',
      ...owner('ReplicaSet', 'set-uid'),
    },
    spec: { containers: [] },
  }));
  cluster.others['/apis/apps/v1/namespaces/shop/replicasets'] = { metadata: {}, items: [set] };
  cluster.others['/api/v1/namespaces/shop/pods'] = { metadata: {}, items: pods };
});

afterEach(async () => {
  await prometheus.close();
  await cluster.close();
});

/** An hour of three pods at 15 s scrapes, so many requests a scrape each. */
function anHourOf(requests: number): void {
  const scrapes = every(15_000, now - 3_600_000, now);
  const perScrape = [0.5, 0.3, 0.15, 0.05, 0, 0].map((share) => Math.round(share * requests));
  prometheus.series = ['stable-0', 'stable-1', 'stable-2'].flatMap((name) => podSeries({ name, scrapes, perScrape }));
}

const plan = async (...words: string[]): Promise<number> =>
  cluster.run('plan', 'checkout', '--prometheus-url', prometheus.url, ...words);

describe('plan', () => {
  it('asks a Prometheus what it has of stable, and says how long a verdict takes', async () => {
    anHourOf(600);

    expect(await plan()).toBe(0);
    expect(cluster.out).toMatch(
      /Canary +1 beside 3 pods of stable, 25% of short connections, about 30 requests a second/,
    );
    expect(cluster.out).toMatch(/Metrics +.*prom-http/);
    expect(cluster.out).toMatch(/0\.5 % new errors +taken back +\d+/);
    expect(cluster.out).toMatch(/errors is as good as stable's +shown +\d+/);
    expect(cluster.out).toMatch(/cpu is not exported/);
    expect(cluster.server.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('a service with little traffic is told that evidence cannot arrive in time, and what to do', async () => {
    anHourOf(2);

    expect(await plan()).toBe(0);
    expect(cluster.out).toMatch(/evidence cannot arrive in time: .*raise analysis\.deadline or canary\.percent/);
  });

  it('a larger share takes less time', async () => {
    anHourOf(60);
    await plan('-o', 'json');
    const small = JSON.parse(cluster.out) as { canary: { replicas: number }; canaryRequestsPerSecond: number };
    cluster.out = '';
    await plan('-o', 'json', '--percent', '50');
    const large = JSON.parse(cluster.out) as typeof small;

    expect([small.canary.replicas, large.canary.replicas]).toEqual([1, 2]);
    expect(large.canaryRequestsPerSecond).toBeGreaterThan(small.canaryRequestsPerSecond);
  });

  it('counts with what releases so far taught, as the operator does', async () => {
    anHourOf(600);
    // The pods differ a little from minute to minute.
    const fastest = prometheus.series.filter(({ labels }) => labels['le'] === '0.05');
    for (const [pod, series] of fastest.entries())
      series.samples = series.samples.map(([at, value], i) => [at, value + Math.round(30 * Math.sin(0.7 * i + pod))]);
    const spec = { analysis: { latency: { absoluteTolerance: '0s' } } };
    const within = async (status: ReleaseStatus): Promise<string | undefined> => {
      cluster.releases.set('checkout', release({ spec, status }));
      cluster.out = '';
      await plan('-o', 'json');
      const { steps } = JSON.parse(cluster.out) as { steps: { what: string; within: string }[] };
      return steps.find(({ what }) => what === 'latency x1.5')?.within;
    };
    const spread = { 'latency-p50': '0.4', 'latency-p95': '0.4' };
    const pods = { 'latency-p50': 40, 'latency-p95': 40 };

    expect(await within({})).toMatch(/^\d+m$/);
    expect(await within({ calibration: { podSpread: spread, pods } })).toBe('never');
  });

  it('shows what the operator planned where no Prometheus is named', async () => {
    const planned = [{ what: 'errors doubled', answer: 'Regression' as const, within: '4m' }];
    cluster.releases.set('checkout', release({ status: { analysis: { planned } } }));

    expect(await cluster.run('plan', 'checkout')).toBe(0);
    expect(cluster.out).toMatch(/errors doubled +taken back +4m/);
  });

  it('says so where nothing is planned', async () => {
    expect(await cluster.run('plan', 'checkout')).toBe(0);
    expect(cluster.out).toMatch(/No figures: .* --prometheus-url/);
  });

  it('says that a Prometheus fails, or knows nothing of the pods', async () => {
    expect(await plan()).toBe(4);
    expect(cluster.err).toMatch(/has no metrics of the pods of shop/);
    prometheus.misbehave = { status: 503, body: 'away' };
    expect(await plan()).toBe(1);
    expect(cluster.err).toMatch(/forward a port/);
  });

  it.each([
    ['an address that is none', ['--prometheus-url', 'ftp://x']],
    ['a share out of bounds', ['--percent', '80']],
  ])('refuses %s', async (_, words) => {
    expect(await cluster.run('plan', 'checkout', ...words)).toBe(64);
  });
});
