import { expect } from 'vitest';
import { type Deployment, type Pod, resources } from '../../../src/kube/object.ts';
import {
  type Case,
  merge,
  pods,
  ref,
  rolledOut,
  type Stage,
  scaleSet,
  setOf,
  setVersion,
  sizes,
  sizesBecome,
  template,
  until,
  web,
} from '../under-test.ts';

function progressing(deployment: Deployment): string | undefined {
  return deployment.status?.conditions?.find(({ type }) => type === 'Progressing')?.reason;
}

async function read(stage: Stage): Promise<Deployment> {
  return stage.api.get<Deployment>(resources.deployments, ref(stage));
}

async function podNames(stage: Stage): Promise<string[]> {
  return (await pods(stage)).map(({ metadata }: Pod) => metadata.name).toSorted();
}

/** v1 with `replicas` pods and one more of v2 that does not become ready, then paused. */
async function pausedBetween(stage: Stage, replicas: number): Promise<void> {
  const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
  const spec = { strategy: { type: 'RollingUpdate', rollingUpdate } };
  await stage.api.create(resources.deployments, web(stage, { replicas, spec }));
  await rolledOut(stage);
  await merge(stage, { spec: { template: template('v2', 'unready') } });
  await sizesBecome(stage, { v1: replicas, v2: 1 });
  await merge(stage, { spec: { paused: true } });
  await sizesBecome(stage, { v1: replicas, v2: 1 });
}

export const pausedCases: Case[] = [
  {
    name: 'a paused target does not roll; resumed it does; reverted and resumed nothing happens',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      const names = await podNames(stage);
      await setVersion(stage, 'v2', { paused: true });
      const paused = await until(stage, 'the condition', async () => {
        const deployment = await read(stage);
        // The condition is written before the counts.
        const counted = deployment.status?.updatedReplicas === undefined;
        return progressing(deployment) === 'DeploymentPaused' && counted && deployment;
      });
      expect(paused.status).toMatchObject({ replicas: 2, availableReplicas: 2 });
      await sizesBecome(stage, { v1: 2 });
      await setVersion(stage, 'v1');
      await merge(stage, { spec: { paused: null } });
      await until(stage, 'resumed', async () => progressing(await read(stage)) === 'NewReplicaSetAvailable');
      await sizesBecome(stage, { v1: 2 });
      expect(await podNames(stage)).toEqual(names);
      await setVersion(stage, 'v2', { paused: true });
      await stage.under.pass(1);
      await merge(stage, { spec: { paused: null } });
      await rolledOut(stage);
      expect(await sizes(stage)).toEqual({ v1: 0, v2: 2 });
    },
  },
  {
    name: 'a paused target scales and heals',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      await setVersion(stage, 'v2', { paused: true });
      const scale = { type: 'merge', subresource: 'scale' } as const;
      await stage.api.patch(resources.deployments, ref(stage), { spec: { replicas: 3 } }, scale);
      await sizesBecome(stage, { v1: 3 });
      const [victim] = await podNames(stage);
      await stage.api.delete(resources.pods, ref(stage, victim ?? ''));
      await until(stage, 'another pod', async () => {
        const names = await podNames(stage);
        return names.length === 3 && !names.includes(victim ?? '');
      });
    },
  },
  {
    name: 'two active ReplicaSets: the larger one is filled up again, the smaller one takes over step by step',
    async run(stage) {
      await pausedBetween(stage, 4);
      await scaleSet(stage, 'v1', 3);
      await sizesBecome(stage, { v1: 4, v2: 1 });
      await scaleSet(stage, 'v2', 2);
      await sizesBecome(stage, { v1: 3, v2: 2 });
      await scaleSet(stage, 'v2', 3);
      await sizesBecome(stage, { v1: 2, v2: 3 });
      await scaleSet(stage, 'v1', 1);
      await sizesBecome(stage, { v1: 1, v2: 4 });
      await scaleSet(stage, 'v1', 0);
      await sizesBecome(stage, { v1: 0, v2: 4 });
    },
  },
  {
    name: 'two active ReplicaSets follow a change of the size by proportion',
    async run(stage) {
      await pausedBetween(stage, 4);
      await scaleSet(stage, 'v2', 2);
      await sizesBecome(stage, { v1: 3, v2: 2 });
      await merge(stage, { spec: { replicas: 8 } });
      await sizesBecome(stage, { v1: 5, v2: 4 });
      await merge(stage, { spec: { replicas: 4 } });
      await sizesBecome(stage, { v1: 3, v2: 2 });
      await merge(stage, { spec: { replicas: 0 } });
      await sizesBecome(stage, { v1: 0, v2: 0 });
    },
  },
  {
    name: 'one active ReplicaSet: what others scale is put back, also to 0',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      await setVersion(stage, 'v2');
      await rolledOut(stage);
      await merge(stage, { spec: { paused: true } });
      await scaleSet(stage, 'v2', 1);
      await sizesBecome(stage, { v1: 0, v2: 2 });
      await scaleSet(stage, 'v2', 0);
      await sizesBecome(stage, { v1: 0, v2: 2 });
      await until(stage, 'available again', async () => (await read(stage)).status?.availableReplicas === 2);
      await scaleSet(stage, 'v1', 1);
      await sizesBecome(stage, { v1: 0, v2: 2 });
    },
  },
  {
    name: 'held at 0 and up again: the newest ReplicaSet starts, whichever that is',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      await stage.under.pass(2);
      await setVersion(stage, 'v2');
      await rolledOut(stage);
      await setVersion(stage, 'v1');
      await rolledOut(stage);
      await setVersion(stage, 'v3', { paused: true });
      await merge(stage, { spec: { replicas: 0 } });
      await sizesBecome(stage, { v1: 0, v2: 0 });
      await merge(stage, { spec: { replicas: 2 } });
      await sizesBecome(stage, { v1: 0, v2: 2 });
    },
  },
  {
    name: 'held at 0 and up again: the ReplicaSet of the template starts; without it stable does',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      await stage.under.pass(2);
      await setVersion(stage, 'v2');
      await rolledOut(stage);
      await setVersion(stage, 'v1');
      await rolledOut(stage);
      await setVersion(stage, 'v2', { paused: true });
      await sizesBecome(stage, { v1: 2, v2: 0 });
      await merge(stage, { spec: { replicas: 0 } });
      await sizesBecome(stage, { v1: 0, v2: 0 });
      await merge(stage, { spec: { replicas: 2 } });
      await sizesBecome(stage, { v1: 0, v2: 2 });
      await merge(stage, { spec: { replicas: 0 } });
      await sizesBecome(stage, { v1: 0, v2: 0 });
      const newer = await setOf(stage, 'v2');
      await stage.api.delete(resources.replicaSets, ref(stage, newer.metadata.name));
      await sizesBecome(stage, { v1: 0 });
      await merge(stage, { spec: { replicas: 2 } });
      await sizesBecome(stage, { v1: 2 });
    },
  },
  {
    name: 'a ReplicaSet whose labels are taken off is let go and serves on',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      await setVersion(stage, 'v2');
      await rolledOut(stage);
      await merge(stage, { spec: { paused: true } });
      const set = await setOf(stage, 'v2');
      const labels = { app: null, 'pod-template-hash': null };
      await stage.api.patch(
        resources.replicaSets,
        ref(stage, set.metadata.name),
        { metadata: { labels } },
        { type: 'merge' },
      );
      await sizesBecome(stage, { v1: 2, v2: 2 });
      expect((await setOf(stage, 'v2')).metadata.ownerReferences).toBeUndefined();
    },
  },
];
