/** Time as everything outside I/O sees it, so that whole releases run in virtual time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once, `delayMs` from now; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void;
  /** Milliseconds from any start, never set back or forward by a person or NTP. Absent: `now()` has that property. */
  monotonic?(): number;
}

/** Milliseconds for measuring how long something took, whatever happens to the wall clock meanwhile. */
export function monotonicNow(clock: Clock): number {
  return clock.monotonic === undefined ? clock.now() : clock.monotonic();
}

/** Resolves `delayMs` from now, or at once when `signal` aborts (it never rejects). */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/** A timer of more milliseconds goes off at once. */
const mostDelayMs = 2 ** 31 - 1;

/** The machine's own clock. A delay of more than 24 days ends after these. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, Math.min(delayMs, mostDelayMs));
    return () => clearTimeout(timer);
  },
  monotonic: () => performance.now(),
};
