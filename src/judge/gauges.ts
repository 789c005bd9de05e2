import { type Comparison, conclude, type Finding } from './comparison.ts';
import { total } from './track.ts';
import type { MetricVerdict } from './verdict.ts';

const MIN_BATCHES = 4;
const LONG_BATCHES = 12;
const BATCH_SECONDS = 30;
/** Differences below these mean nothing whatever the ratio is: 10 millicores, 8 MiB. */
const MIN_CORES = 0.01;
const MIN_BYTES = 8 * 1024 * 1024;

interface Batch {
  canary: number;
  stable: number;
  /** canary / stable; for CPU the smaller of per request and per pod. */
  ratio: number;
}

/**
 * CPU. Per request it looks worse than it is on a track with little load (idle cost), per pod on one with much: the
 * smaller of the two ratios is never too high, so that one is judged.
 */
export function judgeCpu(comparison: Comparison): MetricVerdict {
  const { canary, stable, spec, evidence } = comparison;
  const batches = slices(comparison).map(([from, to]): Batch | undefined => {
    const requests = total(canary.requests, from, to) / total(stable.requests, from, to);
    const seconds = (to - from) * evidence.scrapeSeconds;
    const onCanary = total(canary.cpuSeconds, from, to) / seconds / canary.pods;
    const onStable = total(stable.cpuSeconds, from, to) / seconds / stable.pods;
    const podRatio = onCanary / onStable;
    const requestRatio = (podRatio * canary.pods) / stable.pods / requests;
    const ratio = Math.min(podRatio, requestRatio);
    return Number.isFinite(ratio) && onCanary > 0 ? { canary: onCanary, stable: onStable, ratio } : undefined;
  });
  return judgeBatches(
    comparison,
    { name: 'cpu', unit: 'cores', tolerance: spec.cpu.tolerance, floor: MIN_CORES },
    batches,
  );
}

/** Working set per pod. */
export function judgeMemory(comparison: Comparison): MetricVerdict {
  const { canary, stable, spec } = comparison;
  const batches = slices(comparison).map(([from, to]): Batch | undefined => {
    const onCanary = mean(canary.memoryBytes?.slice(from, to));
    const onStable = mean(stable.memoryBytes?.slice(from, to));
    if (onCanary === null || onStable === null || !(onCanary * onStable > 0)) return undefined;
    return { canary: onCanary, stable: onStable, ratio: onCanary / onStable };
  });
  const rule = { name: 'memory', unit: 'bytes', tolerance: spec.memory.tolerance, floor: MIN_BYTES };
  return judgeBatches(comparison, rule, batches);
}

/** Batches of half a minute and of two scrapes at least, after the warm-up. */
function slices(comparison: Comparison): [number, number][] {
  const { slots, warm } = comparison;
  const size = batchSlots(comparison);
  const count = Math.max(0, Math.floor((slots - warm) / size));
  return Array.from({ length: count }, (_, i) => [warm + i * size, warm + (i + 1) * size]);
}

function batchSlots({ evidence }: Comparison): number {
  return Math.max(2, Math.ceil(BATCH_SECONDS / evidence.scrapeSeconds));
}

function mean(values: readonly (number | null)[] | undefined): number | null {
  const known = (values ?? []).filter((value) => value !== null);
  return known.length === 0 ? null : total(known) / known.length;
}

interface GaugeRule {
  name: string;
  unit: string;
  tolerance: number;
  floor: number;
}

/**
 * A rollback needs the last four batches, all of them, past three times the tolerance, or the last twelve past twice
 * of it: what a noisy neighbour does ends sooner. Tolerance itself is asked of the last
 * third of the run, so that what begins late or grows is not hidden by a good start.
 */
function judgeBatches(comparison: Comparison, rule: GaugeRule, all: (Batch | undefined)[]): MetricVerdict {
  const batches = all.filter((batch) => batch !== undefined);
  const recent = batches.slice(-Math.max(MIN_BATCHES, Math.ceil(batches.length / 3)));
  const canary = mean(recent.map((batch) => batch.canary));
  const stable = mean(recent.map((batch) => batch.stable));
  const enough = batches.length >= MIN_BATCHES;
  const { ratio, low, high, surely } = ratioOf(recent);
  const withinTolerance = toleranceOf(rule, canary, stable, ratio);
  const finding: Finding = {
    name: rule.name,
    unit: rule.unit,
    signal: rule.name,
    stable,
    canary,
    interval: enough ? [low, high] : [null, null],
    limit: rule.tolerance,
    samples: batches.length * batchSlots(comparison),
    strength: Math.max(persistence(rule, batches, MIN_BATCHES, 3), persistence(rule, batches, LONG_BATCHES, 2)),
    sure: enough && withinTolerance === false && surely > rule.tolerance,
    detectable: enough ? (batches.length < LONG_BATCHES ? 3 : 2) * rule.tolerance : null,
    withinTolerance,
    good: enough && withinTolerance === true,
  };
  return conclude(comparison, finding);
}

/** How many of the last `count` batches are past so many times the tolerance, 1 = all. */
function persistence(rule: GaugeRule, batches: readonly Batch[], count: number, times: number): number {
  const edge = 1 + times * rule.tolerance;
  const past = batches.slice(-count).filter((b) => b.ratio > edge && b.canary - b.stable > rule.floor);
  return past.length / count;
}

function toleranceOf(rule: GaugeRule, canary: number | null, stable: number | null, ratio: number): boolean | null {
  if (canary === null || stable === null) return null;
  return ratio <= rule.tolerance || canary - stable <= rule.floor;
}

/**
 * Geometric mean of the ratios as a difference, with two standard errors to each side, and what it surely is: three
 * standard errors less, where noise that lasts over batches triples the variance of the mean.
 */
function ratioOf(batches: readonly Batch[]): { ratio: number; low: number; high: number; surely: number } {
  const logs = batches.map((batch) => Math.log(batch.ratio));
  const center = mean(logs) ?? 0;
  const variance = Math.max(0.0025, mean(logs.map((value) => (value - center) ** 2)) ?? 0);
  const error = Math.sqrt((3 * variance) / Math.max(1, logs.length - 1));
  const difference = (errors: number): number => Math.exp(center + errors * error) - 1;
  return { ratio: difference(0), low: difference(-2), high: difference(2), surely: difference(-3) };
}
