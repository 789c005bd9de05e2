import type { PodSpread } from './spec.ts';

/** The judge's answer. Undecided is an answer of its own: never a pass, never a regression. */
export type VerdictName = 'Pass' | 'Regression' | 'Undecided';

export interface MetricVerdict {
  /** `errors`, `new-errors`, `latency-p50`, `latency-p95`, `cpu`, `memory`, ... */
  name: string;
  /** `s`, `bytes`, `cores`, `ratio`. */
  unit: string;
  /** What is counted, where the name does not say it: `requests over 250 ms`. For the sentence. */
  counted?: string;
  stable: number | null;
  canary: number | null;
  /** canary against stable: 0.64 = 64 % more. null where one side has no value. */
  difference: number | null;
  /** Bounds of the difference; null ends are open. */
  interval: [number | null, number | null];
  /** The difference that is tolerated. */
  limit: number | null;
  /** Requests, or scrapes for gauges, that the comparison rests on. */
  samples: number;
  /** Percent of the evidence that a rollback needs, 0 to 100. */
  evidence: number;
  /** The smallest difference that could have been seen by now; null = none yet. */
  detectable: number | null;
  /** The estimate over the run lies within the tolerance (for weak evidence at the deadline); null = no estimate. */
  withinTolerance: boolean | null;
  verdict: VerdictName;
  /** The query or queries behind it. */
  query: string;
  /** Reported only: it neither takes a version back nor holds its promotion. */
  reported?: true;
}

/** What a warning of traffic that is not shared as the pods are begins with. */
export const skewedTraffic = 'skewed traffic: ';

export interface Verdict {
  verdict: VerdictName;
  /** The metric that decided a regression. */
  reason?: string;
  /**
   * The regression rests on gauges alone (a quantile, CPU, memory), each below twice its tolerance: one pod of one version
   * may differ as much. Worth a second opinion from another pod.
   */
  borderline?: true;
  /** For a person: metric, canary, stable, limit, requests. */
  sentence: string;
  requests: { stable: number; canary: number };
  metrics: MetricVerdict[];
  /** Signals that the spec asks for and stable does not export. */
  missing: string[];
  /** Skewed traffic, coarse buckets, ... */
  warnings: string[];
  /** Every metric's estimate is within its tolerance and both tracks had requests. */
  weakPass: boolean;
  /** What pods of one version differ by, by metric, after this release: what was learnt before and what its past shows. */
  podSpread?: Record<string, PodSpread>;
  /** Both tracks had requests. False is `NoTraffic`, never a pass. */
  traffic: boolean;
}
