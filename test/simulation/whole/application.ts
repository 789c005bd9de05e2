import type { PodTemplate } from '../../../src/kube/object.ts';
import type { PodBehaviour } from '../../../src/sandbox/pods/behaviour.ts';
import type { Chance } from './chance.ts';

/** How a version of the application behaves, as its pods and as its metrics. */
export interface Nature {
  name: string;
  pod?: PodBehaviour;
  /** Share of requests that end with 500. */
  errors: number;
  /** How much longer its requests take. */
  slower: number;
  /** CPU seconds a request. */
  cpu: number;
}

const well = { errors: 0.002, slower: 1, cpu: 0.004 };

export const natures: readonly Nature[] = [
  { name: 'good', ...well },
  { name: 'good', ...well },
  { name: 'good', ...well },
  { name: 'slow to start', ...well, pod: { startSeconds: 8, readySeconds: 20 } },
  { name: 'errors', ...well, errors: 0.2 },
  { name: 'slow', ...well, slower: 3 },
  { name: 'hungry', ...well, cpu: 0.02 },
  { name: 'crashes', ...well, pod: { crash: { afterSeconds: 3 } } },
  { name: 'crashes once', ...well, pod: { crash: { afterSeconds: 5, times: 1 } } },
  { name: 'never ready', ...well, pod: { readySeconds: 'never' } },
  { name: 'no image', ...well, pod: { imagePull: 'NotFound' } },
  { name: 'registry down', ...well, pod: { imagePull: 'Timeout' } },
  { name: 'no node', ...well, pod: { unschedulable: '0/1 nodes are available: 1 Insufficient cpu.' } },
  { name: 'evicted', ...well, pod: { evict: { afterSeconds: 45 } } },
  { name: 'flaps', ...well, pod: { unready: [5, 9, 14, 20, 30, 40, 60].map((from) => ({ from, to: from + 3 })) } },
  { name: 'slow to end', ...well, pod: { terminateSeconds: 25 } },
  { name: 'loses readiness', ...well, pod: { unready: [{ from: 30, to: 45 }] } },
];

/** The image tag of a pod or template. */
export function versionOf({ spec }: Pick<PodTemplate, 'spec'>): string {
  return spec.containers[0]?.image?.split(':')[1] ?? '';
}

/** Bounds of the application's latency buckets in seconds. */
export const bounds = [0.025, 0.05, 0.1, 0.25, 0.5, 1] as const;
const shares = [0.35, 0.4, 0.18, 0.05, 0.015, 0.005];

/** Whole numbers around `mean`, spread as counts are. */
export function countOf(mean: number, chance: Chance): number {
  if (mean <= 0) return 0;
  if (mean < 10) {
    let count = 0;
    for (let left = Math.exp(-mean), draw = chance.next(); draw > left; draw *= chance.next()) count += 1;
    return count;
  }
  const normal = chance.next() + chance.next() + chance.next() + chance.next() - 2;
  return Math.max(0, Math.round(mean + normal * Math.sqrt(3 * mean)));
}

/** Requests by bucket, the last is above all bounds. */
export function latencies(requests: number, slower: number, chance: Chance): number[] {
  const buckets = Array.from({ length: bounds.length + 1 }, () => 0);
  for (const [index, share] of shares.entries()) {
    const upper = (bounds[index] ?? 1) * slower * 0.9;
    const at = bounds.findIndex((bound) => upper <= bound);
    const bucket = at === -1 ? bounds.length : at;
    buckets[bucket] = (buckets[bucket] ?? 0) + countOf(requests * share, chance);
  }
  return buckets;
}
