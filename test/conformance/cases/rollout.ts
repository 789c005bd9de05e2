import { expect } from 'vitest';
import { type Deployment, type Pod, resources } from '../../../src/kube/object.ts';
import {
  type Case,
  merge,
  pods,
  ref,
  rolledOut,
  setOf,
  setVersion,
  sizes,
  sizesBecome,
  template,
  until,
  versionOf,
  web,
} from '../under-test.ts';

const REVISION = 'deployment.kubernetes.io/revision';

function reasons(deployment: Deployment): Record<string, string> {
  const conditions = deployment.status?.conditions ?? [];
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status}/${reason ?? ''}`]));
}

export const rolloutCases: Case[] = [
  {
    name: 'a new Deployment: ReplicaSet, pods, status, revision',
    async run(stage) {
      const sent = web(stage);
      sent.metadata.annotations = { note: 'copied', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
      await stage.api.create(resources.deployments, sent);
      const done = await rolledOut(stage);
      expect(done.metadata.annotations?.[REVISION]).toBe('1');
      expect(reasons(done)).toEqual({
        Available: 'True/MinimumReplicasAvailable',
        Progressing: 'True/NewReplicaSetAvailable',
      });
      const { conditions, observedGeneration, ...counts } = done.status ?? {};
      expect(counts).toEqual({
        replicas: 2,
        updatedReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        terminatingReplicas: 0,
      });
      expect(observedGeneration).toBe(done.metadata.generation);
      expect(conditions).toHaveLength(2);
      const set = await setOf(stage, 'v1');
      const hash = set.metadata.labels?.['pod-template-hash'] ?? '';
      expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
      expect(set.metadata.name).toBe(`web-${hash}`);
      expect(set.metadata.annotations).toEqual({
        note: 'copied',
        [REVISION]: '1',
        'deployment.kubernetes.io/desired-replicas': '2',
        'deployment.kubernetes.io/max-replicas': '3',
      });
      expect(set.metadata.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
      expect(set.spec.selector).toEqual({ matchLabels: { app: 'web', 'pod-template-hash': hash } });
      expect(set.metadata.ownerReferences).toMatchObject([
        { kind: 'Deployment', controller: true, blockOwnerDeletion: true },
      ]);
      expect(set.status).toEqual({
        replicas: 2,
        fullyLabeledReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        terminatingReplicas: 0,
        observedGeneration: set.metadata.generation,
      });
      const [pod] = await pods(stage);
      expect(pod?.metadata.name).toMatch(new RegExp(`^web-${hash}-[bcdfghjklmnpqrstvwxz2456789]{5}$`));
      expect(pod?.metadata.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
      expect(pod?.metadata.ownerReferences).toMatchObject([
        { kind: 'ReplicaSet', uid: set.metadata.uid, controller: true },
      ]);
    },
  },
  {
    name: 'a changed template rolls, revisions count, going back reuses the ReplicaSet',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      await setVersion(stage, 'v2');
      const second = await rolledOut(stage);
      expect(second.metadata.annotations?.[REVISION]).toBe('2');
      expect(await sizes(stage)).toEqual({ v1: 0, v2: 2 });
      const first = await setOf(stage, 'v1');
      await setVersion(stage, 'v1');
      const third = await rolledOut(stage);
      expect(third.metadata.annotations?.[REVISION]).toBe('3');
      const again = await setOf(stage, 'v1');
      expect(again.metadata.uid).toBe(first.metadata.uid);
      expect(again.metadata.annotations).toMatchObject({
        [REVISION]: '3',
        'deployment.kubernetes.io/revision-history': '1',
      });
      expect((await pods(stage)).map(versionOf)).toEqual(['v1', 'v1']);
    },
  },
  {
    name: 'a rollout that does not get ready stops at the surge and runs out of its deadline',
    async run(stage) {
      const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
      const spec = { strategy: { type: 'RollingUpdate', rollingUpdate }, progressDeadlineSeconds: 6 };
      await stage.api.create(resources.deployments, web(stage, { replicas: 3, spec }));
      await rolledOut(stage);
      await merge(stage, { spec: { template: template('v2', 'unready') } });
      await sizesBecome(stage, { v1: 3, v2: 1 });
      const failed = await until(stage, 'the deadline', async () => {
        const deployment = await stage.api.get<Deployment>(resources.deployments, ref(stage));
        return reasons(deployment)['Progressing'] === 'False/ProgressDeadlineExceeded' && deployment;
      });
      expect(reasons(failed)['Available']).toBe('True/MinimumReplicasAvailable');
      expect(failed.status).toMatchObject({
        replicas: 4,
        updatedReplicas: 1,
        availableReplicas: 3,
        unavailableReplicas: 1,
      });
      const set = await setOf(stage, 'v2');
      const message = failed.status?.conditions?.find(({ type }) => type === 'Progressing')?.message;
      expect(message).toBe(`ReplicaSet "${set.metadata.name}" has timed out progressing.`);
      await setVersion(stage, 'v3');
      await merge(stage, { spec: { template: template('v1') } });
      const back = await rolledOut(stage);
      expect(reasons(back)['Progressing']).toBe('True/NewReplicaSetAvailable');
    },
  },
  {
    name: 'minReadySeconds delays availability',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage, { replicas: 1, spec: { minReadySeconds: 4 } }));
      const ready = await until(stage, 'ready', async () => {
        const deployment = await stage.api.get<Deployment>(resources.deployments, ref(stage));
        return deployment.status?.readyReplicas === 1 && deployment;
      });
      expect(ready.status?.availableReplicas).toBeUndefined();
      expect(reasons(ready)['Available']).toBe('False/MinimumReplicasUnavailable');
      await rolledOut(stage);
    },
  },
  {
    name: 'old ReplicaSets go beyond the history limit',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage, { replicas: 1, spec: { revisionHistoryLimit: 1 } }));
      for (const version of ['v1', 'v2', 'v3']) {
        await setVersion(stage, version);
        await rolledOut(stage);
      }
      await sizesBecome(stage, { v2: 0, v3: 1 });
    },
  },
  {
    name: 'scaling follows spec.replicas, and keeps the parts of two versions',
    async run(stage) {
      const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
      const spec = { strategy: { type: 'RollingUpdate', rollingUpdate } };
      await stage.api.create(resources.deployments, web(stage, { replicas: 2, spec }));
      await rolledOut(stage);
      await merge(stage, { spec: { replicas: 3 } });
      await rolledOut(stage);
      await merge(stage, { spec: { template: template('v2', 'unready') } });
      await sizesBecome(stage, { v1: 3, v2: 1 });
      await merge(stage, { spec: { replicas: 7 } });
      await sizesBecome(stage, { v1: 6, v2: 2 });
      await merge(stage, { spec: { replicas: 3 } });
      await sizesBecome(stage, { v1: 3, v2: 1 });
    },
  },
  {
    name: 'Recreate ends all old pods before the first new one',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage, { spec: { strategy: { type: 'Recreate' } } }));
      await rolledOut(stage);
      await setVersion(stage, 'v2');
      await until(stage, 'the new version', async () => {
        const { items } = await stage.api.list<Pod>(resources.pods, { namespace: stage.namespace });
        // A pod that ended stands there a moment longer.
        const alive = items.filter(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded');
        const versions = new Set(alive.map(versionOf));
        expect(versions.size).toBeLessThan(2);
        return versions.has('v2');
      });
      await rolledOut(stage);
      expect(await sizes(stage)).toEqual({ v1: 0, v2: 2 });
    },
  },
];
