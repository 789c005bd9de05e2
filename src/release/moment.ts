import type { CanaryReleaseStatus } from '../api/schema.ts';

/**
 * The time for what is written down and compared: the clock's, or the newest that stands there already where that is
 * later. Replicas have clocks of their own, and what happens later must not look older. Milliseconds since the epoch.
 */
export function momentOf(status: CanaryReleaseStatus, now: number): number {
  return Math.max(now, newestOf(status));
}

/** The newest time that commands are compared with; -Infinity without any. */
export function newestOf({ ledger = [], commands = [], canary, target }: CanaryReleaseStatus): number {
  const times = [
    ...ledger.flatMap(({ seen, started, ended }) => [seen, started, ended]),
    ...commands.map(({ seen }) => seen),
    canary?.started,
    target?.since,
  ];
  return Math.max(...times.map((time) => Date.parse(time ?? '')).filter(Number.isFinite));
}
