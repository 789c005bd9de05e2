import { type Comparison, conclude, type Finding, MIN_REQUESTS, relative, shareEvidence } from './comparison.ts';
import { quantile, slowerThan } from './histogram.ts';
import { totalBuckets } from './track.ts';
import type { MetricVerdict } from './verdict.ts';

/** Requests of one track react alike to a noisy neighbour: their evidence counts for a quarter. */
const DISPERSION = 4;

/**
 * One quantile of the latency of successful requests, warm-up left out. A rollback needs a bound well past the limit
 * (twice the tolerance) that more than 1 - q of the canary's requests exceed, over the run and in each of the last scrapes.
 */
export function judgeQuantile(comparison: Comparison, q: number): MetricVerdict {
  const { canary, stable, warm, evidence } = comparison;
  const bounds = evidence.boundsSeconds;
  const canaryCounts = totalBuckets(canary.buckets, warm);
  const stableCounts = totalBuckets(stable.buckets, warm);
  const nc = canaryCounts.at(-1) ?? 0;
  const ns = stableCounts.at(-1) ?? 0;
  const at = quantile(bounds, canaryCounts, q);
  const reference = quantile(bounds, stableCounts, q);
  const limit = tolerance(comparison, reference);
  const edge = edgeBound(comparison, stableCounts, q);
  const enough = Math.min(nc, ns) >= MIN_REQUESTS;
  const withinTolerance = isWithin(comparison, canaryCounts, stableCounts, q);
  const proof = enough && edge !== undefined ? pastBound(comparison, canaryCounts, stableCounts, edge, q) : NO_PROOF;
  const finding: Finding = {
    name: `latency-p${Number((q * 100).toFixed(3))}`,
    unit: 's',
    signal: 'latency',
    stable: reference,
    canary: at,
    interval: interval(bounds, canaryCounts, q, reference),
    limit,
    samples: nc,
    ...proof,
    detectable: enough ? relative(bounds[edge ?? -1] ?? null, reference) : null,
    withinTolerance,
    good: enough && withinTolerance === true,
  };
  return conclude(comparison, finding);
}

/**
 * Whether the quantiles can be within the limit, two standard errors of rank granted to each. Between two routes of
 * different speed a quantile jumps with the smallest change of the mix: the plain estimates would differ there for ever.
 */
function isWithin(comparison: Comparison, canary: number[], stable: number[], q: number): boolean | null {
  const bounds = comparison.evidence.boundsSeconds;
  const low = quantile(bounds, canary, q - rankError(canary, q));
  const high = quantile(bounds, stable, Math.min(1, q + rankError(stable, q)));
  const limit = tolerance(comparison, high);
  const difference = relative(low, high);
  return difference === null || limit === null ? null : difference <= limit;
}

/** Two standard errors of the rank of a quantile. */
function rankError(counts: number[], q: number): number {
  return Math.min(q, 2 * Math.sqrt((q * (1 - q)) / Math.max(1, counts.at(-1) ?? 0)));
}

/** The tolerated difference: the relative tolerance, or the absolute one where it is more. */
function tolerance({ spec }: Comparison, stable: number | null): number | null {
  if (stable === null || stable === 0) return null;
  return Math.max(spec.latency.tolerance, spec.latency.absoluteToleranceSeconds / stable);
}

/** Index of the first bound past twice the tolerance above what stable's quantile can be, by its own noise. */
function edgeBound(comparison: Comparison, counts: number[], q: number): number | undefined {
  const { boundsSeconds } = comparison.evidence;
  const n = counts.at(-1) ?? 0;
  const high = q + 3 * Math.sqrt((q * (1 - q)) / Math.max(1, n));
  if (high >= 1) return undefined;
  const middle = quantile(boundsSeconds, counts, q);
  const upper = quantile(boundsSeconds, counts, high);
  const limit = tolerance(comparison, middle);
  if (middle === null || upper === null || limit === null) return undefined;
  const edge = Math.max(upper, middle * (1 + 2 * limit));
  const index = boundsSeconds.findIndex((bound) => bound >= edge);
  return index < 0 ? undefined : index;
}

const NO_PROOF = { strength: 0, sure: false };

/** More than 1 - q of the canary's requests, and more than stable's share, are slower than the bound. */
function pastBound(
  comparison: Comparison,
  canary: number[],
  stable: number[],
  edge: number,
  q: number,
): { strength: number; sure: boolean } {
  const fair = Math.max(1 - q, slowerThan(stable, edge) / (stable.at(-1) ?? 0));
  const strength = shareEvidence(slowerThan(canary, edge), canary.at(-1) ?? 0, fair, DISPERSION);
  return { strength, sure: persists(comparison, edge, fair) };
}

/** The last four scrapes with canary requests all show it, and there are four. */
function persists({ canary, warm }: Comparison, edge: number, fair: number): boolean {
  const scrapes = (canary.buckets ?? []).slice(warm).filter((counts) => (counts.at(-1) ?? 0) > 0);
  const last = scrapes.slice(-4);
  return last.length === 4 && last.every((counts) => slowerThan(counts, edge) > fair * (counts.at(-1) ?? 0));
}

/** The canary's quantile at two standard errors of its rank, against stable's. */
function interval(
  bounds: number[],
  counts: number[],
  q: number,
  stable: number | null,
): [number | null, number | null] {
  const spread = rankError(counts, q);
  const low = quantile(bounds, counts, q - spread);
  const high = q + spread >= 1 ? null : quantile(bounds, counts, q + spread);
  return [relative(low, stable), relative(high, stable)];
}
