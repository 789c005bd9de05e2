import { ApiError } from '../../kube/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { StoreEvent } from '../store/store.ts';

/** A loop that brings objects, named by keys, to what they ask for. */
export interface Controller {
  name: string;
  /** The keys that a change concerns. */
  concerns(event: StoreEvent): string[];
  /** Throws ApiError to be called again later, each time later. Answers seconds to be called again at the latest. */
  sync(key: string): number | undefined;
}

export interface Runner {
  notify(event: StoreEvent): void;
  enqueue(controller: Controller, key: string, delayMs?: number): void;
  /** Runs everything that waits, without moving time, until nothing does. */
  settle(): void;
}

export interface RunnerOptions {
  clock: Clock;
  controllers: Controller[];
  /** Between a change and what the controllers do about it. */
  delayMs: number;
}

const FIRST_BACKOFF_MS = 5;
const MAX_BACKOFF_MS = 1_000_000;
const MAX_ROUNDS = 20_000;

/** Runs controllers by their queues: each key once however often it is asked for, in the order of asking. */
export function createRunner({ clock, controllers, delayMs }: RunnerOptions): Runner {
  const queue = new Map<string, { controller: Controller; key: string }>();
  const failures = new Map<string, number>();
  const timers = new Map<string, { due: number; cancel: () => void }>();
  let scheduled = false;

  function schedule(): void {
    if (scheduled || queue.size === 0) return;
    scheduled = true;
    clock.after(delayMs, () => {
      scheduled = false;
      for (const [id, entry] of Array.from(queue)) run(id, entry);
      schedule();
    });
  }

  function later(controller: Controller, key: string, ms: number): void {
    const id = `${controller.name}/${key}`;
    const due = clock.now() + ms;
    const present = timers.get(id);
    if (present !== undefined && present.due <= due) return;
    present?.cancel();
    const cancel = clock.after(ms, () => {
      timers.delete(id);
      enqueue(controller, key);
    });
    timers.set(id, { due, cancel });
  }

  function enqueue(controller: Controller, key: string, ms = 0): void {
    if (ms > 0) return later(controller, key, ms);
    const id = `${controller.name}/${key}`;
    if (!queue.has(id)) queue.set(id, { controller, key });
    schedule();
  }

  function run(id: string, { controller, key }: { controller: Controller; key: string }): void {
    if (!queue.delete(id)) return;
    try {
      const seconds = controller.sync(key);
      failures.delete(id);
      if (seconds !== undefined) later(controller, key, Math.max(1, seconds * 1000));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const count = failures.get(id) ?? 0;
      failures.set(id, count + 1);
      later(controller, key, Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** count));
    }
  }

  return {
    enqueue,
    notify(event) {
      for (const controller of controllers) for (const key of controller.concerns(event)) enqueue(controller, key);
    },
    settle() {
      for (let round = 0; queue.size > 0; round += 1) {
        if (round === MAX_ROUNDS) {
          throw new Error(`the controllers do not come to rest: ${[...queue.keys()].slice(0, 5).join(', ')}`);
        }
        for (const [id, entry] of Array.from(queue)) run(id, entry);
      }
    },
  };
}
