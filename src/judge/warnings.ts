import type { Comparison } from './comparison.ts';
import { quantile } from './histogram.ts';
import { total, totalBuckets } from './track.ts';

/** What makes a verdict weaker than it looks: skewed traffic, buckets too wide for the tolerance. */
export function warningsOf(comparison: Comparison): string[] {
  return [skew(comparison), ...comparison.spec.latency.quantiles.map((q) => coarse(comparison, q))].filter(
    (text) => text !== undefined,
  );
}

/** Requests of the canary over the last two minutes more than 30 % off its share of the pods. */
function skew({ canary, stable, slots, evidence }: Comparison): string | undefined {
  const from = slots - Math.ceil(120 / evidence.scrapeSeconds);
  if (from < 0) return undefined;
  const onCanary = total(canary.requests, from);
  const all = onCanary + total(stable.requests, from);
  const fair = canary.pods / (canary.pods + stable.pods);
  if (all < 100 || Math.abs(onCanary / all / fair - 1) <= 0.3) return undefined;
  const percent = (value: number): string => `${Math.round(100 * value)} %`;
  return `skewed traffic: canary has ${percent(fair)} of the pods and ${percent(onCanary / all)} of the requests of the last 2 minutes`;
}

function coarse({ stable, warm, evidence, spec }: Comparison, q: number): string | undefined {
  if (!spec.latency.enabled || stable.buckets === null) return undefined;
  const bounds = evidence.boundsSeconds;
  const at = quantile(bounds, totalBuckets(stable.buckets, warm), q);
  const index = at === null ? -1 : bounds.findIndex((bound) => bound >= at);
  const [lower, upper] = [bounds[index - 1], bounds[index]];
  if (lower === undefined || upper === undefined || upper <= 2 * lower) return undefined;
  return `coarse buckets: p${Number((q * 100).toFixed(3))} of stable lies between ${lower} s and ${upper} s, where a smaller difference shows badly`;
}
