import type { Evidence } from '../../evidence/evidence.ts';
import { sentence } from '../sentence.ts';
import type { AnalysisSpec, PodSpread } from '../spec.ts';
import type { Verdict, VerdictName } from '../verdict.ts';
import { customGap, customWarnings } from './custom-part.ts';
import type { GaugeNoise } from './gauge-noise.ts';
import { metricVerdicts } from './report.ts';
import { type Found, SequentialJudge } from './sequential-judge.ts';

/**
 * Compares the canary with stable by sequential tests that may be looked at after every scrape. Pure: the same
 * evidence, spec and time give the same answer. A regression stays one: it is the first moment that counts. Without
 * requests on both tracks the answer is Undecided.
 *
 * @param now milliseconds since the epoch; slots that start later do not count
 */
export function judgeSequential(evidence: Evidence, spec: AnalysisSpec, now: number): Verdict {
  const judge = new SequentialJudge(evidence, spec);
  advance(judge, evidence, now);
  return verdictOf(judge, evidence);
}

/** Feeds the slots that began by `now` and were not read yet. The same slots in one go or one by one end alike. */
export function advance(judge: SequentialJudge, evidence: Evidence, now: number): void {
  const end = slotsBegun(evidence, now);
  while (judge.slots < end) judge.step(evidence);
}

/** Slots of the run that began by `now`. */
export function slotsBegun({ startedAt, scrapeSeconds, run }: Evidence, now: number): number {
  // The small number keeps a slot that begins exactly now from being lost to rounding.
  const begun = Math.floor((now - startedAt) / 1000 / scrapeSeconds + 1e-9) + 1;
  return Math.max(0, Math.min(run.scrapes, begun));
}

/** The answer from what was read. */
export function verdictOf(judge: SequentialJudge, evidence: Evidence): Verdict {
  const { traffic, found } = judge;
  const metrics = metricVerdicts(judge, evidence);
  const deciding = metrics.filter(({ reported }) => reported !== true);
  const requests = { stable: traffic.stable, canary: traffic.canary };
  const gap = customGap(judge.custom, evidence, judge.elapsed);
  const verdict: VerdictName =
    found !== null && traffic.both
      ? 'Regression'
      : mayPass(judge, evidence) && allPass(deciding)
        ? 'Pass'
        : 'Undecided';
  const said = sentence(verdict, metrics, requests);
  return {
    verdict,
    ...(verdict === 'Regression' ? decidedBy(found) : {}),
    sentence: verdict === 'Undecided' && traffic.both && gap !== undefined ? `${gap}; ${said}` : said,
    requests,
    metrics,
    missing: missingSignals(evidence, judge.spec),
    warnings: [...warningsOf(judge, evidence), ...customWarnings(judge.custom, evidence, judge.elapsed)],
    weakPass:
      traffic.both &&
      !traffic.isOtherRoutes &&
      deciding.length > 0 &&
      deciding.every((metric) => metric.withinTolerance === true),
    podSpread: podSpreads(judge),
    traffic: traffic.both,
  };
}

/** Of the gauges; without a usable past there is nothing new to say. */
function podSpreads({ latency, gauges }: SequentialJudge): Record<string, PodSpread> {
  const spreads: Record<string, PodSpread> = {};
  const add = (name: string, { nu0, podSpread, spreadWeight }: GaugeNoise): void => {
    if (nu0 > 0) spreads[name] = { sd: podSpread, weight: spreadWeight };
  };
  for (const [name, { metric }] of latency?.quantiles ?? []) add(name, metric.engine.noise);
  for (const [name, { engine }] of gauges) add(name, engine.noise);
  return spreads;
}

function decidedBy(found: Found | null): Pick<Verdict, 'reason' | 'borderline'> {
  if (found === null) return {};
  return { reason: found.metric, ...(found.borderline ? { borderline: true as const } : {}) };
}

/** Whether a promotion is possible now: the soak is over, both tracks serve and are measured. */
export function mayPass(judge: SequentialJudge, evidence: Evidence): boolean {
  if (judge.found !== null || judge.compared < judge.spec.minDurationSeconds) return false;
  return (
    judge.traffic.bothLately &&
    !judge.traffic.isOtherRoutes &&
    !judge.isCanarySilent &&
    evidence.source.state === 'Collecting'
  );
}

function allPass(metrics: readonly { verdict: VerdictName }[]): boolean {
  return metrics.length > 0 && metrics.every(({ verdict }) => verdict === 'Pass');
}

function missingSignals(evidence: Evidence, { errors, latency, cpu, memory }: AnalysisSpec): string[] {
  const asked: Record<string, boolean> = {
    requests: true,
    errors: errors.enabled,
    latency: latency.enabled,
    cpu: cpu.enabled,
    memory: memory.enabled,
  };
  return evidence.found.missing.filter((signal) => asked[signal] === true);
}

function warningsOf(judge: SequentialJudge, { found }: Evidence): string[] {
  const warnings: string[] = [];
  const { skew } = judge.traffic;
  if (skew !== undefined) warnings.push(skew);
  if (judge.traffic.isOtherRoutes) {
    warnings.push('other routes: canary and stable serve different shares of the routes, so nothing is decided');
  }
  for (const [name, gauge] of judge.gauges) {
    if (gauge.isIncomparable) warnings.push(`${name} is not judged: the load per pod of the tracks differs too much`);
  }
  return [...warnings, ...(found.limits ?? []), ...(judge.latency?.warnings ?? [])];
}
