import { type Deployment, type ReplicaSet, resources } from '../../../kube/object.ts';
import {
  active,
  byCreation,
  byRevision,
  bySize,
  DESIRED_REPLICAS,
  isRollingUpdate,
  MAX_REPLICAS,
  maxSurge,
  numberAnnotation,
  replicasOf,
  specReplicas,
  UNLIMITED,
} from './numbers.ts';
import { allSets, type Pass, replaceSet } from './state.ts';

/**
 * Scales one ReplicaSet, which notes the size of its Deployment. Without `force` only when the size changes; with it
 * also when the notes do. Answers whether the size changed.
 */
export function scaleSet(pass: Pass, set: ReplicaSet, size: number, force = false): boolean {
  const { api, deployment } = pass;
  const changes = replicasOf(set) !== size;
  const notes = {
    [DESIRED_REPLICAS]: String(replicasOf(deployment)),
    [MAX_REPLICAS]: String(replicasOf(deployment) + maxSurge(deployment)),
  };
  const noted = Object.entries(notes).every(([key, value]) => set.metadata.annotations?.[key] === value);
  if (!changes && (!force || noted)) return false;
  const written = api.update<ReplicaSet>(resources.replicaSets, set, (copy) => {
    copy.spec.replicas = size;
    copy.metadata.annotations = { ...copy.metadata.annotations, ...notes };
  });
  replaceSet(pass, written);
  return changes;
}

/** The only active ReplicaSet, or the newest when none is; undefined when several are active. */
function activeOrLatest(pass: Pass): ReplicaSet | undefined {
  const running = active(allSets(pass));
  if (running.length > 1) return undefined;
  return running[0] ?? pass.newSet ?? pass.oldSets.toSorted(byCreation).at(-1);
}

function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  const wanted = replicasOf(deployment);
  return (
    set !== undefined &&
    replicasOf(set) === wanted &&
    numberAnnotation(set, DESIRED_REPLICAS) === wanted &&
    (set.status?.availableReplicas ?? 0) === wanted
  );
}

/** How many pods a ReplicaSet's part of the new size differs by from its part of the old one. */
function fraction(pass: Pass, set: ReplicaSet): number {
  const { deployment } = pass;
  if (replicasOf(deployment) === 0) return -replicasOf(set);
  const before = numberAnnotation(set, MAX_REPLICAS) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  const after = replicasOf(deployment) + maxSurge(deployment);
  return Math.round((replicasOf(set) * after) / before) - replicasOf(set);
}

/** Divides replicas + maxSurge among the active ReplicaSets by their sizes; the largest gets what is left over. */
function scaleProportionally(pass: Pass): void {
  const { deployment } = pass;
  const sets = active(allSets(pass));
  const wanted = replicasOf(deployment);
  const toAdd = (wanted > 0 ? wanted + maxSurge(deployment) : 0) - specReplicas(sets);
  if (toAdd !== 0) sets.sort(bySize(toAdd > 0));
  let added = 0;
  const sizes = sets.map((set) => {
    if (toAdd === 0 || toAdd === added) return replicasOf(set);
    const part = fraction(pass, set);
    const share = toAdd > 0 ? Math.min(part, toAdd - added) : Math.max(part, toAdd - added);
    added += share;
    return replicasOf(set) + share;
  });
  for (const [index, set] of sets.entries()) {
    const leftover = index === 0 ? toAdd - added : 0;
    scaleSet(pass, set, Math.max(0, (sizes[index] ?? 0) + leftover), true);
  }
}

/** Follows a change of the Deployment's size, and puts back what others changed while it is paused. */
export function scale(pass: Pass): void {
  const { deployment } = pass;
  if (pass.newSet === undefined && pass.oldSets.length === 0) return;
  const only = activeOrLatest(pass);
  if (only !== undefined) {
    scaleSet(pass, only, replicasOf(deployment));
    return;
  }
  if (isSaturated(deployment, pass.newSet)) {
    for (const set of active(pass.oldSets)) scaleSet(pass, set, 0);
    return;
  }
  if (isRollingUpdate(deployment)) scaleProportionally(pass);
}

/** Whether the Deployment's size changed since its ReplicaSets were scaled. */
export function isScalingEvent(pass: Pass): boolean {
  const wanted = replicasOf(pass.deployment);
  return active(allSets(pass)).some((set) => {
    const desired = numberAnnotation(set, DESIRED_REPLICAS);
    return desired !== undefined && desired !== wanted;
  });
}

/** Deletes the oldest ReplicaSets beyond the history limit, as far as they are empty. */
export function cleanUp(pass: Pass): void {
  const limit = pass.deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === UNLIMITED) return;
  const alive = pass.oldSets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const excess = Math.max(0, alive.length - limit);
  for (const set of alive.toSorted(byRevision).slice(0, excess)) {
    const observed = set.status?.observedGeneration ?? 0;
    const busy = (set.status?.replicas ?? 0) !== 0 || replicasOf(set) !== 0;
    if (busy || (set.metadata.generation ?? 0) > observed) continue;
    pass.api.delete(resources.replicaSets, set, { propagationPolicy: 'Background' });
    pass.oldSets = pass.oldSets.filter((other) => other !== set);
  }
}
