import type { Evidence } from '../../evidence/evidence.ts';
import { figure } from '../sentence.ts';
import type { MetricVerdict, VerdictName } from '../verdict.ts';
import { errorMargin, promotionBeta } from './constants.ts';
import { type CountMetric, rates } from './count-metric.ts';
import { customVerdicts } from './custom-part.ts';
import { countDetectable, gaugeDetectable } from './detectable.ts';
import type { GaugeMetric } from './gauge-metric.ts';
import type { LatencyPart } from './latency-part.ts';
import type { SequentialJudge } from './sequential-judge.ts';
import type { SlowTail } from './slow-tail.ts';

/** Slope of memory, in standard errors, that is a leak, and the seconds within which it must reach the tolerance. */
const leakZ = 3;
const leakSeconds = 1800;
/** A line is drawn out so many times as far as it was seen: every heap grows at first, and soon less. */
const leakOutlook = 2.25;

/** A metric's part of the verdict, before the name and the queries. */
interface Part {
  unit: string;
  counted?: string;
  signal: string;
  stable: number | null;
  canary: number | null;
  interval: [number | null, number | null];
  limit: number | null;
  samples: number;
  logE: number;
  threshold: number;
  detectable: number | null;
  within: boolean | null;
  good: boolean;
}

/** All metrics that are judged, in a fixed order. */
export function metricVerdicts(judge: SequentialJudge, evidence: Evidence): MetricVerdict[] {
  const parts: [string, Part][] = [];
  const { errors, latency, gauges } = judge;
  if (errors !== null) {
    parts.push(['errors', errorPart(errors.errors, 'errors', judge.spec.errors.tolerance)]);
    if (errors.newErrors !== null) parts.push(['new-errors', newErrorPart(errors.newErrors)]);
  }
  if (latency !== null) {
    parts.push(['latency', grossPart(latency, judge.alphas.get('latency') ?? 0)]);
    for (const [name, { quantile, metric }] of latency.quantiles) {
      parts.push([
        name,
        gaugePart(metric, { unit: 's', signal: 'latency', samples: latency.samples, quantile, latency }),
      ]);
    }
    if (latency.slow.length > 0) parts.push(['latency-slow', slowPart(latency.slow)]);
  }
  for (const [name, gauge] of gauges) {
    if (gauge.isIncomparable) continue;
    const part = gaugePart(gauge, describe(name, gauge, judge));
    parts.push([name, name === 'memory' ? { ...part, good: part.good && !isLeaking(gauge) } : part]);
  }
  const own = customVerdicts(judge.custom, judge.found?.metric ?? null, evidence);
  return [...parts.map(([name, part]) => metricVerdict(name, part, judge.found?.metric === name, evidence)), ...own];
}

function describe(
  name: string,
  gauge: GaugeMetric,
  judge: SequentialJudge,
): { unit: string; signal: string; samples: number } {
  if (name === 'latency-mean') return { unit: 's', signal: 'latency', samples: judge.traffic.canary };
  return { unit: name === 'cpu' ? 'cores' : 'bytes', signal: name, samples: gauge.scrapes };
}

function metricVerdict(name: string, part: Part, decided: boolean, evidence: Evidence): MetricVerdict {
  const verdict: VerdictName = decided ? 'Regression' : part.good ? 'Pass' : 'Undecided';
  const percent = Math.floor((100 * Math.max(0, part.logE)) / part.threshold);
  return {
    name,
    unit: part.unit,
    ...(part.counted === undefined ? {} : { counted: part.counted }),
    stable: part.stable,
    canary: part.canary,
    difference:
      part.stable === null || part.canary === null || part.stable === 0 ? null : part.canary / part.stable - 1,
    interval: part.interval,
    limit: part.limit,
    samples: part.samples,
    evidence: decided ? 100 : Math.min(99, percent),
    detectable: part.detectable,
    withinTolerance: part.within,
    verdict,
    query: evidence.found.queries[part.signal] ?? '',
  };
}

function countPart(metric: CountMetric): Omit<Part, 'signal' | 'limit' | 'good'> {
  const found = rates(metric.whole);
  const ratio = metric.ratioInterval(2 * promotionBeta);
  const finite = (value: number | undefined): number | null =>
    value === undefined || !Number.isFinite(value) ? null : value - 1;
  return {
    unit: 'ratio',
    stable: found?.stable ?? null,
    canary: found?.canary ?? null,
    interval: [finite(ratio?.lower), finite(ratio?.upper)],
    samples: metric.whole.canary,
    logE: metric.logE,
    threshold: metric.threshold,
    detectable: countDetectable(metric),
    within: metric.isWithin,
  };
}

function errorPart(metric: CountMetric, signal: string, tolerance: number): Part {
  const good = metric.isNonInferior(errorMargin, tolerance);
  return { ...countPart(metric), signal, limit: metric.rho0 - 1, good };
}

function newErrorPart(metric: CountMetric): Part {
  return errorPart(metric, 'errors', 0);
}

/** The tail nearest to a rollback speaks for all; all of them have to be good. */
function slowPart(tails: readonly SlowTail[]): Part {
  const share = (tail: SlowTail): number => tail.metric.logE / tail.metric.threshold;
  const worst = tails.reduce((a, b) => (share(b) > share(a) ? b : a));
  return {
    ...countPart(worst.metric),
    counted: requestsOver(worst.seconds),
    signal: 'latency',
    limit: worst.metric.rho0 - 1,
    within: tails.every((tail) => tail.metric.isWithin === true),
    good: tails.every((tail) => tail.isGood),
  };
}

/** Gross harm is looked for, not measured: its figures are those of the bound at which the tracks differ most. */
function grossPart(latency: LatencyPart, alpha: number): Part {
  const stable = latency.quantileOf('stable', 0.5);
  const canary = latency.quantileOf('canary', 0.5);
  const logE = latency.gross?.logE ?? 0;
  const lead = latency.grossLead;
  return {
    unit: lead === null ? 's' : 'ratio',
    ...(lead === null ? {} : { counted: requestsOver(lead.seconds) }),
    signal: 'latency',
    stable: lead === null ? stable : lead.stable,
    canary: lead === null ? canary : lead.canary,
    interval: [null, null],
    limit: null,
    samples: latency.grossSamples,
    logE,
    threshold: -Math.log(alpha),
    detectable: null,
    within: stable === null || canary === null ? null : logE <= 0 || canary <= 2 * stable,
    good: latency.seesSlower && logE < -Math.log(alpha) / 2,
  };
}

function requestsOver(seconds: number): string {
  return `requests over ${figure(seconds, 's')}`;
}

function gaugePart(
  metric: GaugeMetric,
  what: { unit: string; signal: string; samples: number; quantile?: number; latency?: LatencyPart },
): Part {
  const { interval, bounds } = metric;
  const { latency, quantile } = what;
  const pooled = latency !== undefined && quantile !== undefined;
  const stable = pooled ? latency.quantileOf('stable', quantile) : (metric.values?.stable ?? null);
  const canary = pooled ? latency.quantileOf('canary', quantile) : (metric.values?.canary ?? null);
  return {
    unit: what.unit,
    signal: what.signal,
    stable,
    canary,
    interval: interval === null ? [null, null] : [Math.expm1(interval.lower), Math.expm1(interval.upper)],
    limit: bounds.tolerance,
    samples: what.samples,
    logE: metric.logE,
    threshold: metric.threshold,
    detectable: gaugeDetectable(metric),
    within: metric.isWithin ?? withinTolerance(stable, canary, bounds.tolerance),
    good: metric.isNonInferior,
  };
}

/** Too little traffic for a batch: the estimate over the run is all there is. */
function withinTolerance(stable: number | null, canary: number | null, tolerance: number): boolean | null {
  return stable === null || canary === null ? null : canary <= stable * (1 + tolerance);
}

/** Memory grows so that it reaches the tolerance within half an hour at most, by the newer half of the batches. */
function isLeaking(gauge: GaugeMetric): boolean {
  const { engine, bounds } = gauge;
  const trend = engine.trend(engine.newest / 2);
  if (trend === null || trend.slope <= 0) return false;
  const z = trend.z / Math.sqrt(engine.noise.vif);
  const outlook = Math.min(leakSeconds, leakOutlook * engine.newest);
  return z > leakZ && trend.at(engine.newest + outlook) >= Math.log1p(bounds.tolerance);
}
