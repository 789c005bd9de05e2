import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { TRACK_LABEL } from '../../src/api/names.ts';
import type { CanaryRelease, CanaryReleaseStatus } from '../../src/api/schema.ts';
import { PodsSource } from '../../src/evidence/pods/config.ts';
import type { Scraper } from '../../src/evidence/pods/scrape.ts';
import type { PrometheusApi } from '../../src/evidence/prometheus/client.ts';
import { matches, parseQuery } from '../../src/evidence/testing/selector.ts';
import type { KubeApi } from '../../src/kube/api.ts';
import { ApiError } from '../../src/kube/errors.ts';
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
let usageLists: number;
let unreachable: (pod: Pod) => boolean;

interface World {
  /** What every request of the canary takes longer, seconds, and its share of errors. */
  slower?: number;
  errors?: number;
  source?: 'Auto' | 'Prometheus' | 'Pods';
  /** Milliseconds between two scrapes of Prometheus; absent: there is none. */
  prometheus?: number;
  /** Cores of a canary pod by metrics.k8s.io, where one of stable uses 0.2; 0: it is not served; absent: nor asked for. */
  cores?: number;
}

/** Windows of metrics-server. */
const WINDOW_MS = 15_000;

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

/** The API of a cluster that serves metrics.k8s.io, as metrics-server does: half a minute late, in windows. */
function withUsage(api: KubeApi, cores: number | undefined): KubeApi {
  const list: KubeApi['list'] = async (resource, options) => {
    if (resource.apiVersion !== 'metrics.k8s.io/v1beta1') return api.list(resource, options);
    usageLists += 1;
    if (cores === undefined || cores === 0)
      throw new ApiError(404, 'NotFound', 'the server could not find the requested resource');
    const at = Math.floor((clock.now() - 7000) / WINDOW_MS) * WINDOW_MS;
    const items = pods().flatMap((pod) => {
      if (Date.parse(pod.metadata.creationTimestamp ?? '') > at - WINDOW_MS) return [];
      const usual = 0.01 * Math.sin(at / 7 + pod.metadata.name.length);
      const used = (isCanary(pod) ? cores : 0.2) + usual;
      const usage = { cpu: `${Math.round(used * 1e9)}n`, memory: `${200_000 + Math.round(1000 * usual)}Ki` };
      const window = { timestamp: new Date(at).toISOString(), window: '15s', containers: [{ name: 'app', usage }] };
      return [{ apiVersion: resource.apiVersion, kind: 'PodMetrics', metadata: pod.metadata, ...window }];
    });
    return { metadata: { resourceVersion: '' }, items } as never;
  };
  return { ...api, list };
}

async function begin(world: World): Promise<void> {
  clock = createFakeClock(START);
  sandbox = createSandbox({ clock, seed: 1, namespaces: ['shop'] });
  stop = new AbortController();
  scrapes = 0;
  usageLists = 0;
  unreachable = () => false;
  const admin = sandbox.api({ username: 'admin', groups: ['system:masters'] });
  const registry = new Registry();
  const operator = assembleOperator({
    config: { workers: 2, watchNamespace: undefined, pollMilliseconds: 5000, podsSource: PodsSource.parse({}) },
    api: withUsage(admin, world.cores),
    clock,
    random: () => 0.5,
    log: silentLogger,
    identity: 'one',
    leaseNamespace: undefined,
    sources: world.prometheus === undefined ? [] : [prometheus(world, world.prometheus)],
    scraper: scraper(world),
    metrics: createOperatorMetrics(registry, 'test', () => clock.now()),
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
        cpu: { enabled: world.cores !== undefined },
        memory: { enabled: world.cores !== undefined },
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
    expect(usageLists).toBe(0);
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

  it('CPU and memory from metrics.k8s.io where the pods export none of the process: a canary that burns more is taken back', async () => {
    await begin({ cores: 0.5 });
    await until(({ phase }) => phase === 'Analyzing', 5);
    await clock.advance(60_000);
    expect(status().analysis).toMatchObject({ source: 'Pods+metrics.k8s.io' });
    expect(status().analysis?.missing ?? []).toEqual([]);
    expect(status().analysis?.warnings?.join()).toMatch(
      /the pods export no cpu and memory of the process: read from metrics.k8s.io/,
    );
    const now = await until(({ phase }) => phase === 'Rejected', 15);
    expect(now.ledger?.[0]).toMatchObject({ outcome: 'RolledBack', verdict: 'Regression', reason: 'cpu' });
    const before = usageLists;
    await clock.advance(60_000);
    expect(usageLists).toBe(before);
  });

  it('beside a Prometheus without container metrics too, and a canary that burns as much is promoted', async () => {
    await begin({ cores: 0.2, prometheus: 15_000, source: 'Prometheus' });
    await until(({ phase }) => phase === 'Analyzing', 5);
    await clock.advance(60_000);
    expect(status().analysis).toMatchObject({ source: 'Prometheus+metrics.k8s.io' });
    expect(status().analysis?.warnings?.join()).toMatch(
      /Prometheus has no cpu and memory of the containers: read from/,
    );
    const now = await until(({ ledger }) => ledger?.[0]?.outcome === 'Promoted', 35);
    expect(now.ledger?.[0]).toMatchObject({ outcome: 'Promoted', reason: 'Passed' });
    expect(now.ledger?.[0]?.sentence).toMatch(/CPU per pod, memory/);
  });

  it('a cluster without metrics.k8s.io is said and hardly asked', async () => {
    await begin({ cores: 0 });
    await until(({ phase }) => phase === 'Analyzing', 5);
    await clock.advance(60_000);
    expect(status().analysis?.source).toBe('Pods');
    expect(status().analysis?.warnings?.join()).toMatch(
      /metrics.k8s.io is not served by this cluster: cpu and memory not compared/,
    );
    expect(usageLists).toBe(1);
  });
});
