import { expect } from 'vitest';
import { type Condition, type Deployment, type Pod, type ReplicaSet, resources } from '../../../src/kube/object.ts';
import { type Behaviour, type Case, pods, ref, rolledOut, type Stage, until, web } from '../under-test.ts';

async function podWith(stage: Stage, behaviour: Behaviour, what: (pod: Pod) => boolean, seconds = 60): Promise<Pod> {
  await stage.api.create(resources.deployments, web(stage, { replicas: 1, behaviour }));
  return until(stage, `a pod as it should be (${behaviour})`, async () => (await pods(stage)).find(what), seconds);
}

function waiting(pod: Pod): string | undefined {
  return pod.status?.containerStatuses?.[0]?.state?.waiting?.reason;
}

function conditions(pod: Pod): Record<string, string> {
  const entries = (pod.status?.conditions ?? []).map(({ type, status }: Condition) => [type, status]);
  return Object.fromEntries(entries) as Record<string, string>;
}

const up = { PodScheduled: 'True', Initialized: 'True', PodReadyToStartContainers: 'True' };

export const podCases: Case[] = [
  {
    name: 'a pod that is well',
    async run(stage) {
      const pod = await podWith(stage, 'well', ({ status }) => status?.containerStatuses?.[0]?.ready === true);
      expect(pod.status?.phase).toBe('Running');
      expect(conditions(pod)).toEqual({ ...up, Ready: 'True', ContainersReady: 'True' });
      const [status] = pod.status?.containerStatuses ?? [];
      expect(status).toMatchObject({ name: 'app', ready: true, restartCount: 0, started: true, lastState: {} });
      expect(status?.state?.running?.startedAt).toMatch(/^\d{4}-/);
      expect(pod.spec.nodeName).toBeTypeOf('string');
      expect(pod.status?.startTime).toMatch(/^\d{4}-/);
      expect(pod.status?.['podIP']).toMatch(/^\d+\./);
    },
  },
  {
    name: 'a pod that runs and is not ready',
    async run(stage) {
      const pod = await podWith(stage, 'unready', ({ status }) => status?.phase === 'Running');
      expect(conditions(pod)).toEqual({ ...up, Ready: 'False', ContainersReady: 'False' });
      const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
      expect(ready).toMatchObject({
        reason: 'ContainersNotReady',
        message: 'containers with unready status: [app]',
      });
      expect(pod.status?.containerStatuses?.[0]).toMatchObject({ ready: false, started: true });
    },
  },
  {
    name: 'a container that ends: restarts, then CrashLoopBackOff with its last state',
    async run(stage) {
      const pod = await podWith(stage, 'crash', (one) => waiting(one) === 'CrashLoopBackOff');
      const [status] = pod.status?.containerStatuses ?? [];
      expect(status?.restartCount).toBeGreaterThan(0);
      expect(status).toMatchObject({ ready: false, started: false });
      // A busy machine may show a later one first: each waits twice as long.
      const seconds = 10 * 2 ** ((status?.restartCount ?? 1) - 1);
      const waits = new RegExp(`^back-off ${seconds}s restarting failed container=app pod=web-`);
      expect(status?.state?.waiting?.message).toMatch(waits);
      expect(status?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
      expect(pod.status?.phase).toBe('Running');
      expect(conditions(pod)['Ready']).toBe('False');
      const before = status?.restartCount ?? 0;
      await until(stage, 'another restart', async () => {
        const [now] = await pods(stage);
        return (now?.status?.containerStatuses?.[0]?.restartCount ?? 0) > before;
      });
    },
  },
  {
    name: 'an image that is not there',
    async run(stage) {
      const pod = await podWith(stage, 'missing-image', (one) => waiting(one) === 'ImagePullBackOff');
      const [status] = pod.status?.containerStatuses ?? [];
      expect(status?.state?.waiting?.message).toMatch(
        /^Back-off pulling image "docker.io\/library\/nosuch:1": ErrImagePull: /,
      );
      expect(status?.state?.waiting?.message).toContain('not found');
      expect(status).toMatchObject({ ready: false, started: false, restartCount: 0 });
      expect(pod.status?.phase).toBe('Pending');
      const error = await until(stage, 'the error itself', async () => {
        return (await pods(stage)).find((one) => waiting(one) === 'ErrImagePull');
      });
      expect(error.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('code = NotFound');
    },
  },
  {
    name: 'a ConfigMap that is not there',
    async run(stage) {
      const pod = await podWith(stage, 'missing-config', (one) => waiting(one) === 'CreateContainerConfigError');
      expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('configmap "nosuch" not found');
      expect(pod.status?.phase).toBe('Pending');
    },
  },
  {
    name: 'no node for it',
    async run(stage) {
      const unplaced = (pod: Pod): boolean =>
        pod.status?.conditions?.some(({ type }) => type === 'PodScheduled') === true;
      const pod = await podWith(stage, 'unschedulable', unplaced);
      expect(pod.status?.phase).toBe('Pending');
      expect(pod.spec.nodeName).toBeUndefined();
      const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
      expect(scheduled).toMatchObject({ status: 'False', reason: 'Unschedulable' });
      expect(scheduled?.message).toMatch(/^0\/1 nodes are available/);
      expect(pod.status?.containerStatuses).toBeUndefined();
    },
  },
  {
    name: 'deleting: a pod that runs ends in its time, and another takes its place at once',
    async run(stage) {
      await stage.api.create(resources.deployments, web(stage, { replicas: 1 }));
      await rolledOut(stage);
      const [pod] = await pods(stage);
      const seen: string[] = [];
      const abort = new AbortController();
      const options = { namespace: stage.namespace, fieldSelector: `metadata.name=${pod?.metadata.name}` };
      const watching = (async (): Promise<void> => {
        for await (const { type, object } of stage.api.watch<Pod>(resources.pods, {
          ...options,
          signal: abort.signal,
        })) {
          const [status] = object.status?.containerStatuses ?? [];
          const { exitCode, reason } = status?.state?.terminated ?? {};
          seen.push(`${type} ${object.status?.phase} ${exitCode ?? ''} ${reason ?? ''}`.trim());
        }
      })();
      await stage.under.pass(0.5);
      await stage.api.delete(resources.pods, ref(stage, pod?.metadata.name));
      const leaving = await stage.api.get<Pod>(resources.pods, ref(stage, pod?.metadata.name));
      expect(leaving.metadata.deletionTimestamp).toBeDefined();
      expect(leaving.metadata['deletionGracePeriodSeconds']).toBe(1);
      await until(stage, 'another', async () => {
        const { items } = await stage.api.list<Pod>(resources.pods, { namespace: stage.namespace });
        return items.length === 1 && items[0]?.metadata.name !== pod?.metadata.name;
      });
      abort.abort();
      await watching;
      // The program does not listen to SIGTERM: it is killed when its grace is over.
      expect(seen[0]).toBe('ADDED Running');
      expect(seen.slice(-2)).toEqual(['MODIFIED Failed 137 Error', 'DELETED Failed 137 Error']);
    },
  },
  {
    name: 'a ReplicaSet takes the pods first that are not ready',
    async run(stage) {
      const rollingUpdate = { maxSurge: 0, maxUnavailable: 2 };
      const spec = { strategy: { type: 'RollingUpdate', rollingUpdate } };
      await stage.api.create(resources.deployments, web(stage, { replicas: 3, spec }));
      await rolledOut(stage);
      const names = (await pods(stage)).map(({ metadata }) => metadata.name).toSorted();
      const scale = { type: 'merge', subresource: 'scale' } as const;
      await stage.api.patch(resources.deployments, ref(stage), { spec: { replicas: 4 } }, scale);
      const young = await until(stage, 'a young pod', async () => {
        return (await pods(stage)).find(({ metadata }) => !names.includes(metadata.name));
      });
      await stage.api.patch(resources.deployments, ref(stage), { spec: { replicas: 3 } }, scale);
      await until(stage, 'the young one gone', async () => {
        return !(await pods(stage)).some(({ metadata }) => metadata.name === young.metadata.name);
      });
      expect((await pods(stage)).map(({ metadata }) => metadata.name).toSorted()).toEqual(names);
    },
  },
  {
    name: 'a quota refuses pods: ReplicaFailure on the ReplicaSet and on the Deployment',
    async run(stage) {
      const quota = { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true };
      await stage.api.create(quota, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'few', namespace: stage.namespace },
        spec: { hard: { pods: '2' } },
      });
      await stage.under.pass(stage.under.name === 'cluster' ? 5 : 0);
      await stage.api.create(resources.deployments, web(stage, { replicas: 3 }));
      const failing = await until(stage, 'the failure', async () => {
        const deployment = await stage.api.get<Deployment>(resources.deployments, ref(stage));
        const found = deployment.status?.conditions?.some(({ type }) => type === 'ReplicaFailure') === true;
        return found && deployment.status?.readyReplicas === 2 && deployment;
      });
      const failure = failing.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
      expect(failure).toMatchObject({ status: 'True', reason: 'FailedCreate' });
      expect(failure?.message).toContain('exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2');
      const { items } = await stage.api.list<ReplicaSet>(resources.replicaSets, { namespace: stage.namespace });
      expect(items[0]?.status?.conditions).toMatchObject([{ type: 'ReplicaFailure', reason: 'FailedCreate' }]);
      expect(failing.status).toMatchObject({ replicas: 2, unavailableReplicas: 1 });
    },
  },
];
