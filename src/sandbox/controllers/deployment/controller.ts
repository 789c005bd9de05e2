import { type Deployment, resources } from '../../../kube/object.ts';
import type { Clock } from '../../../lib/clock.ts';
import { selects } from '../../selectors.ts';
import type { Store, StoreEvent } from '../../store/store.ts';
import { controllerOf } from '../claim.ts';
import { type ControllerApi, keyOf, splitKey } from '../context.ts';
import type { Controller } from '../runner.ts';
import { claimReplicaSets, splitSets, syncNewSet } from './replica-sets.ts';
import { recreate, rollOver } from './rolling.ts';
import { cleanUp, isScalingEvent, scale } from './scale.ts';
import type { Pass } from './state.ts';
import { checkPausedCondition, syncRolloutStatus, syncStatus } from './status.ts';

function sync(api: ControllerApi, clock: Clock, key: string): number | undefined {
  const { namespace, name } = splitKey(key);
  const deployment = api.get<Deployment>(resources.deployments, namespace, name);
  if (deployment === undefined) return undefined;
  const sets = claimReplicaSets(api, deployment);
  const pass: Pass = { api, now: clock.now(), deployment, ...splitSets(deployment, sets) };
  if (deployment.metadata.deletionTimestamp !== undefined) {
    syncNewSet(pass, false);
    syncStatus(pass);
    return undefined;
  }
  checkPausedCondition(pass);
  syncNewSet(pass, false);
  if (deployment.spec.paused === true || isScalingEvent(pass)) {
    scale(pass);
    if (deployment.spec.paused === true) cleanUp(pass);
    syncStatus(pass);
    return undefined;
  }
  if (deployment.spec.strategy?.type === 'Recreate') recreate(pass);
  else rollOver(pass);
  return syncRolloutStatus(pass);
}

/** The Deployments whose business a ReplicaSet is: its controller, or those that may adopt it. */
function ofReplicaSet(store: Store, event: StoreEvent): string[] {
  const keys = new Set<string>();
  for (const set of [event.object, event.before]) {
    if (set === undefined) continue;
    const owner = controllerOf(set);
    if (owner?.kind === 'Deployment') keys.add(`${set.metadata.namespace ?? ''}/${owner.name}`);
    if (owner !== undefined) continue;
    for (const deployment of store.list(resources.deployments, set.metadata.namespace)) {
      const { selector } = (deployment as Deployment).spec;
      if (selects(selector, set.metadata.labels)) keys.add(keyOf(deployment));
    }
  }
  return [...keys];
}

/** The owner of a pod's ReplicaSet: strategy Recreate waits for the last pod. */
function ofPod(store: Store, event: StoreEvent): string[] {
  if (event.type !== 'DELETED') return [];
  const owner = controllerOf(event.object);
  const ref = owner === undefined ? undefined : store.byUid(owner.uid);
  if (ref === undefined || ref.resource.plural !== resources.replicaSets.plural) return [];
  const set = store.get(ref.resource, ref.namespace, ref.name);
  const deployment = set === undefined ? undefined : controllerOf(set);
  return deployment === undefined ? [] : [`${ref.namespace ?? ''}/${deployment.name}`];
}

/**
 * The Deployment controller: rollouts, pause, scaling of several active ReplicaSets by proportion, adoption, history and
 * status, as kube-controller-manager does them.
 */
export function createDeploymentController(api: ControllerApi, store: Store, clock: Clock): Controller {
  return {
    name: 'deployment',
    concerns(event) {
      switch (event.resource.plural) {
        case 'deployments':
          return [keyOf(event.object)];
        case 'replicasets':
          return ofReplicaSet(store, event);
        case 'pods':
          return ofPod(store, event);
        default:
          return [];
      }
    },
    sync: (key) => sync(api, clock, key),
  };
}
