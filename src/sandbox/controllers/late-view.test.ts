import { describe, expect, it } from 'vitest';
import { type Deployment, type Pod, type ReplicaSet, resources } from '../../kube/object.ts';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { createSandbox } from '../sandbox.ts';

const ref = { namespace: 'default', name: 'shop' };

function deployment(version: string): Deployment {
  const labels = { app: 'shop' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...ref },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: `shop:${version}` }] } },
    },
  };
}

describe('controllers that are behind', () => {
  it('act on what they know, and end where they would have ended', async () => {
    const clock = createFakeClock();
    let behind = 0;
    const sandbox = createSandbox({ clock, controllersBehindMs: () => behind });
    const api = sandbox.api({ username: 'admin' });
    await api.create(resources.deployments, deployment('v1'));
    await clock.advance(10_000);
    behind = 5000;
    await api.patch(
      resources.deployments,
      ref,
      { spec: { template: deployment('v2').spec.template } },
      { type: 'merge' },
    );
    await clock.advance(4000);
    expect(sandbox.peek<ReplicaSet>(resources.replicaSets, 'default')).toHaveLength(1);

    await clock.advance(300_000);
    const pods = sandbox.peek<Pod>(resources.pods, 'default');
    expect(pods.map(({ spec }) => spec.containers[0]?.image)).toEqual(['shop:v2', 'shop:v2', 'shop:v2']);
    const { status } = await api.get<Deployment>(resources.deployments, ref);
    expect(status).toMatchObject({ replicas: 3, updatedReplicas: 3, availableReplicas: 3 });
    expect(status?.['collisionCount']).toBeUndefined();
    expect(sandbox.peek<ReplicaSet>(resources.replicaSets, 'default')).toHaveLength(2);
  });
});

describe('a kubelet that is behind', () => {
  it('tells late, in order, and nothing of a pod that has ended', async () => {
    const clock = createFakeClock();
    const delays = [0, 30_000, 1000];
    const sandbox = createSandbox({ clock, nodeBehindMs: () => delays.shift() ?? 0 });
    const api = sandbox.api({ username: 'admin' });
    await api.create(resources.deployments, deployment('v1'));
    await api.patch(resources.deployments, ref, { spec: { replicas: 1 } }, { type: 'merge' });
    await clock.advance(20_000);
    const ready = (): number =>
      sandbox
        .peek<Pod>(resources.pods, 'default')
        .filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'))
        .length;
    expect(ready()).toBe(0);
    await clock.advance(30_000);
    expect(ready()).toBe(1);
  });
});
