import type { Clock } from '../../../src/lib/clock.ts';
import type { FakeClock } from '../../../src/lib/fake-clock.ts';

/** A process of the operator as the machine sees it: its own clock, and no code runs while it is paused or dead. */
export interface Process {
  readonly name: string;
  readonly clock: Clock;
  readonly alive: boolean;
  readonly paused: boolean;
  /** Runs a task in the process after `ms` of real time; later while it is paused, never once it is dead. */
  deliver(ms: number, task: () => void): void;
  /** As SIGSTOP, a long garbage collection or a suspended machine does; its clock goes on. */
  pause(ms: number): void;
  /** What its wall clock says changes, its timers and its monotonic clock do not. */
  jump(ms: number): void;
  kill(): void;
}

/** `rate`: how fast its clocks run against real time. `offsetMs`: how far its wall clock is ahead. */
export function createProcess(
  real: FakeClock,
  { name, rate, offsetMs }: { name: string; rate: number; offsetMs: number },
): Process {
  const epoch = real.now();
  const begun = real.monotonic();
  let alive = true;
  let offset = offsetMs;
  let pausedUntil = 0;
  const waiting: (() => void)[] = [];

  function isPaused(): boolean {
    return real.monotonic() < pausedUntil;
  }

  function run(task: () => void): void {
    if (!alive) return;
    if (isPaused()) waiting.push(task);
    else task();
  }

  /** What fell due meanwhile runs in its order, each as a moment of its own. */
  function wakeUp(): void {
    if (isPaused()) return;
    for (const task of waiting.splice(0)) real.after(0, () => run(task));
  }

  const elapsed = (): number => (real.monotonic() - begun) * rate;
  return {
    name,
    clock: {
      now: () => Math.floor(epoch + elapsed() + offset),
      monotonic: elapsed,
      after: (delayMs, task) => real.after(Math.max(0, delayMs) / rate, () => run(task)),
    },
    get alive() {
      return alive;
    },
    get paused() {
      return isPaused();
    },
    deliver: (ms, task) => void real.after(ms, () => run(task)),
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, real.monotonic() + ms);
      real.after(ms, wakeUp);
    },
    jump: (ms) => {
      offset += ms;
    },
    kill() {
      alive = false;
      waiting.length = 0;
    },
  };
}
