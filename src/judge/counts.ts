import { type Comparison, conclude, type Finding, MIN_REQUESTS, shareEvidence } from './comparison.ts';
import { slowerThan } from './histogram.ts';
import { knownClasses, total, totalBuckets } from './track.ts';
import type { MetricVerdict } from './verdict.ts';

/** A count of bad requests and of all requests per track, by slot. */
interface Counts {
  canaryEvents: number[];
  canaryRequests: number[];
  stableEvents: number[];
  stableRequests: number[];
}

interface CountRule {
  name: string;
  signal: string;
  /** A ratio of rates that is not held against the canary. */
  ratio: number;
  /** A difference of rates too small to act on. */
  floor: number;
  /** How far above stable's rate a pass may be. */
  margin: number;
  dispersion: number;
}

/** Error rate against stable, from the first request on. */
export function judgeErrors(comparison: Comparison): MetricVerdict {
  const { canary, stable, spec } = comparison;
  return judgeCounts(
    comparison,
    {
      name: 'errors',
      signal: 'errors',
      ratio: tolerated(spec.errors.tolerance),
      floor: 5e-4,
      margin: 5e-3,
      dispersion: 2,
    },
    requestCounts(comparison, canary.errors ?? [], stable.errors ?? []),
  );
}

/** Errors of classes that no stable pod raised in its history or in the run. */
export function judgeNewErrors(comparison: Comparison): MetricVerdict {
  const { canary, spec, evidence } = comparison;
  const known = knownClasses(evidence, comparison.slots);
  const fresh = [...canary.errorClasses].filter(([name]) => !known.has(name)).map(([, values]) => values);
  const events = (canary.requests ?? []).map((_, slot) => total(fresh.map((values) => values[slot] ?? 0)));
  return judgeCounts(
    comparison,
    {
      name: 'new-errors',
      signal: 'errors',
      ratio: tolerated(spec.errors.tolerance),
      floor: 5e-4,
      margin: 5e-4,
      dispersion: 2,
    },
    requestCounts(comparison, events, []),
  );
}

/** Share of slow requests: the tail that quantiles do not see. Coarse here: three times stable's share and a point more. */
export function judgeSlow(comparison: Comparison): MetricVerdict | undefined {
  const { canary, stable, evidence, spec, warm } = comparison;
  const all = totalBuckets(stable.buckets, warm);
  const count = all.at(-1) ?? 0;
  const bound = slowBound(evidence.boundsSeconds, all, spec.latency.slowThresholdSeconds);
  if (bound < 0 || count < MIN_REQUESTS) return undefined;
  const pick = (buckets: number[][] | null, of: (counts: number[]) => number): number[] =>
    (buckets ?? []).map((counts, slot) => (slot < warm ? 0 : of(counts)));
  return judgeCounts(
    comparison,
    { name: 'latency-slow', signal: 'latency', ratio: 3, floor: 0.01, margin: 0.01, dispersion: 4 },
    {
      canaryEvents: pick(canary.buckets, (counts) => slowerThan(counts, bound)),
      canaryRequests: pick(canary.buckets, (counts) => counts.at(-1) ?? 0),
      stableEvents: pick(stable.buckets, (counts) => slowerThan(counts, bound)),
      stableRequests: pick(stable.buckets, (counts) => counts.at(-1) ?? 0),
    },
  );
}

function tolerated(tolerance: number): number {
  return Math.max(1.25, 1 + tolerance);
}

function requestCounts(comparison: Comparison, canaryEvents: number[], stableEvents: number[]): Counts {
  const { canary, stable } = comparison;
  // A canary that counts requests but no errors shows nothing about errors.
  const canaryRequests = canary.errors === null ? [] : (canary.requests ?? []);
  return { canaryEvents, stableEvents, canaryRequests, stableRequests: stable.requests ?? [] };
}

/** Index of the bound that is `threshold`, or nearest stable's p99; -1 without bounds. */
function slowBound(bounds: readonly number[], counts: readonly number[], threshold: number | null): number {
  const n = counts.at(-1) ?? 0;
  const distance = (index: number): number => {
    if (threshold !== null) return Math.abs((bounds[index] ?? 0) - threshold);
    return Math.abs(Math.log((slowerThan(counts, index) + 0.5) / (0.01 * n + 0.5)));
  };
  let best = bounds.length - 1;
  for (const index of bounds.keys()) if (distance(index) < distance(best)) best = index;
  return best;
}

function judgeCounts(comparison: Comparison, rule: CountRule, counts: Counts): MetricVerdict {
  const lastMinutes = Math.ceil(300 / comparison.evidence.scrapeSeconds);
  const whole = inWindow(rule, counts, 0);
  const late = inWindow(rule, counts, Math.max(0, comparison.slots - lastMinutes));
  const strongest = late.strength > whole.strength && late.sure ? late : whole;
  const enough = Math.min(whole.nc, whole.ns) >= MIN_REQUESTS;
  const close = Math.max(rule.margin, (rule.ratio - 1) * whole.stable);
  const finding: Finding = {
    name: rule.name,
    unit: 'ratio',
    signal: rule.signal,
    canary: whole.nc > 0 ? whole.canary : null,
    stable: whole.ns > 0 ? whole.stable : null,
    interval: ratioInterval(whole),
    limit: rule.ratio - 1,
    samples: whole.nc,
    strength: strongest.strength,
    sure: strongest.sure,
    withinTolerance: within(rule, whole),
    good: enough && strongest.strength < 0.3 && whole.canary - whole.stable <= close,
  };
  return conclude(comparison, finding);
}

interface Window {
  xc: number;
  xs: number;
  nc: number;
  ns: number;
  canary: number;
  stable: number;
  strength: number;
  sure: boolean;
}

function inWindow(rule: CountRule, counts: Counts, from: number): Window {
  const xc = total(counts.canaryEvents, from);
  const xs = total(counts.stableEvents, from);
  const nc = total(counts.canaryRequests, from);
  const ns = total(counts.stableRequests, from);
  const canary = nc > 0 ? xc / nc : 0;
  const stable = ns > 0 ? xs / ns : 0;
  const fair = (rule.ratio * nc) / (rule.ratio * nc + ns);
  const strength = nc > 0 && ns > 0 ? shareEvidence(xc, xc + xs, fair, rule.dispersion) : 0;
  const scrapes = counts.canaryEvents.slice(from).filter((value) => value > 0).length;
  return { xc, xs, nc, ns, canary, stable, strength, sure: scrapes >= 2 && canary - stable >= rule.floor };
}

function within(rule: CountRule, { nc, ns, canary, stable }: Window): boolean | null {
  if (nc === 0 || ns === 0) return null;
  return canary <= stable * rule.ratio || canary - stable <= rule.floor;
}

/** Two standard errors of the log ratio of two rates. */
function ratioInterval({ xc, xs, canary, stable }: Window): [number | null, number | null] {
  if (xc === 0 || xs === 0) return [null, null];
  const spread = 2 * Math.sqrt(1 / xc + 1 / xs);
  return [(canary / stable) * Math.exp(-spread) - 1, (canary / stable) * Math.exp(spread) - 1];
}
