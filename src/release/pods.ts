import type { Condition, KubeObject, Pod, ReplicaSet } from '../kube/object.ts';

export function condition(conditions: Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((item) => item.type === type);
}

export function isReady(pod: Pod): boolean {
  return !isTerminating(pod) && condition(pod.status?.conditions, 'Ready')?.status === 'True';
}

/** Milliseconds since the epoch at which the pod became Ready; undefined while it is not. */
export function readySince(pod: Pod): number | undefined {
  const ready = condition(pod.status?.conditions, 'Ready');
  if (ready?.status !== 'True') return undefined;
  const since = Date.parse(ready.lastTransitionTime ?? '');
  return Number.isNaN(since) ? undefined : since;
}

export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** The object's managing owner is the one with this UID. */
export function isControlledBy(object: KubeObject, uid: string | undefined): boolean {
  return (
    uid !== undefined && (object.metadata.ownerReferences ?? []).some((owner) => owner.controller && owner.uid === uid)
  );
}

export function podsOf(pods: readonly Pod[], replicaSets: readonly ReplicaSet[]): Pod[] {
  const owners = new Set(replicaSets.map((replicaSet) => replicaSet.metadata.uid));
  return pods.filter((pod) =>
    (pod.metadata.ownerReferences ?? []).some((owner) => owner.controller && owners.has(owner.uid)),
  );
}

export function createdAt(object: KubeObject): number {
  return Date.parse(object.metadata.creationTimestamp ?? '');
}

/** Image of each container of a pod template, as `container=image`. */
export function imagesOf(template: { spec: { containers: { name: string; image?: string }[] } }): string[] {
  return template.spec.containers.map((container) => `${container.name}=${container.image ?? ''}`);
}
