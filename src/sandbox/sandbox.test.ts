import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeApi } from '../kube/api.ts';
import { type Deployment, type Pod, type ReplicaSet, resources } from '../kube/object.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';

let clock: FakeClock;
let sandbox: Sandbox;
let api: KubeApi;
const web = { namespace: 'shop', name: 'web' };

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  sandbox = createSandbox({ clock, namespaces: ['shop'] });
  api = sandbox.api({ username: 'admin' });
});

function deployment(image: string, replicas = 3): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...web },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image }] } },
    },
  };
}

function sizes(): Record<string, number> {
  const sets = sandbox.peek<ReplicaSet>(resources.replicaSets, 'shop');
  return Object.fromEntries(
    sets.map((set) => [set.spec.template.spec.containers[0]?.image ?? '', set.spec.replicas ?? 0]),
  );
}

async function setImage(image: string, more: Record<string, unknown> = {}): Promise<void> {
  const template = { spec: { containers: [{ name: 'app', image }] } };
  await api.patch(resources.deployments, web, { spec: { template, ...more } }, { type: 'strategic' });
}

describe('sandbox', () => {
  it('brings a Deployment up and rolls it', async () => {
    await api.create(resources.deployments, deployment('shop:1'));
    await clock.advance(10_000);

    const up = await api.get<Deployment>(resources.deployments, web);
    expect(up.status).toMatchObject({ observedGeneration: 1, replicas: 3, readyReplicas: 3, availableReplicas: 3 });
    expect(up.spec).toMatchObject({ progressDeadlineSeconds: 600, strategy: { rollingUpdate: { maxSurge: '25%' } } });

    await setImage('shop:2');
    await clock.advance(30_000);

    expect(sizes()).toEqual({ 'shop:1': 0, 'shop:2': 3 });
    const pods = sandbox.peek<Pod>(resources.pods, 'shop');
    expect(pods.map((pod) => pod.spec.containers[0]?.image)).toEqual(['shop:2', 'shop:2', 'shop:2']);
    const rolled = await api.get<Deployment>(resources.deployments, web);
    expect(rolled.status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
      ['Available', 'MinimumReplicasAvailable'],
      ['Progressing', 'NewReplicaSetAvailable'],
    ]);
    expect(rolled.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  });

  it('does not roll while paused', async () => {
    await api.create(resources.deployments, deployment('shop:1'));
    await clock.advance(10_000);

    await setImage('shop:2', { paused: true });
    await clock.advance(30_000);

    expect(sizes()).toEqual({ 'shop:1': 3 });
    await api.patch(resources.deployments, web, { spec: { paused: null } }, { type: 'merge' });
    await clock.advance(30_000);
    expect(sizes()).toEqual({ 'shop:1': 0, 'shop:2': 3 });
  });
});

describe('the same seed', () => {
  async function history(seed: number): Promise<string[]> {
    const time = createFakeClock(Date.UTC(2026, 0, 1));
    const own = createSandbox({ clock: time, seed, namespaces: ['shop'] });
    own.pods.behave((pod) => (pod.spec.containers[0]?.image === 'shop:2' ? { crash: { afterSeconds: 3 } } : undefined));
    const client = own.api({ username: 'admin' });
    const seen: string[] = [];
    const abort = new AbortController();
    const watch = (async (): Promise<void> => {
      for await (const { type, object } of client.watch(resources.pods, { signal: abort.signal })) {
        seen.push(`${type} ${object.metadata.name} ${object.metadata.resourceVersion} ${object.metadata.uid}`);
      }
    })();
    await client.create(resources.deployments, deployment('shop:1', 4));
    await time.advance(10_000);
    await client.patch(
      resources.deployments,
      web,
      { spec: { template: { spec: { containers: [{ name: 'app', image: 'shop:2' }] } } } },
      { type: 'strategic' },
    );
    await time.advance(120_000);
    abort.abort();
    await watch;
    return seen;
  }

  it('gives the same history, another seed another one', async () => {
    const first = await history(7);
    expect(first.length).toBeGreaterThan(50);
    expect(await history(7)).toEqual(first);
    expect(await history(8)).not.toEqual(first);
  });
});

describe('settle', () => {
  it('runs the controllers without moving time', async () => {
    await api.create(resources.deployments, deployment('shop:1'));
    expect(sandbox.peek(resources.pods)).toEqual([]);
    sandbox.settle();
    expect(sandbox.peek(resources.pods)).toHaveLength(3);
    expect(clock.now()).toBe(Date.UTC(2026, 0, 1));
  });
});
