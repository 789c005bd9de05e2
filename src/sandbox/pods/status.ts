import type { Condition, Container, ContainerState, ContainerStatus, Pod } from '../../kube/object.ts';
import { timestamp } from '../time.ts';

type Status = NonNullable<Pod['status']>;
type Waiting = NonNullable<ContainerState['waiting']>;

/** What the node knows of a pod's containers. The troubled one may be in another state than the rest. */
export interface ContainerView {
  /** Index of the container that the behaviour is about. */
  troubled: number;
  state: ContainerState;
  last: ContainerState | undefined;
  restarts: number;
  ready: boolean;
  /** Whether the other containers run. */
  othersRun: boolean;
}

export function conditionOf(
  type: string,
  value: boolean,
  before: Condition[] | undefined,
  now: number,
  why?: Waiting,
): Condition {
  const status = value ? 'True' : 'False';
  const present = before?.find((condition) => condition.type === type);
  const kept = present?.status === status ? present.lastTransitionTime : undefined;
  return { type, status, lastProbeTime: null, lastTransitionTime: kept ?? timestamp(now), ...(value ? {} : why) };
}

/** How one container stands, the troubled one as the view says and the others beside it. */
function stateOf(
  index: number,
  view: ContainerView,
  before: Pod,
): Pick<ContainerStatus, 'ready' | 'restartCount' | 'state' | 'lastState'> {
  const { state, last, restarts, ready, othersRun } = view;
  if (index === view.troubled) return { ready, restartCount: restarts, state, lastState: last ?? {} };
  if (!othersRun)
    return { ready: false, restartCount: 0, state: { waiting: { reason: 'ContainerCreating' } }, lastState: {} };
  const present = before.status?.containerStatuses?.[index]?.state?.running;
  const startedAt = present?.startedAt ?? state.running?.startedAt ?? before.status?.startTime ?? '';
  return { ready: true, restartCount: 0, state: { running: { startedAt } }, lastState: {} };
}

function containerStatus(container: Container, index: number, view: ContainerView, before: Pod): ContainerStatus {
  const own = stateOf(index, view, before);
  const image = container.image ?? '';
  const running = own.state?.running !== undefined;
  const id = `sandbox://${before.metadata.uid}/${index}/${own.restartCount}`;
  return {
    name: container.name,
    image,
    imageID: running || own.lastState?.terminated !== undefined ? `sandbox@${image}` : '',
    ...(running ? { containerID: id } : {}),
    ...own,
    started: running,
  };
}

/** The status that a kubelet writes for a pod on its node. */
export function nodeStatus(pod: Pod, view: ContainerView, now: number): Status {
  const before = pod.status?.conditions;
  const containerStatuses = pod.spec.containers.map((container, index) => containerStatus(container, index, view, pod));
  const unready = containerStatuses.filter(({ ready }) => ready !== true).map(({ name }) => name);
  const why = { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const started = containerStatuses.some(({ state }) => state?.waiting?.reason !== 'ContainerCreating');
  const conditions = [
    conditionOf('PodReadyToStartContainers', true, before, now),
    conditionOf('Initialized', true, before, now),
    conditionOf('Ready', unready.length === 0, before, now, why),
    conditionOf('ContainersReady', unready.length === 0, before, now, why),
    conditionOf('PodScheduled', true, before, now),
  ];
  const began = containerStatuses.some(
    ({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated,
  );
  const waits = containerStatuses.some(
    ({ state, lastState }) => state?.waiting !== undefined && lastState?.terminated === undefined,
  );
  return {
    phase: began && !waits ? 'Running' : 'Pending',
    conditions,
    hostIP: '10.0.0.1',
    ...(started ? { podIP: pod.status?.['podIP'] ?? podAddress(pod) } : {}),
    startTime: pod.status?.startTime ?? timestamp(now),
    containerStatuses,
    qosClass: pod.status?.['qosClass'] ?? 'BestEffort',
  };
}

/** An address in 10.1.0.0/16 from the pod's UID. */
function podAddress(pod: Pod): string {
  const digits = Number.parseInt((pod.metadata.uid ?? '0').slice(0, 4), 16);
  return `10.1.${digits >> 8}.${digits & 255}`;
}

export function unschedulableStatus(pod: Pod, message: string, now: number): Status {
  const why = { reason: 'Unschedulable', message };
  const conditions = [conditionOf('PodScheduled', false, pod.status?.conditions, now, why)];
  return { ...pod.status, phase: 'Pending', conditions };
}

/** A pod that was told to end and did: its containers with their exit codes, shortly before it is gone. */
export function endedStatus(pod: Pod, exitCode: number, now: number): Status {
  const before = pod.status?.conditions;
  const failed = exitCode !== 0;
  const why = { reason: failed ? 'PodFailed' : 'PodCompleted', message: '' };
  const terminated = { exitCode, reason: failed ? 'Error' : 'Completed', finishedAt: timestamp(now) };
  const ended = (status: ContainerStatus): ContainerStatus =>
    status.state?.running === undefined
      ? { ...status, ready: false }
      : { ...status, ready: false, started: false, state: { terminated } };
  return {
    ...pod.status,
    phase: failed ? 'Failed' : 'Succeeded',
    conditions: [
      conditionOf('PodReadyToStartContainers', false, before, now),
      conditionOf('Initialized', true, before, now),
      conditionOf('Ready', false, before, now, why),
      conditionOf('ContainersReady', false, before, now, why),
      conditionOf('PodScheduled', true, before, now),
    ],
    containerStatuses: (pod.status?.containerStatuses ?? []).map(ended),
  };
}

/** A pod that its node evicted: it stays as Failed until somebody deletes it. */
export function evictedStatus(pod: Pod, message: string, now: number): Status {
  const before = pod.status?.conditions;
  const gone = { reason: 'PodFailed', message: '' };
  return {
    phase: 'Failed',
    reason: 'Evicted',
    message,
    startTime: pod.status?.startTime ?? timestamp(now),
    qosClass: pod.status?.['qosClass'] ?? 'BestEffort',
    conditions: [
      { ...conditionOf('DisruptionTarget', true, before, now), reason: 'TerminationByKubelet', message },
      conditionOf('Ready', false, before, now, gone),
      conditionOf('ContainersReady', false, before, now, gone),
      conditionOf('PodScheduled', true, before, now),
    ],
  };
}
