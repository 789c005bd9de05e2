import { setTimeout } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { SERVICE_ACCOUNT } from '../../src/api/names.ts';
import type { CanaryRelease, CanaryReleaseStatus } from '../../src/api/schema.ts';
import { loadAssets } from '../../src/dashboard/assets.ts';
import { serveDashboard } from '../../src/dashboard/serve.ts';
import type { PrometheusApi } from '../../src/evidence/prometheus/client.ts';
import { createKubeMetrics } from '../../src/kube/metrics.ts';
import { type KubeObject, resources } from '../../src/kube/object.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createFakeClock, type FakeClock } from '../../src/lib/fake-clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { assembleOperator, type Operator } from '../../src/operator/assemble.ts';
import { createOperatorMetrics } from '../../src/operator/metrics.ts';
import { installTandem } from '../../src/sandbox/http/run.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { meterPods, type Version } from '../simulation/metered.ts';

/** Virtual time that the prelude takes: what is shown ends about now. */
const BEFORE_MS = 815_000;

interface Service {
  namespace: string;
  name: string;
  stable: string;
  spec?: object;
}

const services: readonly Service[] = [
  { namespace: 'shop', name: 'checkout', stable: '1.41.0' },
  { namespace: 'shop', name: 'cart', stable: '3.8.2' },
  { namespace: 'payments', name: 'ledger', stable: '7.0.1' },
  { namespace: 'payments', name: 'invoices', stable: '2.12.0', spec: { promotion: 'Manual' } },
  { namespace: 'search', name: 'suggest', stable: '0.9.4' },
  { namespace: 'search', name: 'index', stable: '5.2.0' },
];

const versions: Record<string, Version> = {
  '1.42.0': { latencySeconds: 0.072 },
  '3.9.0': { errorRate: 0.008 },
};

/**
 * A cluster with six services in virtual time, the operator over it, and its dashboard in real time. One version was
 * promoted, one taken back, two are good so far, and `shop/checkout` has just got one that is slow.
 */
export interface Stage {
  url: string;
  operator: Operator;
  clock: FakeClock;
  /** Writes a new version of a service. */
  release(key: string, tag: string): Promise<void>;
  status(key: string): CanaryReleaseStatus | undefined;
  /** Lets time pass at once until a release is so. */
  until(key: string, check: (status: CanaryReleaseStatus) => boolean, seconds: number): Promise<void>;
  /** Lets time pass so many times as fast as it does, until it is told to stop. */
  play(speed: number): () => Promise<void>;
  /** Ends the dashboard, does something, and serves it again at the same address. */
  without(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const stage = await createStage();
  const { until, release, clock } = stage;
  for (const { namespace, name } of services) await until(`${namespace}/${name}`, isArmed, 120);
  await release('payments/ledger', '7.1.0');
  await release('shop/cart', '3.9.0');
  await until('shop/cart', ({ phase }) => phase === 'Rejected', 900);
  await until('payments/ledger', ({ ledger = [] }) => ledger.some(({ outcome }) => outcome === 'Promoted'), 1800);
  await release('search/suggest', '0.10.0');
  await clock.advance(60_000);
  await release('payments/invoices', '2.13.0');
  await release('shop/checkout', '1.42.0');
  await until('shop/checkout', ({ analysis, phase }) => phase === 'Analyzing' && analysis?.metrics !== undefined, 200);
  await clock.advance(60_000);
  return stage;
}

function isArmed({ phase, conditions = [] }: CanaryReleaseStatus): boolean {
  return phase === 'Idle' && conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

async function createStage(): Promise<Stage> {
  const clock = createFakeClock(Date.now() - BEFORE_MS);
  const namespaces = [...new Set(services.map(({ namespace }) => namespace))];
  const sandbox = createSandbox({ clock, seed: 1, namespaces });
  installTandem(sandbox);
  const admin = sandbox.api({ username: 'admin', groups: ['system:masters'] });
  for (const service of services) {
    await admin.create(resources.deployments, deploymentOf(service));
    await admin.create(resources.services, serviceOf(service));
  }
  const source = sourceOver(sandbox, clock, namespaces);
  await clock.advance(330_000);
  const registry = new Registry();
  const operator = assembleOperator({
    config: { workers: 4, watchNamespace: undefined, pollMilliseconds: 5000 },
    api: sandbox.api({ username: SERVICE_ACCOUNT, groups: ['system:serviceaccounts'] }),
    clock,
    random: () => 0.5,
    log: silentLogger,
    identity: 'tandem-6c9f7d5b4-x2x7k_1',
    leaseNamespace: undefined,
    sources: [source],
    reports: { keep: 5, version: '0.1.0' },
    metrics: createOperatorMetrics(registry, '0.1.0', clock.now),
    kubeMetrics: createKubeMetrics(registry),
  });
  const stop = new AbortController();
  const running = operator.run(stop.signal);
  for (const service of services) await admin.create(resources.canaryReleases, releaseOf(service));
  const options = {
    source: operator.dashboard,
    assets: await loadAssets(),
    clock: systemClock,
    version: '0.1.0',
    hosts: [],
  };
  let server = await serveDashboard('127.0.0.1:0', options);
  let playing = false;

  function status(key: string): CanaryReleaseStatus | undefined {
    const [namespace, name] = key.split('/');
    const all = sandbox.peek<CanaryRelease>(resources.canaryReleases, namespace);
    return all.find(({ metadata }) => metadata.name === name)?.status;
  }

  async function until(key: string, check: (status: CanaryReleaseStatus) => boolean, seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1) {
      const now = status(key);
      if (now !== undefined && check(now)) return;
      await clock.advance(1000);
    }
    throw new Error(`${key}: not within ${seconds} s; ${JSON.stringify(status(key), null, 1)}`);
  }

  async function playOn(speed: number): Promise<void> {
    const stepMs = 100;
    while (playing) {
      const began = performance.now();
      await clock.advance(stepMs * speed);
      await setTimeout(Math.max(10, stepMs - (performance.now() - began)));
    }
  }

  return {
    url: `http://127.0.0.1:${server.port}/`,
    operator,
    clock,
    status,
    until,
    async release(key, tag) {
      const [namespace = '', name = ''] = key.split('/');
      const service = { namespace, name, stable: tag };
      await admin.patch(
        resources.deployments,
        { namespace, name },
        { spec: deploymentOf(service)['spec'] as object },
        { type: 'merge' },
      );
    },
    play(speed) {
      playing = true;
      const played = playOn(speed);
      return () => {
        playing = false;
        return played;
      };
    },
    async without(work) {
      const { port } = server;
      await server.close();
      await work();
      server = await serveDashboard(`127.0.0.1:${port}`, options);
    },
    async close() {
      playing = false;
      stop.abort();
      await server.close();
      await clock.advance(20_000);
      await running;
    },
  };
}

function sourceOver(sandbox: Sandbox, clock: FakeClock, namespaces: string[]): PrometheusApi {
  const all = namespaces.map((namespace, index) =>
    meterPods({
      sandbox,
      clock,
      namespace,
      seed: 7 + index,
      requestsPerSecond: 120,
      version: (tag) => versions[tag] ?? {},
    }),
  );
  return {
    name: 'default',
    allows: () => true,
    async query(query, at) {
      const answers = await Promise.all(all.map((source) => source.query(query, at)));
      const value = answers.flatMap((answer) => (answer.kind === 'value' ? answer.value : []));
      return value.length === 0 ? { kind: 'nodata' } : { kind: 'value', value };
    },
    close: async () => undefined,
  };
}

function deploymentOf({ namespace, name, stable }: Service): KubeObject {
  const image = `registry.example/${namespace}/${name}:${stable}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image }] } },
    },
  };
}

function serviceOf({ namespace, name }: Service): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80 }] },
  };
}

function releaseOf({ namespace, name, spec = {} }: Service): KubeObject {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name, namespace },
    spec: { targetRef: { name }, analysis: { minDuration: '6m' }, ...spec },
  };
}
