import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../lib/log.ts';
import { createCollector } from './collector.ts';
import { PrometheusSource } from './config.ts';
import { createPodsCollector } from './pods/collector.ts';
import { PodsSource, type PodsSourceInput } from './pods/config.ts';
import { createScraper } from './pods/scrape.ts';
import { exposition, type PodServer, startPodServer, text } from './pods/testing/pod-server.ts';
import { createPrometheusSource } from './prometheus/client.ts';
import type { RoutedRequest } from './request.ts';
import { createEvidenceSources, type EvidenceSources } from './routing.ts';
import { type FakePrometheus, startFakePrometheus } from './testing/fake-prometheus.ts';
import { createManualClock, type ManualClock } from './testing/manual-clock.ts';
import { containerSeries, every, podSeries, requestOf } from './testing/world.ts';

const START = 1_750_000_000_000;
const KEY = 'shop/web';
let fake: FakePrometheus;
let clock: ManualClock;
let servers: Record<'canary' | 'stable', PodServer>;
let sources: EvidenceSources;
let poll: () => Promise<unknown>;

beforeEach(async () => {
  fake = await startFakePrometheus();
  fake.series = past();
  clock = createManualClock(START + 1000);
  servers = {
    canary: await startPodServer(text(() => pod(10))),
    stable: await startPodServer(text(() => pod(100_000))),
  };
  sources = create();
});

afterEach(async () => {
  await sources.close();
  await Promise.all([fake.close(), servers.canary.close(), servers.stable.close()]);
});

/** Ten minutes of stable at 15 s, its containers, and a minute of the canary. */
function past(bounds = true): FakePrometheus['series'] {
  const series = [
    ...podSeries({ name: 'stable-0', scrapes: every(15_000, START - 600_000 + 1000, START + 60_000) }),
    ...podSeries({ name: 'canary-0', scrapes: every(15_000, START + 3000, START + 60_000) }),
    ...containerSeries(
      'stable-0',
      'app',
      every(15_000, START - 600_000 + 7000, START + 60_000).map((at, i) => ({ at, cpu: i, memory: 5e7 })),
    ),
    ...containerSeries(
      'canary-0',
      'app',
      every(15_000, START + 4000, START + 60_000).map((at, i) => ({ at, cpu: i, memory: 6e7 })),
    ),
  ];
  return bounds ? series.filter(({ labels }) => ['0.1', '1', '+Inf', undefined].includes(labels['le'])) : series;
}

function pod(requests: number): string {
  return exposition(requests, 0, 'process_cpu_seconds_total 3\nprocess_resident_memory_bytes 1e6\n');
}

function create(changes: PodsSourceInput = {}, hasPrometheus = true): EvidenceSources {
  const config = { ...PodsSource.parse({ allowLoopback: true, ...changes }), timeoutSeconds: 20 };
  const common = { clock, log: silentLogger };
  const list = hasPrometheus
    ? [createPrometheusSource(PrometheusSource.parse({ name: 'default', url: fake.url }))]
    : [];
  const prometheus = createCollector({ sources: list, ...common });
  const pods = createPodsCollector({ config, scraper: createScraper(config), ...common });
  poll = async () => Promise.all([prometheus.poll(), pods.poll()]);
  return createEvidenceSources({ prometheus, pods, hasPrometheus, ...common });
}

function request(changes: Partial<RoutedRequest> = {}): RoutedRequest {
  return {
    ...requestOf(START),
    canaryPods: [servers.canary.pod('canary-0', START - 3000)],
    stablePods: [servers.stable.pod('stable-0', START - 7_200_000)],
    from: 'Auto',
    ...changes,
  };
}

async function rounds(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await poll();
    clock.advance(2000);
  }
}

describe('Auto with a Prometheus: the fast lane', () => {
  test('requests from the pods, the past, CPU and memory from Prometheus', async () => {
    expect(sources.watch(KEY, request())).toEqual({ ok: true });
    await rounds(11);
    const evidence = sources.evidence(KEY);
    expect(evidence).toMatchObject({
      scrapeSeconds: 2,
      boundsSeconds: [0.1, 1],
      history: { scrapes: 40, scrapeSeconds: 15 },
      found: { source: 'Pods+Prometheus', missing: [] },
      source: { state: 'Collecting' },
    });
    expect(evidence?.run.pods['canary-0']?.requests).toEqual(Array(11).fill(10));
    expect(evidence?.history?.pods['stable-0']?.requests.at(-1)).toBe(9 * 40);
    expect(evidence?.history?.pods['stable-0']?.buckets.at(-1)).not.toBeNull();
    // One slot of 15 s has ended: its value stands in the slot of 2 s in which it did.
    expect(evidence?.run.pods['canary-0']?.cpuSeconds).toEqual([...Array(7).fill(null), 0, null, null, null]);
    expect(evidence?.found.queries['cpu']).toMatch(/^container_cpu_usage_seconds_total\{/);
    expect(sources.evidence(KEY)).toBe(evidence);
  });

  test('buckets of the past at other bounds are left out, its counts stay', async () => {
    fake.series = past(false);
    sources.watch(KEY, request());
    await rounds(2);
    const stable = sources.evidence(KEY)?.history?.pods['stable-0'];
    expect(stable?.buckets.every((value) => value === null)).toBe(true);
    expect(stable?.requests.at(-1)).toBe(9 * 40);
  });

  test('a pod that cannot be scraped: Prometheus alone, for good', async () => {
    sources.watch(KEY, request());
    await rounds(3);
    servers.stable.answer = (_, response) => void response.writeHead(503).end();
    await rounds(5);
    const fallen = sources.evidence(KEY);
    expect(fallen).toMatchObject({ scrapeSeconds: 15, found: { source: 'Prometheus' } });
    expect(fallen?.found.warnings?.[0]).toMatch(/Prometheus alone.*pod stable-0: .*HTTP 503/);
    expect(fallen?.history?.scrapeSeconds).toBeUndefined();
    const asked = servers.canary.requests.length;
    servers.stable.answer = text(() => pod(100_000));
    sources.watch(KEY, request());
    await rounds(3);
    expect(sources.evidence(KEY)?.found.source).toBe('Prometheus');
    expect(servers.canary.requests).toHaveLength(asked);
  });

  test('reachability that comes and goes within ten seconds changes nothing', async () => {
    sources.watch(KEY, request());
    for (let i = 0; i < 4; i += 1) {
      servers.canary.answer = (_, response) => void response.destroy();
      await rounds(4);
      servers.canary.answer = text(() => pod(10 + i));
      await rounds(1);
    }
    const evidence = sources.evidence(KEY);
    expect(evidence?.found.source).toBe('Pods+Prometheus');
    expect(evidence?.run.pods['canary-0']?.requests.filter((value) => value !== null)).toEqual([10, 11, 12, 13]);
  });

  test('a pod that is not Ready yet may be silent', async () => {
    servers.stable.answer = (_, response) => void response.destroy();
    const starting = servers.stable.pod('stable-0', START);
    if (starting.endpoint !== undefined) starting.endpoint.ready = false;
    sources.watch(KEY, request({ stablePods: [starting, servers.canary.pod('stable-1', START - 50_000)] }));
    await rounds(8);
    expect(sources.evidence(KEY)?.found.source).toContain('Pods');
  });

  test('pods that export something else than Prometheus has of them', async () => {
    servers.canary.answer = text(() => 'http_requests_total{code="200"} 4\n');
    servers.stable.answer = text(() => 'http_requests_total{code="200"} 4\n');
    sources.watch(KEY, request());
    clock.advance(20_000);
    await rounds(2);
    const { found } = sources.evidence(KEY) ?? {};
    expect(found?.source).toBe('Prometheus');
    expect(found?.warnings?.[0]).toContain('http_requests_total where Prometheus has http_request_duration_seconds');
  });

  test('after a restart of the operator Prometheus has it all', async () => {
    clock.advance(60_000);
    sources.watch(KEY, request());
    await rounds(2);
    const { found } = sources.evidence(KEY) ?? {};
    expect(found?.source).toBe('Prometheus');
    expect(found?.warnings?.[0]).toContain('the operator started in the middle');
    expect(servers.canary.requests).toHaveLength(0);
  });

  test('a Prometheus that is down does not stop the pods', async () => {
    fake.misbehave = { status: 503 };
    sources.watch(KEY, request());
    await rounds(3);
    expect(sources.evidence(KEY)).toMatchObject({
      found: { source: 'Pods', missing: [] },
      source: { state: 'Collecting' },
    });
    expect(sources.evidence(KEY)?.history).toBeUndefined();
    expect(sources.evidence(KEY)?.run.pods['canary-0']?.cpuSeconds).toEqual([3, 3, 3]);
  });

  test('the next release starts anew', async () => {
    clock.advance(60_000);
    sources.watch(KEY, request());
    sources.watch(KEY, { ...request(), startedAt: clock.now() });
    await rounds(1);
    expect(sources.evidence(KEY)?.found.source).toContain('Pods');
  });

  test('namespaces whose pods may not be scraped', async () => {
    await sources.close();
    sources = create({ namespaces: ['other'] });
    expect(sources.watch(KEY, request())).toEqual({ ok: true });
    await rounds(1);
    expect(sources.evidence(KEY)?.found.warnings?.[0]).toContain('does not allow pods of namespace shop');
    expect(sources.watch(KEY, request({ from: 'Pods' })).ok).toBe(false);
  });
});

describe('the other choices', () => {
  test('Auto without a Prometheus is Pods', async () => {
    await sources.close();
    sources = create({}, false);
    sources.watch(KEY, request());
    await rounds(1);
    expect(sources.evidence(KEY)).toMatchObject({ scrapeSeconds: 2, found: { source: 'Pods' } });
  });

  test('Prometheus asks no pod, Pods no Prometheus', async () => {
    sources.watch(KEY, request({ from: 'Prometheus' }));
    await rounds(1);
    expect(sources.evidence(KEY)?.found).toMatchObject({ source: 'Prometheus' });
    expect(servers.canary.requests).toHaveLength(0);
    const before = fake.requests.length;
    sources.watch(KEY, request({ from: 'Pods' }));
    await rounds(1);
    expect(sources.evidence(KEY)?.found).toMatchObject({ source: 'Pods' });
    expect(fake.requests).toHaveLength(before);
    sources.unwatch(KEY);
    expect(sources.evidence(KEY)).toBeUndefined();
  });

  test('Pods after a restart: what the canary served before has no counterpart and does not count', async () => {
    clock.advance(60_000);
    servers.canary.answer = text(() => pod(5000));
    sources.watch(KEY, request({ from: 'Pods' }));
    await rounds(1);
    servers.canary.answer = text(() => pod(5007));
    await rounds(1);
    servers.canary.answer = text(() => pod(3));
    await rounds(1);
    const evidence = sources.evidence(KEY);
    const canary = evidence?.run.pods['canary-0'];
    expect(canary?.requests.filter((value) => value !== null)).toEqual([0, 7, 3]);
    expect(canary?.buckets.filter((value) => value !== null).map((counts) => counts.at(-1))).toEqual([0, 7, 3]);
    expect(evidence?.found.warnings?.[0]).toContain('the operator started in the middle');
  });
});
