import type { Pod } from '../kube/object.ts';
import { deploymentRevision, type Facts, rollingBounds, type VersionSet } from './facts.ts';
import { createdAt, isReady, isTerminating, podsOf } from './pods.ts';
import type { Snapshot } from './snapshot.ts';

/** The next write that brings a rollout that was caught halfway to one version, or why none is made now. */
export type FinishStep =
  | { kind: 'Done' }
  | { kind: 'Wait'; message: string }
  | { kind: 'Scale'; set: VersionSet; replicas: number };

/**
 * A target that was paused with two versions serving is brought to `winner` by scaling its ReplicaSets, one pod at a
 * time. The Deployment controller keeps the sum of both at replicas + maxSurge: what is missing it adds to the largest
 * (the newer of equals), what is too much it takes from the largest (the older of equals). Each step is chosen so that
 * this goes in the winner's favour, and is only taken while Available stays at or above replicas - maxUnavailable.
 */
export function finishStep(facts: Facts, winner: VersionSet): FinishStep {
  const losers = facts.active.filter((set) => set !== winner);
  const loser = losers.toSorted((a, b) => b.replicas - a.replicas)[0];
  if (loser === undefined) return { kind: 'Done' };
  if (!settled(facts)) return { kind: 'Wait', message: 'the Deployment controller has not taken in the last step yet' };
  const { unavailable } = rollingBounds(facts.target);
  const available = facts.active.reduce((sum, set) => sum + set.available, 0);
  const step = chooseStep(winner, loser);
  const lost = Math.max(0, stepCost(loser, step.loses));
  if (lost > 0 && available - lost < facts.replicas - unavailable)
    return { kind: 'Wait', message: 'waiting for pods to become available before the next step' };
  if (winner.available < winner.replicas && step.loses > 0 && lost > 0)
    return { kind: 'Wait', message: `waiting for ${winner.replicas - winner.available} new pods to become available` };
  return { kind: 'Scale', set: step.set, replicas: step.replicas };
}

interface Step {
  set: VersionSet;
  replicas: number;
  /** Pods that the loser loses by it, by us or by the controller. */
  loses: number;
}

function chooseStep(winner: VersionSet, loser: VersionSet): Step {
  const newer = deploymentRevision(winner.replicaSet) > deploymentRevision(loser.replicaSet);
  if (winner.replicas >= loser.replicas) return { set: loser, replicas: loser.replicas - 1, loses: 1 };
  // Equal after the step: the controller takes from the older one, which must not be the winner.
  const tie = winner.replicas + 1 === loser.replicas;
  if (tie && !newer && loser.replicas >= 2) return { set: loser, replicas: loser.replicas - 2, loses: 2 };
  return { set: winner, replicas: winner.replicas + 1, loses: 1 };
}

/** Available pods that go: a ReplicaSet gives up those that are not ready first. */
function stepCost(loser: VersionSet, loses: number): number {
  return loses - (loser.replicas - loser.available);
}

function settled(facts: Facts): boolean {
  const { surge } = rollingBounds(facts.target);
  const target = facts.target;
  const sum = facts.active.reduce((total, set) => total + set.replicas, 0);
  const observed = (target.status?.observedGeneration ?? 0) >= (target.metadata.generation ?? 0);
  const seen = facts.active.every(
    (set) => (set.replicaSet.status?.observedGeneration ?? 0) >= (set.replicaSet.metadata.generation ?? 0),
  );
  return observed && seen && sum === facts.replicas + surge;
}

/** Why the new half of a rollout will not become ready by itself; undefined while it may. */
export function failingRollout(snapshot: Snapshot, set: VersionSet): string | undefined {
  const deadline = (snapshot.target?.spec.progressDeadlineSeconds ?? 600) * 1000;
  for (const pod of podsOf(snapshot.pods, [set.replicaSet])) {
    if (isReady(pod) || isTerminating(pod)) continue;
    const crash = crashing(pod);
    if (crash !== undefined) return crash;
    if (snapshot.now - createdAt(pod) > deadline)
      return `pod ${pod.metadata.name} is not ready after ${deadline / 1000} s`;
  }
  return undefined;
}

function crashing(pod: Pod): string | undefined {
  const status = (pod.status?.containerStatuses ?? []).find(
    (item) => item.state?.waiting?.reason === 'CrashLoopBackOff' && (item.restartCount ?? 0) >= 2,
  );
  return status === undefined ? undefined : `container ${status.name} of pod ${pod.metadata.name} keeps crashing`;
}
