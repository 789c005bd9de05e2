/** Times of a node; shorter in tests. */
export interface NodeTiming {
  /** From the end of a container to its first restart, and until CrashLoopBackOff shows. */
  restartMs: number;
  backoffMs: number;
  maxBackoffMs: number;
  /** A container that ran so long has no failures behind it. */
  forgiveMs: number;
  /** Between two looks at the memory of containers with a limit. */
  memoryMs: number;
}

export const usualTiming: NodeTiming = {
  restartMs: 1000,
  backoffMs: 10_000,
  maxBackoffMs: 300_000,
  forgiveMs: 600_000,
  memoryMs: 1000,
};
