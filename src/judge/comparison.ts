import type { Evidence } from '../evidence/evidence.ts';
import type { AnalysisSpec } from './spec.ts';
import type { Track } from './track.ts';
import type { MetricVerdict, VerdictName } from './verdict.ts';

/** What a rule looks at. */
export interface Comparison {
  evidence: Evidence;
  spec: AnalysisSpec;
  canary: Track;
  stable: Track;
  /** Slots at the start that gauges leave out. */
  warm: number;
  /** Slots that count. */
  slots: number;
  /** minDuration is over. */
  soaked: boolean;
}

/** Smallest number of requests on each track that a comparison of quantiles or rates rests on. */
export const MIN_REQUESTS = 50;

/** ln(1/p) at which a rule is sure: one in a million, strict because it is asked at every scrape. */
const NEEDED = Math.log(1e6);

/**
 * How far `events` of which `onCanary` fell on the canary are from a fair share, 1 = as far as a rollback needs.
 * Chernoff's bound of the binomial tail (exact for any number of events), with the evidence divided by `dispersion`
 * because events come in bursts.
 */
export function shareEvidence(onCanary: number, events: number, fairShare: number, dispersion: number): number {
  const share = onCanary / events;
  if (!(share > fairShare)) return 0;
  const divergence = term(share, fairShare) + term(1 - share, 1 - fairShare);
  return (events * divergence) / dispersion / NEEDED;
}

function term(a: number, b: number): number {
  return a === 0 ? 0 : a * Math.log(a / b);
}

/** What a rule found, before it is rounded into the answer. */
export interface Finding {
  name: string;
  unit: string;
  signal: string;
  stable: number | null;
  canary: number | null;
  interval?: [number | null, number | null];
  limit: number | null;
  samples: number;
  /** 1 = what a rollback needs. */
  strength: number;
  /** The other conditions of a rollback hold. */
  sure: boolean;
  detectable?: number | null;
  withinTolerance: boolean | null;
  /** Nothing but time stands against a pass. */
  good: boolean;
}

/** canary against stable: 0.64 = 64 % more. */
export function relative(canary: number | null, stable: number | null): number | null {
  return canary === null || stable === null || stable === 0 ? null : canary / stable - 1;
}

/** The answer for one metric. */
export function conclude(comparison: Comparison, finding: Finding): MetricVerdict {
  const { name, unit, stable, canary, limit, samples, withinTolerance } = finding;
  const bad = finding.strength >= 1 && finding.sure;
  const verdict: VerdictName = bad ? 'Regression' : finding.good && comparison.soaked ? 'Pass' : 'Undecided';
  const percent = Math.floor(100 * Math.min(1, finding.strength));
  return {
    name,
    unit,
    stable,
    canary,
    difference: relative(canary, stable),
    interval: finding.interval ?? [null, null],
    limit,
    samples,
    evidence: bad ? 100 : Math.min(99, percent),
    detectable: finding.detectable ?? null,
    withinTolerance,
    verdict,
    query: comparison.evidence.found.queries[finding.signal] ?? '',
  };
}
