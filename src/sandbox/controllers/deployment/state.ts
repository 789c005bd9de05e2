import type { Deployment, ReplicaSet } from '../../../kube/object.ts';
import type { ControllerApi } from '../context.ts';

/** One pass over one Deployment: the object as it is after the pass's own writes, and its ReplicaSets. */
export interface Pass {
  api: ControllerApi;
  now: number;
  deployment: Deployment;
  /** The one of the present template. */
  newSet: ReplicaSet | undefined;
  oldSets: ReplicaSet[];
}

export function allSets({ newSet, oldSets }: Pass): ReplicaSet[] {
  return newSet === undefined ? oldSets : [...oldSets, newSet];
}

/** Puts the ReplicaSet as it was written in the place of the one before. */
export function replaceSet(pass: Pass, written: ReplicaSet): void {
  const { uid } = written.metadata;
  if (pass.newSet?.metadata.uid === uid) pass.newSet = written;
  pass.oldSets = pass.oldSets.map((set) => (set.metadata.uid === uid ? written : set));
}
