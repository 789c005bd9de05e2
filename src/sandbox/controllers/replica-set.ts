import { ApiError } from '../../kube/errors.ts';
import { type Condition, type Pod, type ReplicaSet, resources } from '../../kube/object.ts';
import type { Clock } from '../../lib/clock.ts';
import { clone, equal } from '../json.ts';
import { selects } from '../selectors.ts';
import type { Store, StoreEvent } from '../store/store.ts';
import { timestamp } from '../time.ts';
import { claim, controllerOf } from './claim.ts';
import { type ControllerApi, keyOf, splitKey } from './context.ts';
import { deletionOrder, isActive, isReady, readySince } from './pod-order.ts';
import type { Controller } from './runner.ts';

const BURST = 500;

function newPod(set: ReplicaSet): Pod {
  const { template } = set.spec;
  const { name, namespace, uid } = set.metadata;
  const metadata = {
    name: '',
    generateName: `${name}-`,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...template.metadata?.labels },
    annotations: { ...template.metadata?.annotations },
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: uid ?? '', controller: true, blockOwnerDeletion: true },
    ],
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: clone(template.spec) };
}

/** Makes pods in batches of 1, 2, 4 ... and stops at the first batch with a failure, which it answers. */
function createPods(api: ControllerApi, set: ReplicaSet, count: number): ApiError | undefined {
  for (let left = count, batch = 1; left > 0; left -= batch, batch = Math.min(2 * batch, left)) {
    let failure: ApiError | undefined;
    for (let index = 0; index < batch; index += 1) failure = createPod(api, set) ?? failure;
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function createPod(api: ControllerApi, set: ReplicaSet): ApiError | undefined {
  try {
    api.create(resources.pods, newPod(set));
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const leaving = error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;
    return leaving ? undefined : error;
  }
}

/** Brings the number of pods to what is asked for; answers the first failure. */
function manage(api: ControllerApi, set: ReplicaSet, pods: Pod[], now: number): ApiError | undefined {
  const difference = (set.spec.replicas ?? 1) - pods.length;
  if (difference > 0) return createPods(api, set, Math.min(difference, BURST));
  const doomed = pods.toSorted(deletionOrder(now)).slice(0, Math.min(-difference, BURST));
  for (const pod of doomed) api.delete(resources.pods, pod, { propagationPolicy: 'Background' });
  return undefined;
}

function withFailure(
  set: ReplicaSet,
  pods: Pod[],
  failure: ApiError | undefined,
  now: number,
): Condition[] | undefined {
  const present = set.status?.conditions;
  if (failure === undefined) {
    const others = (present ?? []).filter(({ type }) => type !== 'ReplicaFailure');
    return others.length === 0 ? undefined : others;
  }
  if (present?.some(({ type }) => type === 'ReplicaFailure') === true) return present;
  const reason = pods.length < (set.spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete';
  const condition = { type: 'ReplicaFailure', status: 'True', reason, message: failure.message };
  return [...(present ?? []), { ...condition, lastTransitionTime: timestamp(now) }];
}

function statusOf(
  set: ReplicaSet,
  pods: Pod[],
  ending: number,
  failure: ApiError | undefined,
  now: number,
): NonNullable<ReplicaSet['status']> {
  const minReadyMs = Number(set.spec['minReadySeconds'] ?? 0) * 1000;
  const ready = pods.filter(isReady);
  const template = set.spec.template.metadata?.labels ?? {};
  const labelled = pods.filter(({ metadata }) => selects({ matchLabels: template }, metadata.labels));
  const numbers = {
    observedGeneration: set.metadata.generation ?? 0,
    fullyLabeledReplicas: labelled.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => minReadyMs === 0 || readySince(pod) + minReadyMs <= now).length,
  };
  const status: NonNullable<ReplicaSet['status']> = { replicas: pods.length, terminatingReplicas: ending };
  for (const [field, value] of Object.entries(numbers)) if (value !== 0) status[field] = value;
  const conditions = withFailure(set, pods, failure, now);
  if (conditions !== undefined) status.conditions = conditions;
  return status;
}

/** Seconds until the next ready pod has been so for long enough. */
function nextAvailable(set: ReplicaSet, pods: Pod[], now: number): number | undefined {
  const minReadyMs = Number(set.spec['minReadySeconds'] ?? 0) * 1000;
  const times = pods.filter(isReady).map((pod) => readySince(pod) + minReadyMs - now);
  const waiting = times.filter((ms) => ms > 0);
  return waiting.length === 0 ? undefined : Math.min(...waiting) / 1000;
}

function sync(api: ControllerApi, clock: Clock, key: string): number | undefined {
  const { namespace, name } = splitKey(key);
  const set = api.get<ReplicaSet>(resources.replicaSets, namespace, name);
  if (set === undefined) return undefined;
  const now = clock.now();
  const all = api.list<Pod>(resources.pods, namespace);
  const pods = claim(api, set, resources.pods, all.filter(isActive));
  const ending = all.filter(
    (pod) => pod.metadata.deletionTimestamp !== undefined && controllerOf(pod)?.uid === set.metadata.uid,
  );
  const failure = set.metadata.deletionTimestamp === undefined ? manage(api, set, pods, now) : undefined;
  const status = statusOf(set, pods, ending.length, failure, now);
  if (!equal(set.status, status)) {
    api.updateStatus<ReplicaSet>(resources.replicaSets, set, (copy) => {
      copy.status = status;
    });
  }
  if (failure !== undefined) throw failure;
  return nextAvailable(set, pods, now);
}

function ofPod(store: Store, event: StoreEvent): string[] {
  const keys = new Set<string>();
  for (const pod of [event.object, event.before]) {
    if (pod === undefined) continue;
    const owner = controllerOf(pod);
    if (owner?.kind === 'ReplicaSet') keys.add(`${pod.metadata.namespace ?? ''}/${owner.name}`);
    if (owner !== undefined) continue;
    for (const set of store.list(resources.replicaSets, pod.metadata.namespace)) {
      if (selects((set as ReplicaSet).spec.selector, pod.metadata.labels)) keys.add(keyOf(set));
    }
  }
  return [...keys];
}

/** The ReplicaSet controller: as many pods as asked for, adoption of orphans, status, ReplicaFailure. */
export function createReplicaSetController(api: ControllerApi, store: Store, clock: Clock): Controller {
  return {
    name: 'replicaset',
    concerns(event) {
      if (event.resource.plural === 'replicasets') return [keyOf(event.object)];
      return event.resource.plural === 'pods' ? ofPod(store, event) : [];
    },
    sync: (key) => sync(api, clock, key),
  };
}
