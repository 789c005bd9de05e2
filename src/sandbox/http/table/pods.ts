import type { ContainerStatus, KubeObject, Pod } from '../../../kube/object.ts';
import { ageOf } from './age.ts';
import { ageColumn, type Column, column, listAt, nameColumn, textAt, wide } from './column.ts';

function endedReason(state: NonNullable<ContainerStatus['state']>['terminated']): string {
  if (state?.reason) return state.reason;
  return state?.signal ? `Signal:${state.signal}` : `ExitCode:${state?.exitCode ?? 0}`;
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** Completed is said only of pods all of whose containers are; the first failure counts otherwise. */
function settleReason(pod: Pod, reason: string, running: boolean, failure: string): string {
  if (reason !== 'Completed') return reason;
  if (running && isReady(pod)) return 'Running';
  if (failure !== '') return failure;
  return running ? 'NotReady' : reason;
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Date.parse(b) > Date.parse(a) ? b : a;
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** The word for how a pod stands, of its containers from the last to the first. */
function reasonOf(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined && !isOver(pod)) return 'Terminating';
  const statuses = pod.status?.containerStatuses ?? [];
  let reason = pod.status?.reason || pod.status?.phase || '';
  let failure = '';
  for (const { state = {} } of statuses.toReversed()) {
    const { waiting, terminated } = state;
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated !== undefined) {
      reason = endedReason(terminated);
      if (terminated.exitCode !== 0) failure = reason;
    }
  }
  return settleReason(pod, reason, statuses.some(isRunning), failure);
}

function isRunning({ ready, state }: ContainerStatus): boolean {
  return ready === true && state?.running !== undefined;
}

function readyOf(pod: Pod): string {
  const ready = (pod.status?.containerStatuses ?? []).filter(isRunning).length;
  return `${ready}/${pod.spec.containers.length}`;
}

function restartsOf(pod: Pod, now: number): string {
  let restarts = 0;
  let last: string | undefined;
  for (const { restartCount = 0, lastState } of pod.status?.containerStatuses ?? []) {
    restarts += restartCount;
    last = later(last, lastState?.terminated?.finishedAt);
  }
  return restarts === 0 || last === undefined ? String(restarts) : `${restarts} (${ageOf(last, now)} ago)`;
}

function gatesOf(pod: KubeObject): string {
  const gates = listAt(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return '<none>';
  const met = gates.filter((gate) =>
    (pod as Pod).status?.conditions?.some(
      ({ type, status }) => type === textAt(gate, 'conditionType') && status === 'True',
    ),
  );
  return `${met.length}/${gates.length}`;
}

export const podColumns: Column[] = [
  nameColumn,
  column('Ready', (pod) => readyOf(pod as Pod)),
  column('Status', (pod) => reasonOf(pod as Pod)),
  column('Restarts', (pod, now) => restartsOf(pod as Pod, now)),
  ageColumn,
  wide('IP', (pod) => textAt(pod, 'status', 'podIP') || '<none>'),
  wide('Node', (pod) => textAt(pod, 'spec', 'nodeName') || '<none>'),
  wide('Nominated Node', (pod) => textAt(pod, 'status', 'nominatedNodeName') || '<none>'),
  wide('Readiness Gates', gatesOf),
];
