import type { Evidence } from '../evidence/evidence.ts';
import type { Comparison } from './comparison.ts';
import { judgeErrors, judgeNewErrors, judgeSlow } from './counts.ts';
import { judgeCpu, judgeMemory } from './gauges.ts';
import { judgeQuantile } from './latency.ts';
import { sentence } from './sentence.ts';
import type { AnalysisSpec } from './spec.ts';
import { type Track, total, trackOf } from './track.ts';
import type { MetricVerdict, Verdict, VerdictName } from './verdict.ts';
import { warningsOf } from './warnings.ts';

/**
 * Compares the canary with stable. Pure: the same evidence, spec and time give the same answer, before and after a
 * restart. Undecided is said whenever neither a pass nor a regression is shown; without requests on both tracks, or
 * without an enabled metric on stable, it is the only answer.
 *
 * @param now milliseconds since the epoch; slots that start later do not count
 */
export function judge(evidence: Evidence, spec: AnalysisSpec, now: number): Verdict {
  const comparison = compare(evidence, spec, now);
  const { canary, stable } = comparison;
  const requests = { stable: total(stable.requests), canary: total(canary.requests) };
  const traffic = requests.stable > 0 && requests.canary > 0;
  const missing = missingSignals(comparison);
  const metrics = judgeMetrics(comparison, missing);
  const verdict = overall(metrics, traffic);
  const reason = metrics.find((metric) => metric.verdict === 'Regression')?.name;
  return {
    verdict,
    ...(verdict === 'Regression' && reason !== undefined ? { reason } : {}),
    sentence: sentence(verdict, metrics, requests),
    requests,
    metrics,
    missing,
    warnings: warningsOf(comparison),
    weakPass: traffic && metrics.length > 0 && metrics.every((metric) => metric.withinTolerance === true),
    traffic,
  };
}

function compare(evidence: Evidence, spec: AnalysisSpec, now: number): Comparison {
  const { run, startedAt, scrapeSeconds, boundsSeconds } = evidence;
  const elapsed = (now - startedAt) / 1000;
  const slots = Math.max(0, Math.min(run.scrapes, Math.ceil(elapsed / scrapeSeconds)));
  const width = boundsSeconds.length + 1;
  return {
    evidence,
    spec,
    canary: trackOf(run, evidence.canary, width, 0, slots),
    stable: trackOf(run, evidence.stable, width, null, slots),
    warm: Math.min(slots, Math.ceil(spec.warmupSeconds / scrapeSeconds)),
    slots,
    soaked: elapsed >= spec.minDurationSeconds,
  };
}

/** Signals that the spec asks for and stable has never shown. */
function missingSignals({ spec, stable, evidence }: Comparison): string[] {
  const history = evidence.history;
  const width = evidence.boundsSeconds.length + 1;
  const before = history === undefined ? undefined : trackOf(history, evidence.stable, width, null);
  const absent = (pick: (track: Track) => unknown): boolean =>
    pick(stable) === null && (before === undefined || pick(before) === null);
  const signals: [string, boolean, boolean][] = [
    ['requests', true, absent((track) => track.requests)],
    ['errors', spec.errors.enabled, absent((track) => track.errors)],
    ['latency', spec.latency.enabled, absent((track) => track.buckets)],
    ['cpu', spec.cpu.enabled, absent((track) => track.cpuSeconds)],
    ['memory', spec.memory.enabled, absent((track) => track.memoryBytes)],
  ];
  return signals.filter(([, enabled, gone]) => enabled && gone).map(([name]) => name);
}

/** Each enabled metric that stable has. One that only the canary lacks stays Undecided and so stops a pass. */
function judgeMetrics(comparison: Comparison, missing: readonly string[]): MetricVerdict[] {
  const { spec } = comparison;
  const wanted = (name: string, enabled: boolean): boolean => enabled && !missing.includes(name);
  const metrics: (MetricVerdict | undefined)[] = [];
  if (wanted('errors', spec.errors.enabled)) {
    metrics.push(judgeErrors(comparison));
    if (spec.errors.newClasses) metrics.push(judgeNewErrors(comparison));
  }
  if (wanted('latency', spec.latency.enabled)) {
    metrics.push(...spec.latency.quantiles.map((q) => judgeQuantile(comparison, q)), judgeSlow(comparison));
  }
  if (wanted('cpu', spec.cpu.enabled)) metrics.push(judgeCpu(comparison));
  if (wanted('memory', spec.memory.enabled)) metrics.push(judgeMemory(comparison));
  return metrics.filter((metric) => metric !== undefined);
}

function overall(metrics: readonly MetricVerdict[], traffic: boolean): VerdictName {
  if (!traffic) return 'Undecided';
  if (metrics.some((metric) => metric.verdict === 'Regression')) return 'Regression';
  return metrics.length > 0 && metrics.every((metric) => metric.verdict === 'Pass') ? 'Pass' : 'Undecided';
}
