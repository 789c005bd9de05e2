export interface BackoffOptions {
  /** Delay of the first attempt. */
  baseMs: number;
  /** No delay is longer, jitter included. */
  maxMs: number;
  /** Growth from one attempt to the next; 2 if absent. */
  factor?: number;
  /** The delay is drawn from the upper part of this fraction of it: 0 is exact, 1 is anything up to it; 0.5 if absent. */
  jitter?: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (0 is the first repetition): exponential, capped, with jitter downwards
 * so that many clients that failed together do not come back together. `random` gives numbers in [0, 1).
 */
export function backoffDelay(attempt: number, random: () => number, options: BackoffOptions): number {
  const factor = options.factor ?? 2;
  // The exponent is bounded so that the power stays finite whatever the count.
  const full = Math.min(options.maxMs, options.baseMs * factor ** Math.min(attempt, 64));
  return full * (1 - (options.jitter ?? 0.5) * random());
}
