import { GATE_LABEL, RESTART_ANNOTATION, TRACK_LABEL } from '../../../src/api/names.ts';
import type { CanaryRelease, LedgerEntry } from '../../../src/api/schema.ts';
import {
  type Deployment,
  type KubeObject,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
  resources,
} from '../../../src/kube/object.ts';
import { createdAt } from '../../../src/release/pods.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { NAMESPACE } from './stage.ts';

/** One target and what belongs to it, as the store has it now. */
export interface View {
  /** Milliseconds since the epoch, real time. */
  at: number;
  name: string;
  target: Deployment | undefined;
  gate: string | undefined;
  /** Owned by the target, but for a canary's that it adopted. */
  sets: ReplicaSet[];
  active: ReplicaSet[];
  /** Of the target itself. */
  pods: Pod[];
  canaries: Deployment[];
  canaryPods: Pod[];
  /** The release of the same name as the target. */
  release: CanaryRelease | undefined;
  ledger: LedgerEntry[];
  /** Of all releases that name the target: the one that acts may have another name. */
  ledgers: LedgerEntry[];
  /** When the newest of them was created, milliseconds since the epoch; -Infinity: there is none. */
  releasedSince: number;
}

function isOwnedBy(object: KubeObject, owner: KubeObject | undefined): boolean {
  const uid = owner?.metadata.uid;
  return uid !== undefined && (object.metadata.ownerReferences ?? []).some((one) => one.controller && one.uid === uid);
}

export function lookAt(sandbox: Sandbox, name: string, at: number): View {
  const deployments = sandbox.peek<Deployment>(resources.deployments, NAMESPACE);
  const target = deployments.find((one) => one.metadata.name === name);
  const owned = sandbox.peek<ReplicaSet>(resources.replicaSets, NAMESPACE);
  const sets = owned.filter((set) => isOwnedBy(set, target) && !(TRACK_LABEL in (set.metadata.labels ?? {})));
  const canaries = deployments.filter(
    ({ metadata }) => metadata.name.startsWith(`${name}-canary`) && TRACK_LABEL in (metadata.labels ?? {}),
  );
  const allPods = sandbox.peek<Pod>(resources.pods, NAMESPACE);
  const releases = sandbox
    .peek<CanaryRelease>(resources.canaryReleases, NAMESPACE)
    .filter((one) => one.spec.targetRef.name === name);
  const release = releases.find((one) => one.metadata.name === name);
  const ofCanary = (set: ReplicaSet): boolean => canaries.some((canary) => isOwnedBy(set, canary));
  return {
    at,
    name,
    target,
    gate: target?.metadata.labels?.[GATE_LABEL],
    sets,
    active: sets.filter((set) => (set.spec.replicas ?? 0) > 0),
    pods: allPods.filter((pod) => sets.some((set) => isOwnedBy(pod, set))),
    canaries,
    canaryPods: allPods.filter((pod) => owned.some((set) => ofCanary(set) && isOwnedBy(pod, set))),
    release,
    ledger: release?.status?.ledger ?? [],
    ledgers: releases.flatMap((one) => one.status?.ledger ?? []),
    releasedSince: Math.max(...releases.map(createdAt)),
  };
}

/** What makes a version, written anew here: a restart and the hash of the controller do not. */
export function versionKey(template: PodTemplate): string {
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const { 'pod-template-hash': _hash, ...ownLabels } = labels;
  const { [RESTART_ANNOTATION]: _restart, ...ownAnnotations } = annotations;
  const entries = (map: Record<string, string>): string[] =>
    Object.entries(map)
      .map((pair) => pair.join('='))
      .toSorted();
  return JSON.stringify([entries(ownLabels), entries(ownAnnotations), template.spec]);
}
