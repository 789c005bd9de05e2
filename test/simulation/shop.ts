import { Registry } from 'prom-client';
import type { CanaryRelease, CanaryReleaseStatus } from '../../src/api/schema.ts';
import { createKubeMetrics } from '../../src/kube/metrics.ts';
import { type KubeObject, resources } from '../../src/kube/object.ts';
import { createFakeClock, type FakeClock } from '../../src/lib/fake-clock.ts';
import { silentLogger } from '../../src/lib/log.ts';
import { assembleOperator, type OperatorInput } from '../../src/operator/assemble.ts';
import { createOperatorMetrics } from '../../src/operator/metrics.ts';
import type { SandboxApi } from '../../src/sandbox/api.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';

/** The Deployment that all tests with a source of their own are about, and the CanaryRelease beside it. */
export const named = { namespace: 'shop', name: 'shop' };

/** A cluster in virtual time with an empty namespace `shop`. */
export interface Shop {
  clock: FakeClock;
  sandbox: Sandbox;
  admin: SandboxApi;
  status(): Promise<CanaryReleaseStatus>;
  /** Looks every second. */
  until(what: string, check: (status: CanaryReleaseStatus) => boolean, seconds: number): Promise<CanaryReleaseStatus>;
}

export function openShop(): Shop {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const sandbox = createSandbox({ clock, seed: 1, namespaces: [named.namespace] });
  const admin = sandbox.api({ username: 'admin', groups: ['system:masters'] });
  const status = async (): Promise<CanaryReleaseStatus> =>
    (await admin.get<CanaryRelease>(resources.canaryReleases, named)).status ?? { observedGeneration: -1 };
  return {
    clock,
    sandbox,
    admin,
    status,
    until: async (what, check, seconds) => {
      const end = clock.now() + seconds * 1000;
      for (;;) {
        const now = await status();
        if (check(now)) return now;
        if (clock.now() >= end) throw new Error(`${what}: not within ${seconds} s; ${JSON.stringify(now, null, 1)}`);
        await clock.advance(1000);
      }
    },
  };
}

/** Three pods of this image tag. */
export async function deploy({ admin }: Shop, tag: string, more: Template = {}): Promise<void> {
  await admin.create(resources.deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...named, annotations: more.annotations ?? {} },
    spec: { replicas: 3, selector: { matchLabels: { app: 'shop' } }, template: templateOf(tag, more) },
  } as KubeObject);
}

interface Template {
  env?: { name: string; value: string }[];
  /** Of the Deployment. */
  annotations?: Record<string, string>;
}

/** A user writes another template. */
export async function setTag({ admin }: Shop, tag: string, more: Template = {}): Promise<void> {
  await admin.patch(resources.deployments, named, { spec: { template: templateOf(tag, more) } }, { type: 'merge' });
}

function templateOf(tag: string, { env }: Template): object {
  const container = { name: 'app', image: `shop:${tag}`, ...(env === undefined ? {} : { env }) };
  return { metadata: { labels: { app: 'shop' } }, spec: { containers: [container] } };
}

export async function createRelease({ admin }: Shop, spec: object): Promise<void> {
  await admin.create(resources.canaryReleases, {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: named,
    spec: { targetRef: { name: named.name }, ...spec },
  } as KubeObject);
}

/** Runs an operator as the process wires it; answers where its metrics are. */
export function operate(
  { clock }: Shop,
  signal: AbortSignal,
  input: Pick<OperatorInput, 'api' | 'sources'> & Partial<OperatorInput>,
): Registry {
  const registry = new Registry();
  const operator = assembleOperator({
    config: { workers: 1, watchNamespace: undefined, pollMilliseconds: 5000 },
    clock,
    random: () => 0.5,
    log: silentLogger,
    identity: 'operator',
    leaseNamespace: undefined,
    metrics: createOperatorMetrics(registry, 'test', () => clock.now()),
    kubeMetrics: createKubeMetrics(registry),
    ...input,
  });
  void operator.run(signal);
  return registry;
}
