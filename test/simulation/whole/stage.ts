import { GATE_LABEL, TRACK_LABEL } from '../../../src/api/names.ts';
import { type Deployment, type KubeObject, type Pod, type Resource, resources } from '../../../src/kube/object.ts';
import { sleep } from '../../../src/lib/clock.ts';
import type { FakeClock } from '../../../src/lib/fake-clock.ts';
import type { SandboxApi } from '../../../src/sandbox/api.ts';
import type { PodBehaviour } from '../../../src/sandbox/pods/behaviour.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import type { Operators } from './operators.ts';
import type { Plan } from './plan.ts';

export const NAMESPACE = 'shop';

/** The hands of everybody but Tandem, and what the machine is made to do. */
export interface Stage {
  readonly real: FakeClock;
  readonly admin: SandboxApi;
  readonly gitops: SandboxApi;
  deployment(name: string, version: string, replicas: number): KubeObject;
  wait(ms: number): Promise<void>;
  patchTarget(name: string, body: object): Promise<void>;
  patchRelease(name: string, body: object): Promise<void>;
  createRelease(name: string): Promise<void>;
  pauseByHand(name: string): Promise<void>;
  closeGate(name: string): Promise<void>;
  /** A Deployment of the canary's name that is a person's own. */
  createForeignCanary(name: string): Promise<void>;
  deleteForeignCanary(name: string): Promise<void>;
  deletePod(name: string, index: number): Promise<void>;
  setLoad(name: string, perSecond: number, ms: number): void;
  sourceDown(ms: number): void;
  receiverDown(ms: number): void;
  forbid(what: 'reads' | 'writes', ms: number): void;
  troublePod(name: string, index: number, behaviour: PodBehaviour): void;
  killOperator(index: number): void;
  stopOperator(index: number): void;
  pauseOperator(ms: number): void;
  jumpOperator(ms: number): void;
  compact(): void;
}

/** What the steps have changed beside the cluster. */
export interface Circumstances {
  load: Map<string, number>;
  downUntil: number;
  /** Until when the receiver of notifications is. */
  receiverDownUntil: number;
  forbiddenUntil: number;
  readsForbiddenUntil: number;
  /** Targets that a person paused and nobody resumed since. */
  pausedByHand: Set<string>;
  /** Targets of which a person deleted a pod that has not come back yet. */
  podsDeleted: Set<string>;
  /** How pods fare that something happened to, by UID. */
  troubles: Map<string, PodBehaviour>;
}

interface StageInput {
  real: FakeClock;
  sandbox: Sandbox;
  plan: Plan;
  operators: Operators;
  circumstances: Circumstances;
  fault(kind: string): void;
}

export function deploymentOf(name: string, version: string, replicas: number): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: `shop:${version}` }] },
      },
    },
  };
}

export function releaseOf(name: string, spec: Record<string, unknown>): KubeObject {
  return {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name, namespace: NAMESPACE },
    spec: { targetRef: { name }, ...spec },
  };
}

export function createStage({ real, sandbox, plan, operators, circumstances, fault }: StageInput): Stage {
  const admin = sandbox.api({ username: 'admin', groups: ['system:masters'] }, { fieldManager: 'kubectl' });
  const gitops = sandbox.api({ username: 'argocd', groups: ['system:masters'] }, { fieldManager: 'argocd' });

  async function patch(resource: Resource, name: string, body: object): Promise<void> {
    await admin.patch(resource, { namespace: NAMESPACE, name }, body, { type: 'merge' });
  }

  const target = (name: string): Promise<Deployment> =>
    admin.get<Deployment>(resources.deployments, { namespace: NAMESPACE, name });

  function podOf(name: string, index: number): Pod | undefined {
    const pods = sandbox.peek<Pod>(resources.pods, NAMESPACE).filter((pod) => pod.metadata.labels?.['app'] === name);
    return pods[index % Math.max(1, pods.length)];
  }

  function leader(): ReturnType<Operators['replica']> {
    return operators.all().find(({ operator }) => operator.elector?.isLeader() === true) ?? operators.replica(0);
  }

  return {
    real,
    admin,
    gitops,
    deployment: deploymentOf,
    wait: (ms) => sleep(real, ms),
    patchTarget: (name, body) => patch(resources.deployments, name, body),
    patchRelease: (name, body) => patch(resources.canaryReleases, name, body),
    async createRelease(name) {
      const spec = plan.targets.find((one) => one.name === name)?.spec ?? {};
      await admin.create(resources.canaryReleases, releaseOf(name, spec));
    },
    async pauseByHand(name) {
      const present = await target(name);
      const gate = present.metadata.labels?.[GATE_LABEL];
      await patch(resources.deployments, name, { spec: { paused: true } });
      if (gate !== 'holding' && gate !== 'rejected') circumstances.pausedByHand.add(name);
    },
    async closeGate(name) {
      const present = await target(name);
      if (present.metadata.labels?.[GATE_LABEL] !== 'open') return;
      if (present.spec.paused === true) await patch(resources.deployments, name, { spec: { paused: null } });
      await patch(resources.deployments, name, { metadata: { labels: { [GATE_LABEL]: 'armed' } } });
    },
    async createForeignCanary(name) {
      await admin.create(resources.deployments, deploymentOf(`${name}-canary`, 'v1', 1));
    },
    async deleteForeignCanary(name) {
      const ref = { namespace: NAMESPACE, name: `${name}-canary` };
      const { metadata } = await admin.get<Deployment>(resources.deployments, ref);
      if (!(TRACK_LABEL in (metadata.labels ?? {}))) await admin.delete(resources.deployments, ref);
    },
    async deletePod(name, index) {
      const pod = podOf(name, index);
      if (pod === undefined) return;
      circumstances.podsDeleted.add(name);
      await admin.delete(resources.pods, { namespace: NAMESPACE, name: pod.metadata.name });
    },
    setLoad(name, perSecond, ms) {
      const before = plan.targets.find((one) => one.name === name)?.load ?? 0;
      circumstances.load.set(name, perSecond);
      real.after(ms, () => circumstances.load.set(name, before));
    },
    sourceDown(ms) {
      circumstances.downUntil = Math.max(circumstances.downUntil, real.now() + ms);
      fault('sourceDown');
    },
    receiverDown(ms) {
      circumstances.receiverDownUntil = Math.max(circumstances.receiverDownUntil, real.now() + ms);
    },
    forbid(what, ms) {
      const field = what === 'reads' ? 'readsForbiddenUntil' : 'forbiddenUntil';
      circumstances[field] = Math.max(circumstances[field], real.now() + ms);
      fault(`${what}Forbidden`);
    },
    troublePod(name, index, behaviour) {
      const pod = podOf(name, index);
      if (pod?.metadata.uid === undefined) return;
      fault('podTroubled');
      circumstances.troubles.set(pod.metadata.uid, behaviour);
      // Pods that run take it up now.
      sandbox.pods.behave(() => undefined);
    },
    killOperator(index) {
      fault('killed');
      operators.replica(index)?.kill();
    },
    stopOperator(index) {
      fault('stopped');
      operators.stop(index);
    },
    pauseOperator(ms) {
      fault('paused');
      leader()?.process.pause(ms);
    },
    jumpOperator(ms) {
      fault('clockJump');
      leader()?.process.jump(ms);
    },
    compact() {
      fault('compacted');
      sandbox.compact();
    },
  };
}
