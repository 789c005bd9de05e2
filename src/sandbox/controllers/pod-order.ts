import type { Pod } from '../../kube/object.ts';
import { parseTime } from '../time.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

function readyCondition(pod: Pod): { status: string; lastTransitionTime?: string } | undefined {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}

/** Since when the pod is ready, in milliseconds. */
export function readySince(pod: Pod): number {
  return parseTime(readyCondition(pod)?.lastTransitionTime);
}

/** Neither ended nor on its way out. */
export function isActive(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase !== 'Succeeded' && phase !== 'Failed' && pod.metadata.deletionTimestamp === undefined;
}

/** Ages are compared by powers of two, so that among old pods chance decides. */
function ageRank(since: number, now: number): number {
  const nanoseconds = (now - since) * 1e6;
  return nanoseconds > 0 ? Math.trunc(Math.log2(nanoseconds)) : -1;
}

function restarts(pod: Pod): number {
  const counts = (pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount ?? 0);
  return Math.max(0, ...counts);
}

function cost(pod: Pod): number {
  return Number(pod.metadata.annotations?.[DELETION_COST] ?? 0);
}

function byAge(a: Pod, b: Pod, since: (pod: Pod) => number, now: number): number {
  if (since(a) === since(b)) return 0;
  return ageRank(since(a), now) - ageRank(since(b), now) || (String(a.metadata.uid) < String(b.metadata.uid) ? -1 : 1);
}

/** The order in which a ReplicaSet deletes its pods: unassigned, pending, not ready, cheap, newly ready, restarted, young. */
export function deletionOrder(now: number): (a: Pod, b: Pod) => number {
  const phase = (pod: Pod): number => PHASES[pod.status?.phase ?? 'Pending'] ?? 0;
  const created = (pod: Pod): number => parseTime(pod.metadata.creationTimestamp);
  const assigned = (pod: Pod): number => (pod.spec.nodeName === undefined ? 0 : 1);
  return (a, b) =>
    assigned(a) - assigned(b) ||
    phase(a) - phase(b) ||
    Number(isReady(a)) - Number(isReady(b)) ||
    cost(a) - cost(b) ||
    (isReady(a) && isReady(b) ? byAge(a, b, readySince, now) : 0) ||
    restarts(b) - restarts(a) ||
    byAge(a, b, created, now);
}
