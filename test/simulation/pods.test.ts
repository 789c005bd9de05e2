import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { TRACK_LABEL } from '../../src/api/names.ts';
import type { CanaryRelease, CanaryReleaseStatus } from '../../src/api/schema.ts';
import { PodsSource } from '../../src/evidence/pods/config.ts';
import type { Scraper } from '../../src/evidence/pods/scrape.ts';
import type { PrometheusApi } from '../../src/evidence/prometheus/client.ts';
import { matches, parseQuery } from '../../src/evidence/testing/selector.ts';
import { createKubeMetrics } from '../../src/kube/metrics.ts';
import { type KubeObject, type Pod, resources } from '../../src/kube/object.ts';
import { createFakeClock, type FakeClock } from '../../src/lib/fake-clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { assembleOperator } from '../../src/operator/assemble.ts';
import { createOperatorMetrics } from '../../src/operator/metrics.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';

/** Whole releases by the operator as it is wired, with the pods scraped by it, beside a Prometheus or without one. */

const START = Date.UTC(2026, 0, 1);
const bounds = [0.05, 0.1, 0.25, 0.5, 1, Number.POSITIVE_INFINITY];
/** Requests of one pod a second: 40 over four pods. */
const RATE = 10;
const BEFORE_MS = 20 * 60_000;

let clock: FakeClock;
let sandbox: Sandbox;
let stop: AbortController;
let scrapes: number;
let unreachable: (pod: Pod) => boolean;

interface World {
  /** What every request of the canary takes longer, seconds, and its share of errors. */
  slower?: number;
  errors?: number;
  source?: 'Auto' | 'Prometheus' | 'Pods';
  /** Milliseconds between two scrapes of Prometheus; absent: there is none. */
  prometheus?: number;
}

const isCanary = (pod: Pod): boolean => pod.metadata.labels?.[TRACK_LABEL] === 'canary';

/** What a pod has counted by a time: requests spread evenly, their durations over the buckets. */
function linesOf(pod: Pod, world: World, time: number): { labels: Record<string, string>; value: number }[] {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  const seconds = Math.max(0, (time - Date.parse(ready ?? '')) / 1000) || 0;
  const served = Math.floor(RATE * seconds);
  const failed = isCanary(pod) ? Math.floor(served * (world.errors ?? 0)) : 0;
  const slower = isCanary(pod) ? (world.slower ?? 0) : 0;
  const share = (bound: number): number => (bound <= slower ? 0 : 1 - Math.exp(-(bound - slower) / 0.06));
  const line = (code: string, le: number, value: number): { labels: Record<string, string>; value: number } => ({
    labels: {
      __name__: 'http_request_duration_seconds_bucket',
      le: Number.isFinite(le) ? String(le) : '+Inf',
      status_code: code,
      route: '/buy',
    },
    value,
  });
  const good = bounds.map((le) => line('200', le, Math.floor((served - failed) * share(le))));
  const bad = failed > 0 ? bounds.map((le) => line('500', le, failed)) : [];
  return [...good, ...bad];
}

function pods(): readonly Pod[] {
  return sandbox.peek<Pod>(resources.pods, 'shop');
}

/** Reads the pods of the sandbox by their addresses. */
function scraper(world: World): Scraper {
  return {
    scrape: ({ ip }, keep) => {
      scrapes += 1;
      const pod = pods().find(({ status }) => status?.podIP === ip);
      if (pod === undefined || unreachable(pod)) {
        return Promise.resolve({ kind: 'failed', error: { code: 'Unreachable', message: `${ip}: no route` } });
      }
      const value = linesOf(pod, world, clock.now())
        .map(({ labels: { __name__: name = '', ...labels }, value: count }) => ({ name, labels, value: count }))
        .filter(({ name }) => keep?.(name) ?? true);
      return Promise.resolve(value.length > 0 ? { kind: 'value', value } : { kind: 'nodata' });
    },
    close: () => Promise.resolve(),
  };
}

/** A Prometheus that has scraped the pods every so often. */
function prometheus(world: World, step: number): PrometheusApi {
  function query(text: string, at: number): ReturnType<PrometheusApi['query']> {
    const parsed = parseQuery(text);
    const from = Math.max(Date.parse('2026-01-01'), at - (parsed.windowMs ?? 60_000));
    const times = Array.from({ length: Math.floor(at / step) - Math.floor(from / step) }, (_, i) => {
      return (Math.floor(from / step) + 1 + i) * step;
    });
    const found = pods().flatMap((pod) => {
      const target = { namespace: 'shop', pod: pod.metadata.name, job: 'pods', instance: pod.metadata.name };
      const born = Date.parse(pod.metadata.creationTimestamp ?? '');
      const lived = times.filter((time) => time >= born);
      const names = linesOf(pod, world, at).map(({ labels }) => ({ ...labels, ...target }));
      const up = { labels: { __name__: 'up', ...target }, samples: lived.map((time): [number, number] => [time, 1]) };
      const counted = names.map((labels, i) => ({
        labels,
        samples: lived.map((time): [number, number] => [time, linesOf(pod, world, time)[i]?.value ?? 0]),
      }));
      return [up, ...counted].filter((series) => series.samples.length > 0 && matches(series.labels, parsed));
    });
    if (found.length === 0) return Promise.resolve({ kind: 'nodata' });
    const newest = found.map(({ labels, samples }) => ({ labels, samples: samples.slice(-1) }));
    return Promise.resolve({ kind: 'value', value: parsed.windowMs === undefined ? newest : found });
  }
  return { name: 'default', allows: () => true, query, close: () => Promise.resolve() };
}

async function begin(world: World): Promise<void> {
  clock = createFakeClock(START);
  sandbox = createSandbox({ clock, seed: 1, namespaces: ['shop'] });
  stop = new AbortController();
  scrapes = 0;
  unreachable = () => false;
  const admin = sandbox.api({ username: 'admin', groups: ['system:masters'] });
  const registry = new Registry();
  const operator = assembleOperator({
    config: { workers: 2, watchNamespace: undefined, pollMilliseconds: 5000, podsSource: PodsSource.parse({}) },
    api: admin,
    clock,
    random: () => 0.5,
    log: silentLogger,
    identity: 'one',
    leaseNamespace: undefined,
    sources: world.prometheus === undefined ? [] : [prometheus(world, world.prometheus)],
    scraper: scraper(world),
    metrics: createOperatorMetrics(registry, 'test'),
    kubeMetrics: createKubeMetrics(registry),
  });
  await admin.create(resources.deployments, deployment('v1'));
  await clock.advance(BEFORE_MS);
  void operator.run(stop.signal);
  await admin.create(resources.canaryReleases, {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name: 'shop', namespace: 'shop' },
    spec: {
      targetRef: { name: 'shop' },
      gate: 'Paused',
      analysis: {
        source: world.source ?? 'Auto',
        minDuration: '5m',
        deadline: '30m',
        cpu: { enabled: false },
        memory: { enabled: false },
      },
    },
  } as CanaryRelease);
  await clock.advance(20_000);
  const target = { namespace: 'shop', name: 'shop' };
  await admin.patch(resources.deployments, target, { spec: deployment('v2').spec }, { type: 'merge' });
}

function deployment(tag: string): KubeObject & { spec: object } {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop', namespace: 'shop' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'shop' } },
      template: {
        metadata: { labels: { app: 'shop' }, annotations: { 'prometheus.io/port': '8080' } },
        spec: { containers: [{ name: 'app', image: `shop:${tag}` }] },
      },
    },
  };
}

function status(): CanaryReleaseStatus {
  return sandbox.peek<CanaryRelease>(resources.canaryReleases, 'shop')[0]?.status ?? { observedGeneration: -1 };
}

async function until(check: (now: CanaryReleaseStatus) => boolean, minutes: number): Promise<CanaryReleaseStatus> {
  for (let i = 0; i < minutes * 120 && !check(status()); i += 1) await clock.advance(500);
  return status();
}

/** Seconds from the canary's first Ready moment to the decision to take it back. */
async function secondsToRollback(world: World): Promise<number> {
  await begin(world);
  const { canary } = await until((now) => now.canary?.since !== undefined, 5);
  await until(({ ledger }) => ledger?.[0]?.verdict === 'Regression', 5);
  expect(status().ledger?.[0]?.verdict).toBe('Regression');
  const seconds = (clock.now() - Date.parse(canary?.since ?? '')) / 1000;
  stop.abort();
  return seconds;
}

afterEach(() => stop.abort());

describe('releases whose pods the operator scrapes', { timeout: 120_000 }, () => {
  it('without a Prometheus a bad version is taken back', async () => {
    await begin({ errors: 0.5 });
    const now = await until(({ phase }) => phase === 'Rejected', 10);
    expect(now.ledger?.[0]).toMatchObject({ outcome: 'RolledBack', verdict: 'Regression' });
    expect(now.ledger?.[0]?.reason).toMatch(/errors/);
    const before = scrapes;
    await clock.advance(60_000);
    expect(scrapes).toBe(before);
  });

  it('without a Prometheus a good version is promoted', async () => {
    await begin({});
    await until(({ phase }) => phase === 'Analyzing', 5);
    await clock.advance(20_000);
    expect(status().analysis).toMatchObject({ source: 'Pods', preset: 'prom-http' });
    const now = await until(({ ledger }) => ledger?.[0]?.outcome === 'Promoted', 35);
    expect(now.ledger?.[0]).toMatchObject({ outcome: 'Promoted' });
  });

  it('gross harm falls sooner in the fast lane than by Prometheus', async () => {
    const found: Record<string, number[]> = {};
    for (const harm of [{ slower: 0.2 }, { errors: 0.5 }]) {
      const name = Object.keys(harm)[0] ?? '';
      const fast = await secondsToRollback({ ...harm, prometheus: 15_000 });
      expect(status().analysis?.source).toBe('Pods+Prometheus');
      const at5 = await secondsToRollback({ ...harm, prometheus: 5000, source: 'Prometheus' });
      const at15 = await secondsToRollback({ ...harm, prometheus: 15_000, source: 'Prometheus' });
      found[name] = [fast, at5, at15];
    }
    for (const [fast = 0, at5 = 0, at15 = 0] of Object.values(found)) {
      expect(fast).toBeLessThanOrEqual(12);
      expect(fast).toBeLessThan(at5);
      expect(fast).toBeLessThan(at15);
    }
  });

  it('a pod that cannot be reached: Prometheus alone, said in status, and the verdict comes all the same', async () => {
    await begin({ errors: 0.05, prometheus: 15_000 });
    unreachable = (pod) => isCanary(pod);
    await until(({ phase }) => phase === 'Analyzing', 5);
    await clock.advance(30_000);
    expect(status().analysis?.source).toBe('Prometheus');
    expect(status().analysis?.warnings?.[0]).toMatch(/Prometheus alone is asked.*no route/);
    unreachable = () => false;
    const now = await until(({ phase }) => phase === 'Rejected', 20);
    expect(now.ledger?.[0]).toMatchObject({ outcome: 'RolledBack', verdict: 'Regression' });
    expect(now.analysis?.source).toBe('Prometheus');
  });
});
