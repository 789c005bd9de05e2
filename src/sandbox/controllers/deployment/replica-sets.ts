import type { ApiError } from '../../../kube/errors.ts';
import { isAlreadyExists } from '../../../kube/errors.ts';
import { type Deployment, type PodTemplate, type ReplicaSet, resources } from '../../../kube/object.ts';
import { canonical, clone, equal } from '../../json.ts';
import { encodeDigits, fnv32a } from '../../random.ts';
import { claim } from '../claim.ts';
import type { ControllerApi } from '../context.ts';
import { findCondition, newCondition, setCondition } from './conditions.ts';
import {
  byCreation,
  DESIRED_REPLICAS,
  hasProgressDeadline,
  MAX_REPLICAS,
  maxSurge,
  REVISION,
  REVISION_HISTORY,
  replicasOf,
  revisionOf,
  specReplicas,
} from './numbers.ts';
import { allSets, type Pass } from './state.ts';

const HASH = 'pod-template-hash';
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);
const MAX_NAME = 253;

function withoutHash(template: PodTemplate): PodTemplate {
  const labels = { ...template.metadata?.labels };
  delete labels[HASH];
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return equal(withoutHash(a), withoutHash(b));
}

/** The ReplicaSets that are the Deployment's, orphans that it adopts now included; what it lost by its labels is let go. */
export function claimReplicaSets(api: ControllerApi, deployment: Deployment): ReplicaSet[] {
  const sets = api.list<ReplicaSet>(resources.replicaSets, deployment.metadata.namespace);
  return claim(api, deployment, resources.replicaSets, sets);
}

/** Splits into the oldest one with the Deployment's template and all others. */
export function splitSets(
  deployment: Deployment,
  sets: ReplicaSet[],
): { newSet: ReplicaSet | undefined; oldSets: ReplicaSet[] } {
  const sorted = sets.toSorted(byCreation);
  const newSet = sorted.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { newSet, oldSets: sorted.filter((set) => set !== newSet) };
}

/** The annotations that the new ReplicaSet shall have. */
function annotationsFor(deployment: Deployment, set: ReplicaSet | undefined, revision: number): Record<string, string> {
  const annotations = { ...set?.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(key)) annotations[key] = value;
  }
  const before = annotations[REVISION];
  if (Number(before ?? 0) < revision) {
    annotations[REVISION] = String(revision);
    if (before !== undefined) {
      const history = annotations[REVISION_HISTORY];
      annotations[REVISION_HISTORY] = history ? `${history},${before}` : before;
    }
  }
  if (set === undefined) {
    annotations[DESIRED_REPLICAS] = String(replicasOf(deployment));
    annotations[MAX_REPLICAS] = String(replicasOf(deployment) + maxSurge(deployment));
  }
  return annotations;
}

function writeRevision(pass: Pass, revision: string, condition: { reason: string; message: string }): void {
  const { deployment, api, now } = pass;
  const known =
    condition.reason === 'FoundNewReplicaSet' && findCondition(deployment.status?.conditions, 'Progressing');
  const tells = hasProgressDeadline(deployment) && known === undefined;
  if (deployment.metadata.annotations?.[REVISION] === revision && !tells) return;
  pass.deployment = api.updateStatus<Deployment>(resources.deployments, deployment, (copy) => {
    copy.metadata.annotations = { ...copy.metadata.annotations, [REVISION]: revision };
    if (!tells) return;
    const { reason, message } = condition;
    const next = newCondition('Progressing', 'True', reason, message, now);
    copy.status = { ...copy.status, conditions: setCondition(copy.status?.conditions, next) };
  });
}

function updateExisting(pass: Pass, set: ReplicaSet, revision: number): void {
  const { api, deployment } = pass;
  const annotations = annotationsFor(deployment, set, revision);
  const { minReadySeconds } = deployment.spec;
  if (!equal(annotations, set.metadata.annotations ?? {}) || set.spec['minReadySeconds'] !== minReadySeconds) {
    pass.newSet = api.update<ReplicaSet>(resources.replicaSets, set, (copy) => {
      copy.metadata.annotations = annotations;
      copy.spec['minReadySeconds'] = minReadySeconds;
    });
    return;
  }
  const message = `Found new replica set "${set.metadata.name}"`;
  writeRevision(pass, annotations[REVISION] ?? '', { reason: 'FoundNewReplicaSet', message });
}

/** Pods that the new ReplicaSet may have now, within the surge. */
export function newSetSize(pass: Pass, present: number): number {
  const { deployment } = pass;
  const wanted = replicasOf(deployment);
  if (deployment.spec.strategy?.type === 'Recreate') return wanted;
  const room = wanted + maxSurge(deployment) - specReplicas(allSets(pass));
  return room <= 0 ? present : present + Math.min(room, wanted - present);
}

function build(pass: Pass, hash: string, revision: number): ReplicaSet {
  const { deployment } = pass;
  const { name, namespace, uid } = deployment.metadata;
  const template = clone(deployment.spec.template);
  const labels = { ...template.metadata?.labels, [HASH]: hash };
  const { selector } = deployment.spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name.slice(0, MAX_NAME - 1 - hash.length)}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: annotationsFor(deployment, undefined, revision),
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: uid ?? '', controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      replicas: newSetSize(pass, 0),
      minReadySeconds: deployment.spec.minReadySeconds,
      selector: { ...clone(selector), matchLabels: { ...selector.matchLabels, [HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

function hashOf(deployment: Deployment): string {
  const collisions = deployment.status?.['collisionCount'];
  const salt = typeof collisions === 'number' ? String(collisions) : '';
  return encodeDigits(String(fnv32a(canonical(deployment.spec.template) + salt)));
}

function createNew(pass: Pass, revision: number): void {
  const { api, deployment } = pass;
  const wanted = build(pass, hashOf(deployment), revision);
  try {
    pass.newSet = api.create<ReplicaSet>(resources.replicaSets, wanted);
  } catch (error) {
    if (!isAlreadyExists(error)) {
      failCreation(pass, wanted, error as ApiError);
      throw error;
    }
    // It was made a moment ago, and the cache does not know it yet.
    if (api.get(resources.replicaSets, deployment.metadata.namespace, wanted.metadata.name) === undefined) throw error;
    const collisions = Number(deployment.status?.['collisionCount'] ?? 0) + 1;
    api.updateStatus<Deployment>(resources.deployments, deployment, (copy) => {
      copy.status = { ...copy.status, collisionCount: collisions };
    });
    throw error;
  }
  const message = `Created new replica set "${wanted.metadata.name}"`;
  writeRevision(pass, String(revision), { reason: 'NewReplicaSetCreated', message });
}

function failCreation(pass: Pass, wanted: ReplicaSet, error: ApiError): void {
  const { api, deployment, now } = pass;
  if (!hasProgressDeadline(deployment)) return;
  const message = `Failed to create new replica set "${wanted.metadata.name}": ${error.message}`;
  const condition = newCondition('Progressing', 'False', 'ReplicaSetCreateError', message, now);
  api.updateStatus<Deployment>(resources.deployments, deployment, (copy) => {
    copy.status = { ...copy.status, conditions: setCondition(copy.status?.conditions, condition) };
  });
}

/** Brings the new ReplicaSet's annotations up to date, or makes it when `create`. */
export function syncNewSet(pass: Pass, create: boolean): void {
  const revision = Math.max(0, ...pass.oldSets.map(revisionOf)) + 1;
  if (pass.newSet !== undefined) updateExisting(pass, pass.newSet, revision);
  else if (create) createNew(pass, revision);
}
