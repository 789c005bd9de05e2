import { expect } from 'vitest';
import { type Deployment, type KubeObject, type ReplicaSet, resources } from '../../../src/kube/object.ts';
import {
  type Case,
  failureOf,
  find,
  pods,
  ref,
  replicaSets,
  rolledOut,
  type Stage,
  setVersion,
  sizes,
  until,
  web,
} from '../under-test.ts';

async function configMap(stage: Stage, name: string, metadata: Record<string, unknown> = {}): Promise<KubeObject> {
  return stage.api.create(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: stage.namespace, ...metadata },
  });
}

function ownedBy(...owners: KubeObject[]): Record<string, unknown> {
  const references = owners.map(({ apiVersion, kind, metadata }) => {
    return { apiVersion, kind, name: metadata.name, uid: metadata.uid };
  });
  return { ownerReferences: references };
}

export const deletionCases: Case[] = [
  {
    name: 'preconditions, finalizers, and a second delete',
    async run(stage) {
      const made = await configMap(stage, 'a', { finalizers: ['example.com/wait'] });
      const where = ref(stage, 'a');
      const other = stage.api.delete(resources.configMaps, where, { uid: '00000000-0000-4000-8000-000000000000' });
      expect(await failureOf(other)).toMatchObject({ status: 409, reason: 'Conflict' });
      const stale = stage.api.delete(resources.configMaps, where, { resourceVersion: '1' });
      expect(await failureOf(stale)).toMatchObject({ status: 409, reason: 'Conflict' });
      await stage.api.delete(resources.configMaps, where, { uid: made.metadata.uid ?? '' });
      const marked = await stage.api.get(resources.configMaps, where);
      expect(marked.metadata.deletionTimestamp).toMatch(/^\d{4}-/);
      expect(marked.metadata['deletionGracePeriodSeconds']).toBe(0);
      await stage.api.delete(resources.configMaps, where);
      expect((await stage.api.get(resources.configMaps, where)).metadata.resourceVersion).toBe(
        marked.metadata.resourceVersion,
      );
      const late = { metadata: { finalizers: ['example.com/wait', 'example.com/late'] } };
      const adding = stage.api.patch(resources.configMaps, where, late, { type: 'merge' });
      expect(await failureOf(adding)).toMatchObject({ status: 422 });
      await stage.api.patch(resources.configMaps, where, { metadata: { finalizers: null } }, { type: 'merge' });
      expect(await find(stage, resources.configMaps, 'a')).toBeUndefined();
      expect(await failureOf(stage.api.delete(resources.configMaps, where))).toMatchObject({ status: 404 });
    },
  },
  {
    name: 'in the background: a Deployment goes at once, its ReplicaSets and pods follow',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      await stage.api.delete(resources.deployments, ref(stage), { propagationPolicy: 'Background' });
      expect(await find(stage, resources.deployments, 'web')).toBeUndefined();
      await until(stage, 'nothing left', async () => {
        const { items } = await stage.api.list(resources.pods, { namespace: stage.namespace });
        return items.length === 0 && (await replicaSets(stage)).length === 0;
      });
    },
  },
  {
    name: 'in the foreground: the owner waits for those that block it',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      await stage.api.delete(resources.deployments, ref(stage), { propagationPolicy: 'Foreground' });
      const waiting = await stage.api.get(resources.deployments, ref(stage));
      expect(waiting.metadata['finalizers']).toEqual(['foregroundDeletion']);
      expect(waiting.metadata.deletionTimestamp).toBeDefined();
      await until(
        stage,
        'the Deployment gone',
        async () => (await find(stage, resources.deployments, 'web')) === undefined,
      );
      expect(await replicaSets(stage)).toEqual([]);
    },
  },
  {
    name: 'orphans stay, and a Deployment that selects them adopts them',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      const names = (await pods(stage)).map(({ metadata }) => metadata.name).toSorted();
      await stage.api.delete(resources.deployments, ref(stage), { propagationPolicy: 'Orphan' });
      await until(
        stage,
        'the Deployment gone',
        async () => (await find(stage, resources.deployments, 'web')) === undefined,
      );
      const [orphan] = await replicaSets(stage);
      expect(orphan?.metadata.ownerReferences).toBeUndefined();
      expect(orphan?.metadata.deletionTimestamp).toBeUndefined();
      const made = await stage.api.create<Deployment>(resources.deployments, web(stage, { name: 'heir' }));
      const adopted = await until(stage, 'adoption', async () => {
        const [set] = await replicaSets(stage);
        return set?.metadata.ownerReferences !== undefined && set;
      });
      expect(adopted.metadata.ownerReferences).toEqual([
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: 'heir',
          uid: made.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
      await rolledOut(stage, 'heir');
      expect((await pods(stage)).map(({ metadata }) => metadata.name).toSorted()).toEqual(names);
      expect(await replicaSets(stage)).toHaveLength(1);
    },
  },
  {
    name: 'an orphan of another version goes to 0 under a running adopter, and keeps its pod under a held one',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage));
      await rolledOut(stage);
      const set: ReplicaSet = {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'stray', namespace: stage.namespace, labels: { app: 'web' } },
        spec: {
          ...web(stage, { version: 'v9', replicas: 1 }).spec,
          selector: { matchLabels: { app: 'web', stray: 'x' } },
        },
      };
      delete set.spec['strategy'];
      set.spec.template.metadata = { labels: { app: 'web', stray: 'x' } };
      await stage.api.create(resources.replicaSets, set);
      await until(stage, 'scaled to 0', async () => (await sizes(stage))['v9'] === 0);
      await stage.api.delete(resources.replicaSets, ref(stage, 'stray'));
      await setVersion(stage, 'v2', { paused: true });
      await until(stage, 'the stray gone', async () => (await sizes(stage))['v9'] === undefined);
      await stage.api.create(resources.replicaSets, set);
      await until(stage, 'adopted', async () => {
        const stray = await find<ReplicaSet>(stage, resources.replicaSets, 'stray');
        return stray?.metadata.ownerReferences?.[0]?.name === 'web';
      });
      await stage.under.pass(3);
      expect(await sizes(stage)).toEqual({ v1: 2, v9: 1 });
    },
  },
  {
    name: 'owners: a dangling one is forgotten while another stays; without any the dependent goes',
    async run(stage) {
      const one = await configMap(stage, 'one');
      const two = await configMap(stage, 'two');
      await configMap(stage, 'both', ownedBy(one, two));
      await configMap(stage, 'lost', {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'nosuch', uid: '00000000-0000-4000-8000-000000000000' },
        ],
      });
      await until(
        stage,
        'the lost one gone',
        async () => (await find(stage, resources.configMaps, 'lost')) === undefined,
      );
      await stage.api.delete(resources.configMaps, ref(stage, 'one'));
      const left = await until(stage, 'one owner left', async () => {
        const both = await stage.api.get(resources.configMaps, ref(stage, 'both'));
        return both.metadata.ownerReferences?.length === 1 && both;
      });
      expect(left.metadata.ownerReferences?.[0]?.name).toBe('two');
      await stage.api.delete(resources.configMaps, ref(stage, 'two'));
      await until(stage, 'both gone', async () => (await find(stage, resources.configMaps, 'both')) === undefined);
    },
  },
  {
    name: 'a namespace takes everything with it and nothing new meanwhile',
    async run(stage) {
      const name = `${stage.namespace}-inner`;
      await stage.api.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      const inner = { ...stage, namespace: name };
      await configMap(inner, 'kept', { finalizers: ['example.com/wait'] });
      await stage.api.delete(resources.namespaces, { name });
      const space = await stage.api.get(resources.namespaces, { name });
      expect(space['status']).toMatchObject({ phase: 'Terminating' });
      const refused = await failureOf(configMap(inner, 'late'));
      expect(refused).toMatchObject({ status: 403, reason: 'Forbidden' });
      expect(JSON.stringify((refused as { details?: unknown }).details)).toContain('NamespaceTerminating');
      await until(stage, 'the content marked', async () => {
        return (await stage.api.get(resources.configMaps, ref(inner, 'kept'))).metadata.deletionTimestamp !== undefined;
      });
      const free = { metadata: { finalizers: null } };
      await stage.api.patch(resources.configMaps, ref(inner, 'kept'), free, { type: 'merge' });
      await until(stage, 'the namespace gone', async () => {
        const { items } = await stage.api.list(resources.namespaces, { fieldSelector: `metadata.name=${name}` });
        return items.length === 0;
      });
    },
  },
];
