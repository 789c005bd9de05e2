import { type Pod, resources } from '../../../kube/object.ts';
import { controllerOf } from '../claim.ts';
import { active, byCreation, maxUnavailable, replicasOf, specReplicas, statusCount } from './numbers.ts';
import { newSetSize, syncNewSet } from './replica-sets.ts';
import { cleanUp, scaleSet } from './scale.ts';
import { allSets, type Pass } from './state.ts';
import { isComplete } from './status.ts';

function scaleNew(pass: Pass): boolean {
  const { newSet, deployment } = pass;
  if (newSet === undefined) return false;
  const wanted = replicasOf(deployment);
  const present = replicasOf(newSet);
  if (present === wanted) return false;
  return scaleSet(pass, newSet, present > wanted ? wanted : newSetSize(pass, present));
}

/** Takes pods that are not available from old ReplicaSets, up to `most`. Answers how many. */
function dropUnhealthy(pass: Pass, most: number): number {
  let dropped = 0;
  for (const set of active(pass.oldSets).toSorted(byCreation)) {
    const unhealthy = replicasOf(set) - (set.status?.availableReplicas ?? 0);
    const count = Math.min(most - dropped, unhealthy);
    if (count <= 0) continue;
    scaleSet(pass, set, replicasOf(set) - count);
    dropped += count;
  }
  return dropped;
}

function scaleDownOld(pass: Pass): number {
  const least = replicasOf(pass.deployment) - maxUnavailable(pass.deployment);
  const spare = statusCount(allSets(pass), 'availableReplicas') - least;
  let taken = 0;
  for (const set of active(pass.oldSets).toSorted(byCreation)) {
    const count = Math.min(replicasOf(set), spare - taken);
    if (count <= 0) continue;
    scaleSet(pass, set, replicasOf(set) - count);
    taken += count;
  }
  return taken;
}

function scaleOld(pass: Pass): boolean {
  const { newSet, deployment } = pass;
  if (newSet === undefined || specReplicas(pass.oldSets) === 0) return false;
  const least = replicasOf(deployment) - maxUnavailable(deployment);
  const unavailable = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const most = specReplicas(allSets(pass)) - least - unavailable;
  if (most <= 0) return false;
  const cleaned = dropUnhealthy(pass, most);
  return cleaned + scaleDownOld(pass) > 0;
}

/** One step of a rolling update: first up, then down. */
export function rollOver(pass: Pass): void {
  syncNewSet(pass, true);
  if (scaleNew(pass) || scaleOld(pass)) return;
  if (isComplete(pass.deployment, pass.deployment.status)) cleanUp(pass);
}

function oldPodsRun(pass: Pass): boolean {
  const pods = pass.api.list<Pod>(resources.pods, pass.deployment.metadata.namespace);
  return pods.some((pod) => {
    const owner = controllerOf(pod)?.uid;
    const phase = pod.status?.phase;
    return phase !== 'Failed' && phase !== 'Succeeded' && pass.oldSets.some(({ metadata }) => metadata.uid === owner);
  });
}

/** Strategy Recreate: all old pods go before the first new one comes. */
export function recreate(pass: Pass): void {
  syncNewSet(pass, false);
  const scaled = active(pass.oldSets).map((set) => scaleSet(pass, set, 0));
  if (scaled.includes(true) || oldPodsRun(pass)) return;
  syncNewSet(pass, true);
  if (pass.newSet !== undefined) scaleSet(pass, pass.newSet, replicasOf(pass.deployment));
  if (isComplete(pass.deployment, pass.deployment.status)) cleanUp(pass);
}
