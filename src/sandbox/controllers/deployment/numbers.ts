import type { Deployment, ReplicaSet } from '../../../kube/object.ts';
import { parseTime } from '../../time.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** A value of a limit or deadline that means none. */
export const UNLIMITED = 2 ** 31 - 1;

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec.replicas ?? 1;
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type === 'RollingUpdate';
}

function scaled(value: number | string | undefined, total: number, round: (part: number) => number): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  return round((Number.parseInt(value, 10) * total) / 100);
}

interface Fences {
  maxSurge: number;
  maxUnavailable: number;
}

/** Both limits in pods: surge rounded up, unavailable down, and one pod unavailable where both came to nothing. */
function fences(deployment: Deployment): Fences {
  const rolling = deployment.spec.strategy?.rollingUpdate ?? {};
  const total = replicasOf(deployment);
  const maxSurge = scaled(rolling.maxSurge, total, Math.ceil);
  const maxUnavailable = scaled(rolling.maxUnavailable, total, Math.floor);
  return { maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable };
}

export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? fences(deployment).maxSurge : 0;
}

export function maxUnavailable(deployment: Deployment): number {
  const total = replicasOf(deployment);
  if (!isRollingUpdate(deployment) || total === 0) return 0;
  return Math.min(fences(deployment).maxUnavailable, total);
}

export function specReplicas(sets: ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

type Count = 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas';

export function statusCount(sets: ReplicaSet[], field: Count): number {
  return sets.reduce((sum, { status }) => sum + Number(status?.[field] ?? 0), 0);
}

export function active(sets: ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => replicasOf(set) > 0);
}

export function numberAnnotation(set: ReplicaSet, key: string): number | undefined {
  const text = set.metadata.annotations?.[key];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export function revisionOf(set: ReplicaSet): number {
  return numberAnnotation(set, REVISION) ?? 0;
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const difference = parseTime(a.metadata.creationTimestamp) - parseTime(b.metadata.creationTimestamp);
  if (difference !== 0) return difference;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** Largest first; of the same size the newer ones first, or the older ones. */
export function bySize(newerFirst: boolean): (a: ReplicaSet, b: ReplicaSet) => number {
  return (a, b) => replicasOf(b) - replicasOf(a) || (newerFirst ? byCreation(b, a) : byCreation(a, b));
}

export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  return revisionOf(a) - revisionOf(b) || byCreation(a, b);
}

export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== UNLIMITED;
}
