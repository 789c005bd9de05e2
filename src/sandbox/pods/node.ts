import { isNotFound } from '../../kube/errors.ts';
import { type ContainerState, type Pod, resources } from '../../kube/object.ts';
import type { PartContext, SandboxPart } from '../part.ts';
import { timestamp } from '../time.ts';
import type { BehaviourOf, PodBehaviour, PodModel } from './behaviour.ts';
import { pullMessage } from './pull-messages.ts';
import { type ContainerView, endedStatus, evictedStatus, nodeStatus, unschedulableStatus } from './status.ts';

const NODE = 'sandbox-node';
/** Exit code of a program that was killed. */
const KILLED = 137;
/** From the end of a pod's containers to its removal. */
const REMOVAL_MS = 20;
const SCHEDULE_MS = 10;
const RESTART_MS = 1000;
const FIRST_BACKOFF_SECONDS = 10;
const MAX_BACKOFF_SECONDS = 300;
/** How long ErrImagePull shows before it becomes ImagePullBackOff. */
const PULL_ERROR_MS = 1000;

/** One pod on the node, from its first sight to its end. */
interface Life {
  namespace: string | undefined;
  name: string;
  stage: 'new' | 'creating' | 'pulling' | 'running' | 'backoff' | 'ended' | 'leaving';
  state: ContainerState;
  last: ContainerState | undefined;
  restarts: number;
  ready: boolean;
  pulls: number;
  startedAt: number;
  /** When the last report that is on its way arrives. */
  reportedAt: number;
  reports: ((pod: Pod) => void)[];
  timers: (() => void)[];
}

export interface Node extends PodModel, SandboxPart {}

function backoff(failures: number): number {
  return Math.min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** Math.max(0, failures - 1));
}

/** Scheduler and kubelet of one node: brings each pod through what its behaviour says, and tells of it so late. */
export function createNode({ api, clock }: PartContext, behindMs: () => number = () => 0): Node {
  const lives = new Map<string, Life>();
  let behaviours: BehaviourOf[] = [];

  function behaviourOf(pod: Pod): PodBehaviour {
    for (const behaviour of behaviours.toReversed()) {
      const answer = behaviour(pod);
      if (answer !== undefined) return answer;
    }
    return {};
  }

  function read(life: Life): Pod | undefined {
    return api.get<Pod>(resources.pods, life.namespace, life.name);
  }

  function later(life: Life, ms: number, task: (pod: Pod) => void): void {
    life.timers.push(
      clock.after(ms, () => {
        const pod = read(life);
        if (pod !== undefined) task(pod);
      }),
    );
  }

  function forgetTimers(life: Life): void {
    for (const cancel of life.timers) cancel();
    life.timers = [];
  }

  function write(life: Life, pod: Pod, troubledName: string | undefined): void {
    const view: ContainerView = {
      troubled: Math.max(
        0,
        pod.spec.containers.findIndex(({ name }) => name === troubledName),
      ),
      state: life.state,
      last: life.last,
      restarts: life.restarts,
      ready: life.ready,
      othersRun: life.stage === 'running' || life.stage === 'backoff',
    };
    const status = nodeStatus(pod, view, clock.now());
    const report = (present: Pod): void => {
      api.updateStatus<Pod>(resources.pods, present, (copy) => Object.assign(copy, { status }));
    };
    const wait = Math.max(behindMs(), life.reportedAt - clock.now());
    if (wait <= 0 && life.reports.length === 0) return report(pod);
    life.reportedAt = clock.now() + wait;
    life.reports.push(report);
    clock.after(wait, () => {
      const [present, oldest] = [read(life), life.reports.shift()];
      if (present !== undefined && life.stage !== 'ended' && life.stage !== 'leaving') oldest?.(present);
    });
  }

  function schedule(life: Life, pod: Pod): void {
    const { unschedulable } = behaviourOf(pod);
    if (unschedulable !== undefined) {
      api.updateStatus<Pod>(resources.pods, pod, (copy) => {
        copy.status = unschedulableStatus(pod, unschedulable, clock.now());
      });
      return;
    }
    const bound =
      pod.spec.nodeName !== undefined
        ? pod
        : api.update<Pod>(resources.pods, pod, (copy) => {
            copy.spec.nodeName = NODE;
          });
    life.stage = 'creating';
    life.state = { waiting: { reason: 'ContainerCreating' } };
    write(life, bound, undefined);
    later(life, (behaviourOf(pod).startSeconds ?? 1) * 1000, (now) => start(life, now));
  }

  function start(life: Life, pod: Pod): void {
    forgetTimers(life);
    const behaviour = behaviourOf(pod);
    if (behaviour.imagePull !== undefined) return failPull(life, pod, behaviour);
    if (behaviour.configError !== undefined) {
      life.state = { waiting: { reason: 'CreateContainerConfigError', message: behaviour.configError } };
      return write(life, pod, behaviour.container);
    }
    life.stage = 'running';
    life.startedAt = clock.now();
    life.ready = behaviour.readySeconds === 0;
    life.state = { running: { startedAt: timestamp(clock.now()) } };
    write(life, pod, behaviour.container);
    plan(life, behaviour);
  }

  function failPull(life: Life, pod: Pod, behaviour: PodBehaviour): void {
    const image = pod.spec.containers.find(({ name }) => name === behaviour.container) ?? pod.spec.containers[0];
    const message = pullMessage(behaviour.imagePull ?? 'NotFound', image?.image ?? '');
    life.stage = 'pulling';
    life.pulls += 1;
    life.state = { waiting: { reason: 'ErrImagePull', message } };
    write(life, pod, behaviour.container);
    later(life, PULL_ERROR_MS, (now) => {
      const text = `Back-off pulling image "${image?.image ?? ''}": ErrImagePull: ${message}`;
      life.state = { waiting: { reason: 'ImagePullBackOff', message: text } };
      write(life, now, behaviour.container);
      later(life, backoff(life.pulls) * 1000, (again) => start(life, again));
    });
  }

  /** Sets the timers of a running pod; its times count from now. */
  function plan(life: Life, behaviour: PodBehaviour): void {
    const { readySeconds = 1, crash, unready = [], evict } = behaviour;
    const becomes = (ready: boolean) => (pod: Pod) => {
      life.ready = ready;
      write(life, pod, behaviour.container);
    };
    if (readySeconds === 'never') {
      if (life.ready) later(life, 0, becomes(false));
    } else if (!life.ready) later(life, readySeconds * 1000, becomes(true));
    for (const { from, to } of unready) {
      later(life, from * 1000, becomes(false));
      if (to !== undefined) later(life, to * 1000, becomes(true));
    }
    if (crash !== undefined && life.restarts < (crash.times ?? Number.POSITIVE_INFINITY)) {
      later(life, crash.afterSeconds * 1000, (pod) => fail(life, pod, behaviour));
    }
    if (evict !== undefined) later(life, evict.afterSeconds * 1000, (pod) => drive(life, pod, evict.message));
  }

  function fail(life: Life, pod: Pod, behaviour: PodBehaviour): void {
    forgetTimers(life);
    const reason = behaviour.crash?.reason ?? 'Error';
    const exitCode = behaviour.crash?.exitCode ?? (reason === 'OOMKilled' ? 137 : 1);
    const message = behaviour.crash?.message;
    life.ready = false;
    life.stage = 'backoff';
    life.last = {
      terminated: {
        exitCode,
        reason,
        ...(message === undefined ? {} : { message }),
        finishedAt: timestamp(clock.now()),
      },
    };
    life.state = life.last;
    write(life, pod, behaviour.container);
    const first = life.restarts === 0;
    later(life, RESTART_MS, (now) => (first ? restart(life, now) : holdBack(life, now, behaviour)));
  }

  function holdBack(life: Life, pod: Pod, behaviour: PodBehaviour): void {
    const seconds = backoff(life.restarts);
    const name = behaviour.container ?? pod.spec.containers[0]?.name ?? '';
    const where = `pod=${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`;
    const delay = seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
    const message = `back-off ${delay} restarting failed container=${name} ${where}`;
    life.state = { waiting: { reason: 'CrashLoopBackOff', message } };
    write(life, pod, behaviour.container);
    later(life, seconds * 1000 - RESTART_MS, (now) => restart(life, now));
  }

  function restart(life: Life, pod: Pod): void {
    life.restarts += 1;
    start(life, pod);
  }

  function drive(life: Life, pod: Pod, message = 'The node was low on resource: memory. '): void {
    forgetTimers(life);
    life.stage = 'ended';
    api.updateStatus<Pod>(resources.pods, pod, (copy) => {
      copy.status = evictedStatus(pod, message, clock.now());
    });
  }

  function leave(life: Life, pod: Pod): void {
    if (life.stage === 'leaving') return;
    forgetTimers(life);
    life.stage = 'leaving';
    const grace = Number(pod.metadata['deletionGracePeriodSeconds'] ?? 0);
    const seconds = Math.min(behaviourOf(pod).terminateSeconds ?? 1, grace);
    later(life, seconds * 1000, (now) => {
      api.updateStatus<Pod>(resources.pods, now, (copy) => {
        copy.status = endedStatus(now, seconds >= grace ? KILLED : 0, clock.now());
      });
      later(life, REMOVAL_MS, remove);
    });
  }

  function remove(pod: Pod): void {
    try {
      api.delete(resources.pods, pod, { gracePeriodSeconds: 0, uid: pod.metadata.uid ?? '' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Takes up a changed behaviour. */
  function reconsider(life: Life, pod: Pod): void {
    if (life.stage === 'leaving' || life.stage === 'ended') return;
    if (life.stage === 'running') {
      forgetTimers(life);
      return plan(life, behaviourOf(pod));
    }
    if (life.stage === 'backoff') return;
    forgetTimers(life);
    if (life.stage === 'new') later(life, SCHEDULE_MS, (now) => schedule(life, now));
    else later(life, (behaviourOf(pod).startSeconds ?? 1) * 1000, (now) => start(life, now));
  }

  function reconsiderAll(): void {
    for (const life of lives.values()) {
      const pod = read(life);
      if (pod !== undefined) reconsider(life, pod);
    }
  }

  function welcome(pod: Pod): Life {
    const life: Life = {
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      stage: 'new',
      state: {},
      last: undefined,
      restarts: 0,
      ready: false,
      pulls: 0,
      startedAt: 0,
      reportedAt: 0,
      reports: [],
      timers: [],
    };
    lives.set(pod.metadata.uid ?? '', life);
    later(life, SCHEDULE_MS, (now) => schedule(life, now));
    return life;
  }

  return {
    behave(behaviour) {
      behaviours.push(behaviour);
      reconsiderAll();
    },
    heal() {
      behaviours = [];
      reconsiderAll();
    },
    notify(event) {
      if (event.resource.plural !== resources.pods.plural) return;
      const pod = event.object as Pod;
      const uid = pod.metadata.uid ?? '';
      const life = lives.get(uid);
      if (event.type === 'DELETED') {
        if (life !== undefined) forgetTimers(life);
        lives.delete(uid);
        return;
      }
      const present = life ?? welcome(pod);
      if (pod.metadata.deletionTimestamp !== undefined) leave(present, pod);
    },
  };
}
