import type { Condition, ContainerStatus, Pod } from '../../kube/object.ts';
import { conditionOf } from '../pods/status.ts';
import { timestamp } from '../time.ts';
import type { ContainerRun } from './container-run.ts';

type Status = NonNullable<Pod['status']>;
/** What the status of a container is made of. */
export type ContainerView = Pick<ContainerRun, 'container' | 'state' | 'last' | 'restarts' | 'ready'>;

/** All pods share it; their ports differ. */
export const podIP = '127.0.0.1';

function containerStatus(pod: Pod, { container, state, last, restarts, ready }: ContainerView): ContainerStatus {
  const image = container.image ?? '';
  const running = state.running !== undefined;
  const known = running || last !== undefined;
  return {
    name: container.name,
    image,
    imageID: known ? `sandbox@${image}` : '',
    ...(known ? { containerID: `sandbox://${pod.metadata.uid}/${container.name}/${restarts}` } : {}),
    ready,
    restartCount: restarts,
    state,
    lastState: last !== undefined && last !== state ? last : state.terminated === undefined ? {} : state,
    started: running,
  };
}

function phaseOf(containers: readonly ContainerView[], ended: boolean): string {
  if (ended) {
    const good = containers.every(({ state }) => (state.terminated?.exitCode ?? 0) === 0);
    return good ? 'Succeeded' : 'Failed';
  }
  const begun = containers.some(({ state, last }) => state.running ?? state.terminated ?? last);
  return begun ? 'Running' : 'Pending';
}

/** The status that a kubelet writes. `ended`: no container runs, and none will. */
export function statusOf(pod: Pod, containers: readonly ContainerView[], ended: boolean, now: number): Status {
  const before = pod.status?.conditions;
  const statuses = containers.map((container) => containerStatus(pod, container));
  const unready = statuses.filter(({ ready }) => ready !== true).map(({ name }) => name);
  const phase = phaseOf(containers, ended);
  const why = ended
    ? { reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted', message: '' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const ready = !ended && unready.length === 0;
  const conditions: Condition[] = [
    conditionOf('PodReadyToStartContainers', !ended, before, now),
    conditionOf('Initialized', true, before, now),
    conditionOf('Ready', ready, before, now, why),
    conditionOf('ContainersReady', ready, before, now, why),
    conditionOf('PodScheduled', true, before, now),
  ];
  return {
    phase,
    conditions,
    hostIP: podIP,
    hostIPs: [{ ip: podIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: pod.status?.startTime ?? timestamp(now),
    containerStatuses: statuses,
    qosClass: pod.status?.['qosClass'] ?? 'BestEffort',
  };
}
