import { afterEach, describe, expect, it } from 'vitest';
import { type AlertBoard, createAlertBoard } from '../../src/alerts/board.ts';
import { TRACK_LABEL } from '../../src/api/names.ts';
import type { CanaryRelease, CanaryReleaseStatus } from '../../src/api/schema.ts';
import type { CustomMetrics } from '../../src/evidence/custom/allowed.ts';
import type { PrometheusApi } from '../../src/evidence/prometheus/client.ts';
import type { Series } from '../../src/evidence/prometheus/schema.ts';
import { matches, parseQuery } from '../../src/evidence/testing/selector.ts';
import { type Pod, resources } from '../../src/kube/object.ts';
import { type FakeClock } from '../../src/lib/fake-clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { Receiver } from '../../src/notify/config.ts';
import type { Notification } from '../../src/notify/notification.ts';
import { createNotifier } from '../../src/notify/notifier.ts';
import { type Sandbox } from '../../src/sandbox/sandbox.ts';
import { createRelease, deploy, openShop, operate, type Shop, setTag } from './shop.ts';

/** A whole release by the operator as it is wired, its collector and its judge, with a metric of the user's own. */

const STEP = 30_000;
const bounds = ['0.05', '0.1', '0.25', '0.5', '+Inf'];
const off = { enabled: false };
/** The rest is judged elsewhere; errors say that there is traffic. */
const only = { latency: off, cpu: off, memory: off };
const custom = [
  { name: 'queue-age', query: 'max(queue_age_seconds{namespace="{{namespace}}", pod=~"{{pods}}"})', tolerance: '30%' },
];

let shop: Shop;
let clock: FakeClock;
let sandbox: Sandbox;
let stop: AbortController;
let asked: string[];
let told: Notification[];
let board: AlertBoard;

interface Line {
  labels: Record<string, string>;
  start: number;
  value: (time: number) => number;
}

/** Pods that all serve alike; only the age of the queue differs by `ageOf`. */
function linesOf(ageOf: (pod: Pod) => number): Line[] {
  return sandbox.peek<Pod>(resources.pods, 'shop').flatMap((pod) => {
    const target = { namespace: 'shop', pod: pod.metadata.name, job: 'pods', instance: pod.metadata.name };
    const start = Date.parse(pod.metadata.creationTimestamp ?? '');
    const one = (name: string, value: Line['value'], more: object = {}): Line => ({
      labels: { __name__: name, ...target, ...more },
      start,
      value,
    });
    const served = (time: number): number => 2000 * Math.round((time - start) / STEP);
    const bucket = (le: string, i: number): Line =>
      one('http_request_duration_seconds_bucket', (time) => served(time) * Math.min(1, 0.3 + 0.25 * i), {
        le,
        status_code: '200',
      });
    return [
      one('up', () => 1),
      ...bounds.map(bucket),
      one('queue_age_seconds', (time) => ageOf(pod) * (1 + 0.05 * Math.sin(time / 7000))),
    ];
  });
}

function samplesOf({ start, value }: Line, after: number, until: number): [number, number][] {
  const first = Math.max(Math.ceil(start / STEP), Math.floor(after / STEP) + 1);
  const count = Math.max(0, Math.floor(until / STEP) - first + 1);
  return Array.from({ length: count }, (_, i) => [(first + i) * STEP, value((first + i) * STEP)]);
}

function prometheus(ageOf: (pod: Pod) => number): PrometheusApi {
  function query(text: string, at: number): ReturnType<PrometheusApi['query']> {
    asked.push(text);
    const max = /^max\((?<inner>.*)\)$/s.exec(text)?.groups?.['inner'];
    const parsed = parseQuery(max ?? text);
    const found: Series[] = linesOf(ageOf)
      .filter(({ labels }) => matches(labels, parsed))
      .map((line) => ({ labels: line.labels, samples: samplesOf(line, at - (parsed.windowMs ?? 60_000), at) }))
      .filter(({ samples }) => samples.length > 0);
    if (found.length === 0) return Promise.resolve({ kind: 'nodata' });
    const newest = found.map(({ labels, samples }) => ({ labels, samples: samples.slice(-1) }));
    const value = Math.max(...newest.map(({ samples }) => samples[0]?.[1] ?? 0));
    const plain = parsed.windowMs === undefined ? newest : found;
    return Promise.resolve({
      kind: 'value',
      value: max === undefined ? plain : [{ labels: {}, samples: [[at, value]] }],
    });
  }
  return { name: 'default', allows: () => true, query, close: () => Promise.resolve() };
}

async function begin(options: { ageOf: (pod: Pod) => number; customMetrics?: CustomMetrics; critical?: boolean }) {
  shop = openShop();
  ({ clock, sandbox } = shop);
  stop = new AbortController();
  asked = [];
  told = [];
  board = createAlertBoard({ clock });
  const annotations = { 'tandem.dev/commit': 'c'.repeat(40) };
  await deploy(shop, 'v1', { annotations });
  await clock.advance(600_000);
  operate(shop, stop.signal, {
    config: { workers: 2, watchNamespace: undefined, pollMilliseconds: 15_000 },
    api: shop.admin,
    sources: [prometheus(options.ageOf)],
    customMetrics: options.customMetrics,
    alerts: board,
    notifier: createNotifier({
      receivers: [Receiver.parse({ type: 'webhook', name: 'ci', url: 'http://127.0.0.1' })],
      deliver: (_, notification) => {
        told.push(notification);
        return Promise.resolve({ outcome: 'sent' });
      },
      clock,
      random: () => 0.5,
      log: silentLogger,
    }),
  });
  await createRelease(shop, {
    gate: 'Paused',
    analysis: {
      ...only,
      minDuration: '5m',
      deadline: '30m',
      custom: custom.map((one) => ({ ...one, ...criticalOf(options) })),
    },
  });
  await clock.advance(20_000);
  await setTag(shop, 'v2');
}

function criticalOf({ critical }: { critical?: boolean }): object {
  return critical === undefined ? {} : { critical };
}

function status(): CanaryReleaseStatus {
  const [release] = sandbox.peek<CanaryRelease>(resources.canaryReleases, 'shop');
  return release?.status ?? { observedGeneration: -1 };
}

async function until(check: (now: CanaryReleaseStatus) => boolean, minutes: number): Promise<CanaryReleaseStatus> {
  for (let i = 0; i < minutes * 12 && !check(status()); i++) await clock.advance(5000);
  return status();
}

const isCanary = (pod: Pod): boolean => pod.metadata.labels?.[TRACK_LABEL] === 'canary';
const allowed = { namespaces: ['shop'] };

afterEach(() => stop.abort());

describe('a release with a metric of its own', { timeout: 120_000 }, () => {
  it('is taken back when only that one is worse', async () => {
    await begin({ ageOf: (pod) => (isCanary(pod) ? 9 : 4), customMetrics: allowed });
    const now = await until(({ phase }) => phase === 'Rejected', 20);

    expect(now.ledger?.[0]).toMatchObject({
      outcome: 'RolledBack',
      verdict: 'Regression',
      reason: 'custom-queue-age',
    });
    expect(now.ledger?.[0]?.sentence).toMatch(
      /^queue-age of canary is 9.*, 4.* on stable \(limit 5.*\) over \d+ scrapes/,
    );
    const [metric] = (now.analysis?.metrics ?? []).filter(({ name }) => name === 'custom-queue-age');
    expect(metric).toMatchObject({ verdict: 'Regression', limit: '+30%' });
    expect(metric?.query).toMatch(/^max\(queue_age_seconds\{namespace="shop",pod=~"shop-canary-/);
    expect(now.analysis?.metrics?.filter(({ verdict }) => verdict === 'Regression')).toHaveLength(1);
    expect(told.map(({ kind }) => kind)).toEqual(['Started', 'Regression', 'RolledBack']);
    expect(told[2]).toMatchObject({
      release: 'shop',
      reason: 'custom-queue-age',
      sentence: now.ledger?.[0]?.sentence,
    });
    expect(told[2]?.commit).toBe('c'.repeat(40));
  });

  it('is promoted when the worse one is only reported', async () => {
    await begin({ ageOf: (pod) => (isCanary(pod) ? 9 : 4), customMetrics: allowed, critical: false });
    const now = await until(({ ledger }) => ledger?.[0]?.outcome === 'Promoted', 35);

    expect(now.ledger?.[0]).toMatchObject({ outcome: 'Promoted' });
    expect(told.map(({ kind }) => kind)).toEqual(['Started', 'Promoted']);
    expect(now.analysis?.warnings).toContain('custom metric queue-age is worse, and not critical: reported only');
  });

  it('is taken back when an alert fires for its canary', async () => {
    await begin({ ageOf: () => 4, customMetrics: allowed });
    await until(({ phase }) => phase === 'Analyzing', 3);
    const [pod] = sandbox.peek<Pod>(resources.pods, 'shop').filter(isCanary);
    const labels = { alertname: 'QueueStuck', namespace: 'shop', pod: pod?.metadata.name ?? '' };
    const startsAt = new Date(clock.now()).toISOString();
    const alert = { status: 'firing', labels, annotations: { summary: 'nothing moves' }, startsAt, fingerprint: 'f1' };
    expect(board.take({ version: '4', alerts: [alert] })).toBeUndefined();
    const now = await until(({ phase }) => phase === 'Rejected', 2);
    expect(now.ledger?.[0]).toMatchObject({ outcome: 'RolledBack', reason: 'AlertFiring' });
    expect(now.ledger?.[0]?.sentence).toMatch(/^alert QueueStuck fires for shop-canary-.*: nothing moves$/);
  });

  it('does not start where the operator allows no custom metrics, and nothing is asked', async () => {
    await begin({ ageOf: () => 4, customMetrics: { namespaces: ['bank'] } });
    const now = await until(({ phase }) => phase === 'Rejected', 2);

    expect(now.phase).toBe('Invalid');
    expect(now.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'InvalidSpec',
    });
    expect(now.message).toContain('spec.analysis.custom: custom metrics are not allowed in namespace shop');
    expect(asked).toEqual([]);
  });
});
