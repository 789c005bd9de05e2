import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../lib/log.ts';
import type { EvidenceRequest, WatchedPod } from '../request.ts';
import { createManualClock, type ManualClock } from '../testing/manual-clock.ts';
import { requestOf } from '../testing/world.ts';
import { createPodsCollector, type PodsCollector } from './collector.ts';
import { PodsSource, type PodsSourceInput } from './config.ts';
import { createScraper } from './scrape.ts';
import { exposition, type PodServer, startPodServer, text } from './testing/pod-server.ts';

const START = 1_750_000_000_000;
let clock: ManualClock;
let collector: PodsCollector;
let outcomes: string[];
let servers: Record<'canary' | 'stable', PodServer>;
let served: Record<'canary' | 'stable', string>;

beforeEach(async () => {
  clock = createManualClock(START + 1000);
  outcomes = [];
  served = { canary: exposition(10), stable: exposition(1000, 3) };
  servers = {
    canary: await startPodServer(text(() => served.canary)),
    stable: await startPodServer(text(() => served.stable)),
  };
  collector = collect();
});

afterEach(async () => {
  await collector.close();
  await Promise.all([servers.canary.close(), servers.stable.close()]);
});

function collect(changes: PodsSourceInput = {}): PodsCollector {
  const config = { ...PodsSource.parse({ allowLoopback: true, ...changes }), timeoutSeconds: 20 };
  const metrics = { scrape: (outcome: string) => void outcomes.push(outcome) };
  return createPodsCollector({ config, scraper: createScraper(config), clock, log: silentLogger, metrics });
}

function request(changes: Partial<EvidenceRequest> = {}): EvidenceRequest {
  return requestOf(START, { canaryPods: [canary()], stablePods: [stable()], ...changes });
}

function canary(): WatchedPod {
  return servers.canary.pod('canary-0', START - 3000);
}

function stable(): WatchedPod {
  return servers.stable.pod('stable-0', START - 7_200_000);
}

async function round(): Promise<void> {
  await collector.poll();
  clock.advance(2000);
}

describe('createPodsCollector', () => {
  test('reads raw counters of both tracks into slots of its own interval', async () => {
    expect(collector.watch('shop/web', request())).toEqual({ ok: true });
    await round();
    served = { canary: exposition(30, 5, 'process_cpu_seconds_total 1.5\n'), stable: exposition(1100, 3) };
    await round();
    const evidence = collector.evidence('shop/web');
    expect(evidence).toMatchObject({
      startedAt: START,
      scrapeSeconds: 2,
      boundsSeconds: [0.1, 1],
      source: { state: 'Collecting' },
      found: { source: 'Pods', preset: 'prom-http', missing: ['cpu', 'memory'] },
    });
    expect(evidence?.run.scrapes).toBe(2);
    expect(evidence?.run.pods['canary-0']).toMatchObject({
      requests: [10, 35],
      errors: [0, 5],
      errorClasses: { 500: [0, 5] },
      buckets: [
        [9, 10, 10],
        [27, 30, 30],
      ],
    });
    expect(evidence?.run.pods['stable-0']).toMatchObject({ requests: [1003, 1103], errors: [3, 3] });
    expect(outcomes).toEqual(['value', 'value', 'value', 'value']);
  });

  test('CPU and memory of the process; ignored routes do not count', async () => {
    const more = [
      'process_cpu_seconds_total 7.5',
      'process_resident_memory_bytes 5e7',
      'http_request_duration_seconds_bucket{le="+Inf",route="/healthz",status_code="200"} 500\n',
    ].join('\n');
    served = { canary: exposition(10, 0, more), stable: exposition(100, 0, more) };
    collector.watch('shop/web', request());
    await round();
    expect(collector.evidence('shop/web')?.run.pods['canary-0']).toMatchObject({
      requests: [10],
      cpuSeconds: [7.5],
      memoryBytes: [5e7],
    });
    expect(collector.evidence('shop/web')?.found.missing).toEqual([]);
  });

  /** As a summary, which has quantiles, or as a native histogram, of which text has the bucket of all alone. */
  function withoutBuckets(requests: number, seconds: number, more: string): string {
    const labels = 'route="/buy",status_code="200"';
    return [
      more.replace('LABELS', labels),
      `http_request_duration_seconds_sum{${labels}} ${seconds}`,
      `http_request_duration_seconds_count{${labels}} ${requests}\n`,
    ].join('\n');
  }

  test.each([
    ['a summary', 'http_request_duration_seconds{LABELS,quantile="0.99"} 0.3'],
    ['a native histogram', 'http_request_duration_seconds_bucket{LABELS,le="+Inf"} 90'],
  ])('of %s the mean is compared, and that is said', async (_, more) => {
    served = { canary: withoutBuckets(90, 4.5, more), stable: withoutBuckets(900, 36, more) };
    collector.watch('shop/web', request());
    await round();
    const { run, found, boundsSeconds } = collector.evidence('shop/web') ?? {};
    expect(boundsSeconds).toEqual([]);
    expect(run?.pods['canary-0']).toMatchObject({ requests: [90], latencySumSeconds: [4.5], latencyCount: [90] });
    expect(run?.pods['stable-0']).toMatchObject({ requests: [900], latencySumSeconds: [36], latencyCount: [900] });
    expect(found?.missing).not.toContain('latency');
    expect(found?.limits?.join()).toMatch(/only the mean of the latency is compared/);
  });

  test('before its first request a canary has zero requests, not an unknown number', async () => {
    served.canary = 'process_cpu_seconds_total 1\n';
    collector.watch('shop/web', request());
    await round();
    expect(collector.evidence('shop/web')?.run.pods['canary-0']?.requests).toEqual([0]);
    expect(collector.evidence('shop/web')?.source.state).toBe('Collecting');
  });

  test('labels of the application do not name another pod', async () => {
    served.canary =
      'http_requests_total{pod="stable-0",namespace="other",job="x",instance="y",container="z",code="200"} 4\n';
    served.stable = 'http_requests_total{code="200"} 40\n';
    collector.watch('shop/web', request());
    await round();
    const { run } = collector.evidence('shop/web') ?? {};
    expect(run?.pods['canary-0']?.requests).toEqual([4]);
    expect(run?.pods['stable-0']?.requests).toEqual([40]);
  });

  test('a restart is a counter that fell, a missed scrape a slot without a value', async () => {
    collector.watch('shop/web', request());
    await round();
    servers.canary.answer = (_, response) => void response.writeHead(503).end();
    await round();
    servers.canary.answer = text(() => exposition(4));
    await round();
    expect(collector.evidence('shop/web')?.run.pods['canary-0']?.requests).toEqual([10, null, 4]);
    expect(collector.evidence('shop/web')?.source.state).toBe('Collecting');
  });

  test('a track that answers no more is a failed source; then it collects again', async () => {
    collector.watch('shop/web', request());
    await round();
    servers.canary.answer = (_, response) => void response.end('garbage!');
    for (let i = 0; i < 4; i += 1) await round();
    expect(collector.evidence('shop/web')?.source.state).toBe('Collecting');
    await round();
    expect(collector.evidence('shop/web')?.source).toMatchObject({ state: 'Failed' });
    const { source } = collector.evidence('shop/web') ?? {};
    expect(source?.state === 'Failed' ? source.message : '').toMatch(/pods of canary cannot be scraped: pod canary-0/);
    servers.canary.answer = text(() => exposition(40));
    await round();
    expect(collector.evidence('shop/web')?.source.state).toBe('Collecting');
    expect(collector.evidence('shop/web')?.run.pods['canary-0']?.requests).toEqual([10, ...Array(5).fill(null), 40]);
  });

  test('pods without metrics that a preset knows are no data', async () => {
    served = { canary: 'up 1\n', stable: 'go_threads 3\n' };
    collector.watch('shop/web', request());
    await round();
    expect(collector.evidence('shop/web')?.source).toMatchObject({ state: 'NoData' });
  });

  test('a pod that ended is not asked any more, what it served stays', async () => {
    collector.watch('shop/web', request({ canaryPods: [canary(), servers.canary.pod('canary-1', START)] }));
    await round();
    const ended = { name: 'canary-1', startedAt: START };
    collector.watch('shop/web', request({ canaryPods: [canary(), ended] }));
    await round();
    expect(collector.evidence('shop/web')?.run.pods['canary-1']?.requests).toEqual([10, null]);
    expect(outcomes).toHaveLength(5);
  });

  test('a pod whose address may not be scraped counts as refused', async () => {
    const where = { ip: '169.254.169.254', hostNetwork: false, ready: true, ports: [], annotations: { port: '80' } };
    collector.watch('shop/web', request({ canaryPods: [{ name: 'canary-0', startedAt: START, endpoint: where }] }));
    for (let i = 0; i < 5; i += 1) await round();
    expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(5);
    expect(collector.evidence('shop/web')?.source.state).toBe('Failed');
  });

  test('of many pods of a track the first by age stand for all', async () => {
    await collector.close();
    collector = collect({ maxPods: 2 });
    const pods = [3, 1, 2].map((n) => servers.stable.pod(`stable-${n}`, START - 10_000 + n));
    collector.watch('shop/web', request({ stablePods: pods }));
    await round();
    expect(collector.evidence('shop/web')?.stable).toEqual(['stable-1', 'stable-2']);
  });

  test('what it may not do is a problem', () => {
    const none = collect({ enabled: false });
    expect(none.watch('a/b', request())).toMatchObject({ ok: false, problem: { reason: 'UnknownSource' } });
    const others = collect({ namespaces: ['other'] });
    expect(others.watch('a/b', request())).toMatchObject({ ok: false, problem: { reason: 'NamespaceNotAllowed' } });
    expect(collector.watch('a/b', request({ preset: 'x' }))).toMatchObject({ problem: { reason: 'UnknownPreset' } });
    expect(collector.watch('a/b', request({ errorCodes: ['('] }))).toMatchObject({
      problem: { reason: 'InvalidCodes' },
    });
    expect(collector.evidence('a/b')).toBeUndefined();
  });

  test('runs in the middle of the slots of each release until it is stopped', async () => {
    const stop = new AbortController();
    const updated: string[] = [];
    collector.onUpdate((key) => updated.push(key));
    collector.watch('shop/web', request());
    const running = collector.run(stop.signal);
    for (let i = 0; i < 3; i += 1) {
      const before = updated.length;
      clock.advance(2000);
      await expect.poll(() => updated.length).toBe(before + 1);
    }
    stop.abort();
    await running;
    clock.advance(10_000);
    expect(updated).toEqual(['shop/web', 'shop/web', 'shop/web']);
    expect(collector.evidence('shop/web')?.run.pods['canary-0']?.requests).toEqual([null, 10, 10, 10]);
  });
});
