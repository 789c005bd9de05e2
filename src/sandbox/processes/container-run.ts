import type { Container, ContainerState } from '../../kube/object.ts';
import type { Clock } from '../../lib/clock.ts';
import { asFields, asList, isFields } from '../json.ts';
import { timestamp } from '../time.ts';
import { backOffState, terminatedState } from './container-state.ts';
import type { Guardian } from './guardian.ts';
import type { Program } from './images.ts';
import { createLogBuffer, type LogBuffer } from './log-buffer.ts';
import { bytesOf } from './memory.ts';
import { startProbe } from './probe.ts';
import { type Exit, type RunningProcess, startProcess } from './process.ts';
import type { NodeTiming } from './timing.ts';

/** One container of a pod, over all its restarts. */
export interface ContainerRun {
  readonly container: Container;
  readonly state: ContainerState;
  readonly last: ContainerState | undefined;
  readonly restarts: number;
  readonly ready: boolean;
  /** It ended and is not started again. */
  readonly done: boolean;
  readonly pid: number | undefined;
  /** Output of the run now, or of the one before. */
  log(previous: boolean): LogBuffer | undefined;
  /** SIGTERM now and SIGKILL after the grace period; no restart any more. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
  /** Kills it when it holds more than its limit; it counts as OOMKilled. */
  checkMemory(bytes: number): void;
}

export interface ContainerOptions {
  container: Container;
  program: Program;
  env: Record<string, string>;
  restartPolicy: string;
  /** `pod=NAME_NAMESPACE(UID)`, for messages. */
  where: string;
  /** Milliseconds that a container gets to end when its liveness probe fails. */
  graceMs: number;
  clock: Clock;
  guardian: Guardian;
  timing: NodeTiming;
  changed: () => void;
}

/** Runs a container's program, again after each end, with probes and back-off as the kubelet does. */
export function createContainerRun(options: ContainerOptions): ContainerRun {
  const { container, clock, timing, changed } = options;
  const limit = bytesOf(asFields(asFields(container['resources'])['limits'])['memory']);
  const logs: LogBuffer[] = [];
  const cancels = new Set<() => void>();
  const endings: (() => void)[] = [];
  let state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  let last: ContainerState | undefined;
  let restarts = 0;
  let failures = 0;
  let ready = false;
  let done = false;
  let stopping = false;
  let isOutOfMemory = false;
  let running: RunningProcess | undefined;
  let startedAt = 0;

  function later(ms: number, task: () => void): void {
    cancels.add(clock.after(ms, task));
  }

  function cancelAll(): void {
    for (const cancel of cancels) cancel();
    cancels.clear();
  }

  function start(): void {
    const log = createLogBuffer();
    logs.unshift(log);
    logs.length = Math.min(logs.length, 2);
    startedAt = clock.now();
    isOutOfMemory = false;
    state = { running: { startedAt: timestamp(startedAt) } };
    ready = !isFields(container['readinessProbe']) && !isFields(container['startupProbe']);
    running = startProcess({
      program: options.program,
      args: asList(container['args']).map(String),
      env: options.env,
      guardian: options.guardian,
      output: (chunk) => log.write(chunk, clock.now()),
      exited: (exit) => {
        log.end(clock.now());
        ended(exit, log);
      },
    });
    probe('startupProbe', (passes, message) => (passes ? probes() : kill('Startup', message)), probes);
    changed();
  }

  function probes(): void {
    probe('livenessProbe', (passes, message) => (passes ? undefined : kill('Liveness', message)));
    probe('readinessProbe', becomes, () => becomes(true));
  }

  /** Starts the probe of that name; `otherwise` is called when there is none. */
  function probe(
    name: 'startupProbe' | 'livenessProbe' | 'readinessProbe',
    take: (passes: boolean, message: string) => void,
    otherwise?: () => void,
  ): void {
    const given = container[name];
    if (!isFields(given)) return otherwise?.();
    let stop: () => void = () => undefined;
    const onChange = (passes: boolean, message: string): void => {
      // A startup probe has done its work when it passed once.
      if (name === 'startupProbe') stop();
      take(passes, message);
    };
    stop = startProbe({ probe: given, container, clock, changed: onChange });
    cancels.add(stop);
  }

  function becomes(next: boolean): void {
    if (ready === next) return;
    ready = next;
    changed();
  }

  function kill(which: string, message: string): void {
    logs[0]?.write(`${which} probe failed: ${message}; the container is restarted\n`, clock.now());
    end(options.graceMs);
  }

  function end(graceMs: number): void {
    running?.signal(graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
    if (graceMs > 0) later(graceMs, () => running?.signal('SIGKILL'));
  }

  function ended(exit: Exit, log: LogBuffer): void {
    cancelAll();
    running = undefined;
    ready = false;
    state = terminatedState(container, exit, log, { isOutOfMemory, now: clock.now() });
    last = state;
    if (stopping || !restartsAfter(exit.exitCode)) return finish();
    if (clock.now() - startedAt >= timing.forgiveMs) failures = 0;
    const first = failures === 0;
    failures += 1;
    later(timing.restartMs, first ? restart : holdBack);
    changed();
  }

  function restartsAfter(exitCode: number): boolean {
    return options.restartPolicy === 'Always' || (options.restartPolicy === 'OnFailure' && exitCode !== 0);
  }

  function holdBack(): void {
    const ms = Math.min(timing.maxBackoffMs, timing.backoffMs * 2 ** (failures - 2));
    state = backOffState(container, options.where, ms);
    later(Math.max(0, ms - timing.restartMs), restart);
    changed();
  }

  function restart(): void {
    cancelAll();
    restarts += 1;
    start();
  }

  function finish(): void {
    done = true;
    for (const resolve of endings.splice(0)) resolve();
    changed();
  }

  start();
  return {
    container,
    get state() {
      return state;
    },
    get last() {
      return last;
    },
    get restarts() {
      return restarts;
    },
    get ready() {
      return ready;
    },
    get done() {
      return done;
    },
    get pid() {
      return running?.pid;
    },
    log: (previous) => logs[previous ? 1 : 0],
    stop(graceMs) {
      stopping = true;
      if (!done && running === undefined) {
        cancelAll();
        finish();
      }
      if (done) return Promise.resolve();
      end(graceMs);
      return new Promise((resolve) => endings.push(resolve));
    },
    checkMemory(bytes) {
      if (limit === undefined || bytes <= limit || running === undefined) return;
      isOutOfMemory = true;
      running.signal('SIGKILL');
    },
  };
}
