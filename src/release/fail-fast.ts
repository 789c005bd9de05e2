import type { ContainerState, ContainerStatus, Deployment, Pod, ReplicaSet } from '../kube/object.ts';
import { condition, isReady, isTerminating, readySince } from './pods.ts';

/**
 * What the pods themselves say of a canary, without any metric. A `Regression` is the new version's own fault; what is
 * `Blocked` would hit stable just so (quota, nodes, registry) and says nothing about the version.
 */
export type FailFast =
  | { kind: 'None' }
  | { kind: 'Regression'; reason: string; message: string }
  | { kind: 'Blocked'; reason: string; message: string };

/** Seconds without readiness after which a canary that was Ready is taken out: it would block evictions of stable. */
export const lostReadinessSeconds = 60;
/** Seconds before the canary's start in which a restart of stable already counts as the same trouble. */
const troubleLeadSeconds = 120;
/** A pod of stable younger than this is still starting, not in trouble. */
const startingSeconds = 60;

type Terminated = NonNullable<ContainerState['terminated']>;

const none: FailFast = { kind: 'None' };
const notFoundReasons = new Set(['ErrImageNeverPull', 'InvalidImageName']);
const pullReasons = new Set(['ErrImagePull', 'ImagePullBackOff', 'ImageInspectError', 'RegistryUnavailable']);
const configReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);
const imageMissing = /not ?found|manifest unknown|does not exist|no such image|not present|repository name not known/i;
const infrastructure = /timeout|timed out|connection|i\/o|no such host|lookup|5\d\d |too many requests|429|TLS/i;

/** Inputs of the fail-fast rules; times in milliseconds since the epoch. */
export interface FailFastInput {
  now: number;
  canary: Deployment;
  canaryReplicaSets: ReplicaSet[];
  canaryPods: Pod[];
  stablePods: Pod[];
  /** Fresh pods of stable: what hits them too is no fault of the new version. */
  baselinePods: Pod[];
  /** When the canary Deployment was created. */
  canaryCreatedAt: number;
  /** All pods of the canary were Ready once. */
  wasReady: boolean;
  startDeadlineSeconds: number;
}

/** Applies the rules in order; the first that speaks wins. No rule fires while stable itself is in trouble. */
export function failFast(given: FailFastInput): FailFast {
  // A pod that is being deleted shows Failed for a moment, whatever it was.
  const input = { ...given, canaryPods: given.canaryPods.filter((pod) => !isTerminating(pod)) };
  const fault = firstFault(input);
  if (fault.kind !== 'Regression') return fault;
  const trouble = stableTrouble(input);
  if (trouble === undefined) return fault;
  return { kind: 'Blocked', reason: 'StableUnstable', message: `${trouble}, so this proves nothing: ${fault.message}` };
}

function firstFault(input: FailFastInput): FailFast {
  for (const pod of input.canaryPods) {
    const fault = podFault(pod);
    if (fault.kind === 'Regression') return fault;
  }
  const blocked = blockedReason(input);
  const readiness = readinessFault(input);
  if (blocked.kind === 'Blocked' && !input.wasReady) return blocked;
  return readiness.kind === 'None' ? blocked : readiness;
}

function podFault(pod: Pod): FailFast {
  if (isEvicted(pod)) return none;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of statuses) {
    const fault = containerFault(pod, status);
    if (fault.kind !== 'None') return fault;
  }
  return none;
}

function containerFault(pod: Pod, status: ContainerStatus): FailFast {
  const where = `container ${status.name} of pod ${pod.metadata.name}`;
  const last = status.lastState?.terminated ?? status.state?.terminated;
  if (last?.reason === 'OOMKilled') return regression('OOMKilled', `${where} was killed for using too much memory`);
  const { reason, message = '' } = status.state?.waiting ?? {};
  if (reason !== undefined) {
    const fault = waitingFault(where, reason, message, last);
    if (fault.kind !== 'None') return fault;
  }
  const restarts = status.restartCount ?? 0;
  if (restarts < 2 || last === undefined || last.exitCode === 0) return none;
  return regression('Restarting', `${where} restarted ${restarts} times${exitText(last)}`);
}

function waitingFault(where: string, reason: string, message: string, last: Terminated | undefined): FailFast {
  if (reason === 'CrashLoopBackOff') return regression(reason, `${where} keeps crashing${exitText(last)}`);
  if (configReasons.has(reason)) return regression(reason, `${where}: ${message || reason}`);
  if (notFoundReasons.has(reason)) return regression('ImageNotFound', `${where}: ${message || reason}`);
  return pullReasons.has(reason) ? pullFault(where, message) : none;
}

function pullFault(where: string, message: string): FailFast {
  const text = `${where}: ${message || 'the image cannot be pulled'}`;
  if (imageMissing.test(message) && !infrastructure.test(message)) return regression('ImageNotFound', text);
  return { kind: 'Blocked', reason: 'ImagePull', message: text };
}

function exitText(last: Terminated | undefined): string {
  if (last === undefined) return '';
  const code = last.exitCode === undefined ? '' : ` with exit code ${last.exitCode}`;
  const reason = last.reason && last.reason !== 'Error' ? ` (${last.reason})` : '';
  const message = last.message ? `: ${last.message.trim().slice(0, 300)}` : '';
  return `${code}${reason}${message}`;
}

function readinessFault(input: FailFastInput): FailFast {
  const alive = input.canaryPods.filter((pod) => !isEvicted(pod));
  const wanted = input.canary.spec.replicas ?? 1;
  const ready = alive.filter(isReady).length;
  if (ready >= wanted) return none;
  if (!input.wasReady) return startFault(input, ready, wanted);
  for (const pod of alive) {
    const since = isReady(pod) ? undefined : unreadySince(pod);
    if (since === undefined || input.now - since < lostReadinessSeconds * 1000) continue;
    const text = `pod ${pod.metadata.name} has not been ready for ${lostReadinessSeconds} s after it had been`;
    return regression('LostReadiness', text);
  }
  return none;
}

/** The time runs from the start of a pod's containers: what keeps them from starting is not the version's fault. */
function startFault(input: FailFastInput, ready: number, wanted: number): FailFast {
  const { now, startDeadlineSeconds: deadline } = input;
  const overdue = (since: number): boolean => now - since >= deadline * 1000;
  const late = input.canaryPods.find((pod) => !isReady(pod) && overdue(runningSince(pod) ?? now));
  if (late !== undefined) {
    const text = `${ready} of ${wanted} canary pods became ready within ${deadline} s${unreadyText(late)}`;
    return regression('NotReady', text);
  }
  if (!overdue(input.canaryCreatedAt) || input.canaryPods.some((pod) => runningSince(pod) !== undefined)) return none;
  const text = `no container of the canary was started within ${deadline} s`;
  return { kind: 'Blocked', reason: 'NotStarted', message: text };
}

/** Milliseconds since the epoch at which the first container that runs now was started. */
function runningSince(pod: Pod): number | undefined {
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const times = all
    .map((status) => Date.parse(status.state?.running?.startedAt ?? ''))
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.min(...times);
}

function unreadyText(pod: Pod): string {
  const message = condition(pod.status?.conditions, 'Ready')?.message;
  return message ? `: ${message}` : '';
}

/** Only a pod that was ready before has lost anything. */
function unreadySince(pod: Pod): number | undefined {
  const ready = condition(pod.status?.conditions, 'Ready');
  const created = Date.parse(pod.metadata.creationTimestamp ?? '');
  const since = Date.parse(ready?.lastTransitionTime ?? '');
  return Number.isNaN(since) || since - created < 1000 ? undefined : since;
}

function blockedReason(input: FailFastInput): FailFast {
  for (const owner of [...input.canaryReplicaSets, input.canary]) {
    const failure = condition(owner.status?.conditions, 'ReplicaFailure');
    if (failure?.status === 'True')
      return {
        kind: 'Blocked',
        reason: failure.reason ?? 'FailedCreate',
        message: failure.message ?? 'pods cannot be created',
      };
  }
  for (const pod of input.canaryPods) {
    const blocked = podBlocked(pod);
    if (blocked.kind !== 'None') return blocked;
  }
  return none;
}

function podBlocked(pod: Pod): FailFast {
  const name = pod.metadata.name;
  if (isEvicted(pod))
    return { kind: 'Blocked', reason: 'Evicted', message: `pod ${name}: ${pod.status?.message ?? pod.status?.reason}` };
  const scheduled = condition(pod.status?.conditions, 'PodScheduled');
  if (scheduled?.status === 'False')
    return {
      kind: 'Blocked',
      reason: scheduled.reason ?? 'Unschedulable',
      message: `pod ${name}: ${scheduled.message ?? 'no node takes it'}`,
    };
  for (const status of pod.status?.containerStatuses ?? []) {
    const fault = containerFault(pod, status);
    if (fault.kind === 'Blocked') return fault;
  }
  return none;
}

function isEvicted(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' && pod.status.reason !== undefined;
}

/** Stable's pods restart or lose readiness in the same minutes: then the cause is likely outside the new version. */
function stableTrouble(input: FailFastInput): string | undefined {
  const from = input.canaryCreatedAt - troubleLeadSeconds * 1000;
  // A baseline that has not started says nothing of stable: it may lack room.
  const started = input.baselinePods.filter((pod) => runningSince(pod) !== undefined || hasRestarted(pod));
  for (const pod of [...input.stablePods, ...started]) {
    if (isTerminating(pod)) continue;
    const restarted = (pod.status?.containerStatuses ?? []).some(
      (status) => Date.parse(status.lastState?.terminated?.finishedAt ?? '') >= from,
    );
    if (restarted) return `pod ${pod.metadata.name} of stable restarted in the same minutes`;
    const age = input.now - Date.parse(pod.metadata.creationTimestamp ?? '');
    if (!isReady(pod) && readySince(pod) === undefined && age > startingSeconds * 1000)
      return `pod ${pod.metadata.name} of stable is not ready either`;
  }
  return undefined;
}

function hasRestarted(pod: Pod): boolean {
  return (pod.status?.containerStatuses ?? []).some((status) => (status.restartCount ?? 0) > 0);
}

function regression(reason: string, message: string): FailFast {
  return { kind: 'Regression', reason, message };
}
