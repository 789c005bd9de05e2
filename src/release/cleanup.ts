import type { Pod, ReplicaSet } from '../kube/object.ts';
import { timestamp } from '../lib/timestamp.ts';
import { type Draft, wake } from './draft.ts';
import { entryOf, type Facts, type TrackFacts, type VersionSet } from './facts.ts';
import { hasServed } from './ledger.ts';
import { createdAt, isTerminating } from './pods.ts';

/** Takes the canary away, and its baseline with it. True when neither is left. */
export function removeCanary(draft: Draft): boolean {
  const canaryGone = removeTrack(draft, draft.facts.canary);
  return removeBaseline(draft) && canaryGone;
}

/** Takes the baseline away and leaves the canary. True when there is none. */
export function removeBaseline(draft: Draft): boolean {
  return removeTrack(draft, draft.facts.baseline);
}

/**
 * First to 0 pods, which ends the traffic at once, then the Deployment. Never by orphaning: its ReplicaSets carry the
 * target's labels and would be adopted.
 */
function removeTrack(draft: Draft, track: TrackFacts | undefined): boolean {
  if (track === undefined) return true;
  wake(draft, draft.snapshot.now + 1000);
  if (track.terminating) return false;
  const { uid, deployment } = track;
  const name = deployment.metadata.name;
  if (track.replicas > 0) draft.actions.push({ kind: 'ScaleTrack', name, uid, replicas: 0 });
  else if (track.pods.every(isLeaving)) draft.actions.push({ kind: 'DeleteTrack', name, uid });
  return false;
}

/** A pod that failed, as one that was evicted, is never taken away by its ReplicaSet: it goes with it. */
function isLeaving(pod: Pod): boolean {
  return isTerminating(pod) || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/** Takes the pods out of the Service and out of their owner's hands, to be looked at until their time is over. */
export function quarantineCanary(draft: Draft): void {
  const seconds = draft.spec.canary.quarantineSeconds;
  const canary = draft.facts.canary;
  if (seconds === 0 || canary === undefined || canary.replicas === 0) return;
  const until = timestamp(draft.snapshot.now + seconds * 1000);
  for (const pod of canary.pods) {
    if (isTerminating(pod)) continue;
    draft.actions.push({ kind: 'QuarantinePod', name: pod.metadata.name, uid: pod.metadata.uid ?? '', until });
  }
}

/** Pods whose quarantine is over. */
export function endQuarantine(draft: Draft, untilOf: (annotations: Record<string, string>) => number): void {
  for (const pod of draft.snapshot.quarantined) {
    if (isTerminating(pod)) continue;
    const until = untilOf(pod.metadata.annotations ?? {});
    if (until > draft.snapshot.now) {
      wake(draft, until);
      continue;
    }
    draft.actions.push({ kind: 'DeletePod', name: pod.metadata.name, uid: pod.metadata.uid ?? '' });
  }
}

/**
 * While a template is held, the ReplicaSets without pods that the controller would start after a scale to 0 and up
 * again (it takes the newest, or the one that matches the template) are removed, so that stable's comes back.
 */
export function removeRivals(draft: Draft): void {
  const { facts } = draft;
  if (facts.stable === undefined) return;
  for (const set of facts.sets) {
    if (set === facts.stable || !isEmpty(set) || !rivals(set, facts, facts.stable)) continue;
    deleteReplicaSet(draft, set.replicaSet);
  }
}

/**
 * The same before a template waits: it may come, and the target be scaled up, while no operator runs. So nothing is left
 * beside a target without pods that could start, that came under the CanaryRelease and that nobody approved. What is older
 * is the history of its owner, who may want to go back to it.
 */
export function removeUnproven(draft: Draft): void {
  const { facts, status, snapshot } = draft;
  if (facts.replicas > 0 || facts.stable === undefined || facts.stable.revision !== facts.revision) return;
  const since = Date.parse(snapshot.release.metadata.creationTimestamp ?? '');
  for (const set of facts.sets) {
    if (set.revision === facts.revision || !isEmpty(set) || hasServed(entryOf(status.ledger, set.revision))) continue;
    if (createdAt(set.replicaSet) >= since) deleteReplicaSet(draft, set.replicaSet);
  }
}

function isEmpty(set: VersionSet): boolean {
  return set.replicas === 0 && (set.replicaSet.status?.replicas ?? 0) === 0 && !isTerminating(set.replicaSet);
}

function rivals(set: VersionSet, facts: Facts, stable: VersionSet): boolean {
  if (set.revision === stable.revision) return createdAt(set.replicaSet) > createdAt(stable.replicaSet);
  return set.revision === facts.revision || createdAt(set.replicaSet) >= createdAt(stable.replicaSet);
}

/** ReplicaSets that the target adopted because somebody deleted a canary and left its children: a third version. */
export function removeOrphans(draft: Draft): void {
  for (const set of draft.facts.orphans) {
    if (!isTerminating(set)) deleteReplicaSet(draft, set);
  }
}

function deleteReplicaSet(draft: Draft, set: ReplicaSet): void {
  const { name, uid = '', resourceVersion = '' } = set.metadata;
  draft.actions.push({ kind: 'DeleteReplicaSet', name, uid, resourceVersion });
}
