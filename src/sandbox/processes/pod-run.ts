import type { Container, Pod } from '../../kube/object.ts';
import type { Clock } from '../../lib/clock.ts';
import { asText } from '../json.ts';
import { pullMessage } from '../pods/pull-messages.ts';
import { type ContainerRun, createContainerRun } from './container-run.ts';
import { EnvironmentError, environmentOf, type FindSource } from './environment.ts';
import type { Guardian } from './guardian.ts';
import type { Images, Program } from './images.ts';
import type { ContainerView } from './pod-status.ts';
import { unsupportedProbe } from './probe.ts';
import type { NodeTiming } from './timing.ts';

/** How long ErrImagePull shows before it becomes ImagePullBackOff. */
const pullErrorMs = 1000;

/** A pod on the node, from its binding to the end of its processes. */
export interface PodRun {
  readonly pod: Pod;
  /** How its containers stand, in the order of the spec. */
  views(): ContainerView[];
  runs(): ContainerRun[];
  /** Every container has ended for good. */
  ended(): boolean;
  /** Ends all containers. Resolves when no process of it is left. */
  stop(graceMs: number): Promise<void>;
}

export interface PodRunOptions {
  pod: Pod;
  images: Images;
  find: FindSource;
  clock: Clock;
  guardian: Guardian;
  timing: NodeTiming;
  changed: () => void;
}

/** What keeps a container from being created; the state of its status. */
interface Problem {
  reason: string;
  message: string;
}

/** Runs the containers of a pod, each as soon as its image is there. Init containers are not run. */
export function createPodRun(options: PodRunOptions): PodRun {
  const { pod, clock, timing, changed } = options;
  const graceMs = Number(pod.spec['terminationGracePeriodSeconds'] ?? 30) * 1000;
  const slots = pod.spec.containers.map((container) => createSlot(container));
  let stopping = false;

  interface Slot {
    container: Container;
    waiting: Problem | { reason: string };
    run: ContainerRun | undefined;
    pulls: number;
    cancel: () => void;
  }

  function createSlot(container: Container): Slot {
    const waiting = { reason: 'ContainerCreating' };
    const slot: Slot = { container, waiting, run: undefined, pulls: 0, cancel: () => undefined };
    slot.cancel = clock.after(0, () => create(slot));
    return slot;
  }

  function create(slot: Slot): void {
    const { container } = slot;
    const program = options.images(container.image ?? '');
    if (program === undefined) return failPull(slot);
    const environment = prepare(container);
    if ('reason' in environment) {
      slot.waiting = environment;
      slot.cancel = clock.after(timing.backoffMs, () => create(slot));
      return changed();
    }
    slot.run = begin(container, program, environment.env);
    changed();
  }

  function prepare(container: Container): { env: Record<string, string> } | Problem {
    const unsupported = unsupportedOf(pod, container);
    if (unsupported !== undefined) return { reason: 'CreateContainerError', message: unsupported };
    try {
      return { env: environmentOf(pod, container, options.find) };
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      return { reason: 'CreateContainerConfigError', message: error.message };
    }
  }

  function begin(container: Container, program: Program, env: Record<string, string>): ContainerRun {
    const { name, namespace = '', uid = '' } = pod.metadata;
    return createContainerRun({
      container,
      program,
      env,
      restartPolicy: asText(pod.spec['restartPolicy'], 'Always'),
      where: `pod=${name}_${namespace}(${uid})`,
      graceMs,
      clock,
      guardian: options.guardian,
      timing,
      changed: () => changed(),
    });
  }

  function failPull(slot: Slot): void {
    const image = slot.container.image ?? '';
    const message = pullMessage('NotFound', image);
    slot.pulls += 1;
    slot.waiting = { reason: 'ErrImagePull', message };
    slot.cancel = clock.after(pullErrorMs, () => {
      slot.waiting = {
        reason: 'ImagePullBackOff',
        message: `Back-off pulling image "${image}": ErrImagePull: ${message}`,
      };
      slot.cancel = clock.after(Math.min(timing.maxBackoffMs, timing.backoffMs * 2 ** (slot.pulls - 1)), () =>
        create(slot),
      );
      changed();
    });
    changed();
  }

  function viewOf({ container, waiting, run }: Slot): ContainerView {
    return run ?? { container, state: { waiting }, last: undefined, restarts: 0, ready: false };
  }

  return {
    pod,
    views: () => slots.map(viewOf),
    runs: () => slots.flatMap(({ run }) => run ?? []),
    ended: () => stopping || slots.every(({ run }) => run?.done === true),
    async stop(limitMs) {
      for (const slot of slots) slot.cancel();
      await Promise.all(slots.flatMap(({ run }) => run?.stop(limitMs) ?? []));
      stopping = true;
    },
  };
}

/** What a real node has and this one has not. */
function unsupportedOf(pod: Pod, container: Container): string | undefined {
  if ((pod.spec.initContainers ?? []).length > 0) return 'the sandbox has no init containers';
  if (container['command'] !== undefined) return 'the sandbox starts the program of the image alone: leave out command';
  return unsupportedProbe(container);
}
