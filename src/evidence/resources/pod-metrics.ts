import { z } from 'zod';
import type { Resource } from '../../kube/object.ts';
import { parseDuration } from '../../lib/duration.ts';
import { quantityValue } from '../../lib/quantity.ts';
import type { UsageReading } from './usage.ts';

/** What metrics-server, and adapters in its place, answer for pods. */
export const podMetrics: Resource = {
  apiVersion: 'metrics.k8s.io/v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  namespaced: true,
};

const PodMetrics = z.object({
  metadata: z.object({ name: z.string() }),
  timestamp: z.string(),
  window: z.string(),
  containers: z.array(z.object({ usage: z.object({ cpu: z.string(), memory: z.string() }) })).min(1),
});

/** One item of the list; undefined for what is none, which is no sample and never a zero. */
export function readPodMetrics(item: unknown): UsageReading | undefined {
  const parsed = PodMetrics.safeParse(item);
  if (!parsed.success) return undefined;
  const { metadata, timestamp, window, containers } = parsed.data;
  const at = Date.parse(timestamp);
  const windowMs = durationOf(window);
  const cores = sumOf(containers.map(({ usage }) => usage.cpu));
  const bytes = sumOf(containers.map(({ usage }) => usage.memory));
  if (![at, windowMs, cores, bytes].every(Number.isFinite) || windowMs <= 0 || cores < 0 || bytes < 0) return undefined;
  return { pod: metadata.name, at, windowMs, cores, bytes };
}

/** NaN for what is no duration. */
function durationOf(text: string): number {
  try {
    return parseDuration(text) * 1000;
  } catch {
    return Number.NaN;
  }
}

/** NaN when one of them is no quantity. */
function sumOf(quantities: readonly string[]): number {
  let sum = 0;
  for (const text of quantities) sum += quantityValue(text);
  return sum;
}
