import type { Evidence } from '../evidence.ts';
import { metricOf } from './compose.ts';

/** How the scrapes of a release go. */
export interface PodsHealth {
  /** Rounds so far. */
  rounds: number;
  /** A Ready pod that has not answered for some rounds, and why; undefined: all answer. */
  lost: string | undefined;
}

/** Rounds after which pods must have shown what they export. */
const TRIAL_ROUNDS = 5;

/**
 * Why a release must be judged on Prometheus alone: a pod that it needs cannot be scraped, or what the pods export is
 * not what Prometheus has of them. undefined: the fast lane goes on.
 */
export function fallbackReason(
  health: PodsHealth,
  pods: Evidence | undefined,
  prometheus: Evidence | undefined,
): string | undefined {
  if (health.lost !== undefined) return health.lost;
  if (pods === undefined) return undefined;
  if (pods.found.missing.includes('requests')) {
    return health.rounds < TRIAL_ROUNDS ? undefined : 'the pods export no request metrics that a preset knows';
  }
  // Before Prometheus has seen both tracks its own choice may still change.
  if (prometheus?.source.state !== 'Collecting') return undefined;
  for (const signal of ['requests', 'latency']) {
    const [own, other] = [metricOf(pods.found, signal), metricOf(prometheus.found, signal)];
    if (own !== other)
      return `the pods export ${own ?? `no ${signal}`} where Prometheus has ${other ?? `no ${signal}`}`;
  }
  return undefined;
}
