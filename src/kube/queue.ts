import { type BackoffOptions, backoffDelay } from '../lib/backoff.ts';
import { type Clock, monotonicNow } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { ApiError } from './errors.ts';

const BACKOFF: BackoffOptions = { baseMs: 5, maxMs: 1_000_000 };

/** What a queue tells of itself; see metrics.ts. */
export interface QueueMetrics {
  depth(count: number): void;
  added(): void;
  /** From the moment it was ready until work on it began. */
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
}

export interface WorkQueueOptions {
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  log: Logger;
  /** How many keys are worked on at a time. */
  workers: number;
  /** Work on one key. What it throws is logged, and the key comes again after its backoff. */
  process: (key: string) => Promise<void>;
  /** Per key, from its first failure; 5 ms to 1000 s if absent. */
  backoff?: BackoffOptions;
  metrics?: QueueMetrics;
}

/**
 * Keys that wait for work, each once however often it is added. A key is never worked on twice at a time: added
 * meanwhile, it comes again when that work has ended.
 */
export interface WorkQueue {
  add(key: string): void;
  /** Adds the key in `ms`; the earliest of several such moments counts, and the others are forgotten. */
  addAfter(key: string, ms: number): void;
  /** Adds the key after its backoff, which grows with each call until `forget`. */
  addRateLimited(key: string): void;
  /** Its work is well: the next backoff starts small. Called by itself when `process` succeeds. */
  forget(key: string): void;
  /** Keys may be added before; work begins here. */
  start(): void;
  /** Takes no more keys, drops those that wait and resolves when the work that runs has ended. */
  shutdown(): Promise<void>;
  /** How many keys are ready. */
  depth(): number;
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, log, metrics } = options;
  const backoff = options.backoff ?? BACKOFF;
  /** Keys that are ready, with the moment since when; a Map keeps their order. */
  const ready = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  /** Keys that were added while they were worked on. */
  const again = new Set<string>();
  const delayed = new Map<string, { at: number; cancel: () => void }>();
  const failures = new Map<string, number>();
  let started = false;
  let closed = false;

  function enqueue(key: string): void {
    ready.set(key, monotonicNow(clock));
    metrics?.depth(ready.size);
    dispatch();
  }

  function add(key: string): void {
    if (closed || ready.has(key) || again.has(key)) return;
    metrics?.added();
    if (running.has(key)) again.add(key);
    else enqueue(key);
  }

  function dispatch(): void {
    if (!started || closed) return;
    for (const [key, since] of ready) {
      if (running.size >= options.workers) return;
      ready.delete(key);
      metrics?.depth(ready.size);
      metrics?.waited((monotonicNow(clock) - since) / 1000);
      running.set(key, work(key));
    }
  }

  async function work(key: string): Promise<void> {
    // The work begins on its own turn, so that adding a key never runs foreign code.
    await Promise.resolve();
    const begun = monotonicNow(clock);
    try {
      await options.process(key);
      forget(key);
    } catch (error) {
      retry(key, error);
    }
    metrics?.worked((monotonicNow(clock) - begun) / 1000);
    running.delete(key);
    if (again.delete(key) && !closed) enqueue(key);
    dispatch();
  }

  function retry(key: string, error: unknown): void {
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const delayMs = nextBackoff(key, asked);
    log.warn({ error, key, failures: failures.get(key), delayMs }, 'work on a key failed, trying again');
    addAfter(key, delayMs);
  }

  function nextBackoff(key: string, atLeastMs: number): number {
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    metrics?.retried();
    return Math.max(atLeastMs, backoffDelay(count, options.random, backoff));
  }

  function addAfter(key: string, ms: number): void {
    if (closed) return;
    if (ms <= 0) return add(key);
    const at = monotonicNow(clock) + ms;
    const known = delayed.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = clock.after(ms, () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { at, cancel });
  }

  function forget(key: string): void {
    failures.delete(key);
  }

  return {
    add,
    addAfter,
    addRateLimited: (key) => addAfter(key, nextBackoff(key, 0)),
    forget,
    start() {
      started = true;
      dispatch();
    },
    async shutdown() {
      closed = true;
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      ready.clear();
      again.clear();
      metrics?.depth(0);
      await Promise.all(running.values());
    },
    depth: () => ready.size,
  };
}
