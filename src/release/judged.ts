import type { PlannedStep, StatusMetric } from '../api/schema.ts';
import { type MetricVerdict, skewedTraffic, type Verdict } from '../judge/verdict.ts';
import { timestamp } from '../lib/timestamp.ts';
import { approve, commanded } from './approve.ts';
import { quarantineCanary, removeCanary } from './cleanup.ts';
import { contamination } from './contamination.ts';
import { type Draft, event, heldEntry, type PhaseState, record, wake } from './draft.ts';
import { deadlineSeconds, plannedSteps, shortfall } from './planned.ts';
import { reject } from './reject.ts';
import { shortRevision } from './revision.ts';
import { agreed, askAnother, comparedSince, secondDeadline } from './second-opinion.ts';
import type { GonePod, Measurement } from './snapshot.ts';

/** Seconds without a request on the canary after which that is said, with the remedy. */
export const noTrafficSeconds = 100;

/** Acts on the judge's answer for a canary that has been Ready since `since` (milliseconds). */
export function judged(draft: Draft, since: number): PhaseState {
  const { snapshot, facts, spec } = draft;
  const measurement = snapshot.measurement?.canaryUid === facts.canary?.uid ? snapshot.measurement : undefined;
  const until = noteAnalysis(draft, since, measurement);
  wake(draft, Math.max(snapshot.now + 1000, Math.min(until, snapshot.now + 10_000)));
  const verdict = measurement?.verdict;
  if (verdict?.verdict === 'Regression' && spec.analysis.onRegression !== 'Report')
    return askAnother(draft, verdict) ?? reject(draft, verdict.reason ?? 'Regression', agreed(draft, verdict.sentence));
  const passes = passing(draft, measurement, comparedSince(draft) ?? since);
  if (commanded(draft, 'hold', heldEntry(draft))) return heldByPerson(passes, verdict);
  if (passes && verdict !== undefined) return passed(draft, verdict);
  return snapshot.now < until ? analysing(draft, verdict) : overdue(draft, measurement);
}

function heldByPerson(passes: boolean, verdict: Verdict | undefined): PhaseState {
  return awaiting(passes ? 'False' : 'Unknown', `held by a person: ${verdict?.sentence ?? 'no evidence yet'}`);
}

function passing(draft: Draft, measurement: Measurement | undefined, since: number): boolean {
  if (measurement === undefined || measurement.source.state !== 'Collecting') return false;
  const { verdict } = measurement;
  const { minDurationSeconds, onRegression } = draft.spec.analysis;
  const soaked = draft.snapshot.now - since >= minDurationSeconds * 1000;
  const good = verdict.verdict === 'Pass' || (verdict.verdict === 'Regression' && onRegression === 'Report');
  return soaked && good && verdict.traffic;
}

function passed(draft: Draft, verdict: Verdict): PhaseState {
  const changed = contamination(draft);
  if (changed !== undefined) {
    const message = `${changed}: the control is contaminated, promote by hand (kubectl tandem promote) or change the template`;
    if (draft.snapshot.release.status?.message !== message)
      event(draft, 'Warning', 'ContaminatedControl', 'Judge', message);
    return { ...awaiting('False', message), reason: 'ContaminatedControl' };
  }
  if (draft.spec.promotion === 'Manual')
    return awaiting('False', `passed, waits for kubectl tandem promote: ${verdict.sentence}`);
  return approve(draft, { reason: 'Passed', sentence: verdict.sentence, verdict: verdict.verdict });
}

function awaiting(regression: 'False' | 'Unknown', message: string): PhaseState {
  return { phase: 'Held', reason: 'AwaitingPerson', message, awaitsPerson: true, regression };
}

function analysing(draft: Draft, verdict: Verdict | undefined): PhaseState {
  const message = verdict?.sentence ?? 'waiting for the first samples of both tracks';
  return { phase: 'Analyzing', reason: 'Analyzing', message: draft.status.analysis?.sentence ?? message };
}

/** No verdict by the deadline. Without requests on both tracks nothing is ever promoted. */
function overdue(draft: Draft, measurement: Measurement | undefined): PhaseState {
  const { spec, facts, status } = draft;
  const verdict = measurement?.verdict;
  const name = shortRevision(facts.revision);
  const said = status.analysis?.sentence ?? 'no evidence arrived';
  const { onUndecided } = spec.analysis;
  const collecting = measurement?.source.state === 'Collecting';
  const weak = collecting && verdict?.weakPass === true && verdict.traffic && contamination(draft) === undefined;
  if (onUndecided === 'Promote' && weak && spec.promotion === 'Automatic') {
    const sentence = `no verdict by the deadline, promoted on weak evidence: every estimate is within its tolerance (${said})`;
    return approve(draft, { reason: 'WeakEvidence', sentence, verdict: 'Undecided' });
  }
  if (onUndecided === 'Rollback') {
    const sentence = `no verdict by the deadline, taken back without proof: ${said}`;
    record(draft, { verdict: 'Undecided', outcome: 'NotProven', reason: 'Undecided', sentence, ended: true });
    event(draft, 'Warning', 'NotProven', 'RollBack', `${name}: ${sentence}`);
    quarantineCanary(draft);
    removeCanary(draft);
    return { phase: 'Held', reason: 'Undecided', message: sentence, regression: 'Unknown' };
  }
  const message = `no verdict by the deadline, held: ${said}; promote, abort or wait for more evidence`;
  const before = draft.snapshot.release.status;
  if (before?.phase !== 'Held') event(draft, 'Warning', 'Undecided', 'Hold', `${name}: ${message}`);
  return { phase: 'Held', reason: 'Undecided', message, regression: 'Unknown' };
}

/** Writes what is known into status and returns when an answer is due, milliseconds since the epoch. */
function noteAnalysis(draft: Draft, since: number, measurement: Measurement | undefined): number {
  const { status, spec, snapshot, facts } = draft;
  const before =
    snapshot.release.status?.canary?.revision === shortRevision(facts.revision) ? status.analysis : undefined;
  const standing = stands(draft, since, measurement);
  const clock = standingClock(snapshot.now, before, standing !== undefined);
  const planned = before?.planned ?? plannedSteps(measurement?.plan);
  const deadline = deadlineSeconds(spec, planned);
  const found = said(measurement?.verdict, standing);
  const first = since + (deadline + Math.min(clock.stood, deadline)) * 1000;
  const until = Math.max(first, secondDeadline(draft, since));
  status.analysis = {
    ...found,
    warnings: [...tooSlow(draft, before, planned, deadline), ...(found.warnings ?? [])],
    since: timestamp(since),
    until: timestamp(until),
    ...sourceOf(measurement, before),
    ...(planned.length === 0 ? {} : { planned }),
    ...clock.status,
    ...kept(before, measurement),
    ...(before?.secondOpinion === undefined ? {} : { secondOpinion: before.secondOpinion }),
  };
  if (standing !== undefined && before?.reason !== standing.reason)
    event(draft, 'Warning', 'EvidenceMissing', 'Measure', standing.sentence);
  noteSkew(draft, before, found.warnings);
  return until;
}

/** Its figures change from pass to pass; that there is one is the news. */
function noteSkew(draft: Draft, before: Analysis | undefined, warnings: Analysis['warnings']): void {
  const skew = skewOf(warnings);
  if (skew !== undefined && skewOf(before?.warnings) === undefined)
    event(draft, 'Warning', 'SkewedTraffic', 'Measure', skew);
}

function skewOf(warnings: readonly string[] = []): string | undefined {
  return warnings.find((text) => text.startsWith(skewedTraffic));
}

/** Without a measurement the last one's. */
function sourceOf(
  measurement: Measurement | undefined,
  before: Analysis | undefined,
): Pick<Analysis, 'source' | 'preset'> {
  if (measurement === undefined) return before?.source === undefined ? {} : { source: before.source };
  const { sourceName, preset } = measurement;
  return { source: sourceName, ...(preset === undefined ? {} : { preset }) };
}

/** What cannot arrive by the deadline, with the remedy; said as an event when it is planned. */
function tooSlow(
  draft: Draft,
  before: Analysis | undefined,
  planned: readonly PlannedStep[],
  deadline: number,
): string[] {
  const text = shortfall(planned, deadline);
  if (text === undefined) return [];
  if (before?.planned === undefined) event(draft, 'Warning', 'EvidenceTooSlow', 'Plan', text);
  return [text];
}

/** What is known of pods that ended is kept, also without a measurement, as after a restart. */
function kept(...known: ({ gonePods?: GonePod[] } | undefined)[]): { gonePods?: GonePod[] } {
  const all = new Map(known.flatMap((item) => item?.gonePods ?? []).map((pod) => [pod.name, pod]));
  return all.size === 0 ? {} : { gonePods: [...all.values()].slice(-50) };
}

type Analysis = NonNullable<Draft['status']['analysis']>;

/** How long the deadline has stood still, in seconds, and what status keeps of it. */
function standingClock(
  now: number,
  before: Analysis | undefined,
  stands: boolean,
): { stood: number; status: Pick<Analysis, 'stoodStillSeconds' | 'standingSince'> } {
  const earlier = before?.stoodStillSeconds ?? 0;
  const began = before?.standingSince;
  const run = began === undefined ? 0 : Math.max(0, (now - Date.parse(began)) / 1000);
  if (!stands) return { stood: earlier + run, status: { stoodStillSeconds: Math.round(earlier + run) } };
  return { stood: earlier + run, status: { stoodStillSeconds: earlier, standingSince: began ?? timestamp(now) } };
}

/** What the judge says, or why nothing can be said. */
function said(verdict: Verdict | undefined, standing: Standing | undefined): Analysis {
  const reason = standing === undefined ? {} : { reason: standing.reason };
  if (verdict === undefined) {
    const sentence = standing?.sentence ?? 'waiting for the first samples of both tracks';
    return {
      ...reason,
      verdict: 'Undecided',
      sentence,
      requests: { stable: 0, canary: 0 },
      metrics: [],
      missing: [],
      warnings: [],
    };
  }
  return {
    ...reason,
    verdict: verdict.verdict,
    sentence: standing?.sentence ?? verdict.sentence,
    requests: { stable: Math.round(verdict.requests.stable), canary: Math.round(verdict.requests.canary) },
    metrics: verdict.metrics.map(statusMetric),
    missing: verdict.missing,
    warnings: verdict.warnings.slice(0, 16),
  };
}

interface Standing {
  reason: 'SourceFailed' | 'NoTraffic' | 'MetricsMissing';
  sentence: string;
}

/** Why evidence stands still; the deadline stands still with it. */
function stands(draft: Draft, since: number, measurement: Measurement | undefined): Standing | undefined {
  const elapsed = (draft.snapshot.now - since) / 1000;
  if (measurement?.source.state === 'Failed')
    return {
      reason: 'SourceFailed',
      sentence: `the source of evidence does not answer: ${measurement.source.message}`,
    };
  if (elapsed < noTrafficSeconds) return undefined;
  return lacks(measurement) ?? withoutTraffic(measurement);
}

/** A metric that stable has and the canary lacks. */
function lacks(measurement: Measurement | undefined): Standing | undefined {
  if (measurement?.source.state !== 'NoData' || measurement.verdict.missing.includes('requests')) return undefined;
  return { reason: 'MetricsMissing', sentence: measurement.source.message };
}

function withoutTraffic(measurement: Measurement | undefined): Standing | undefined {
  if (measurement?.verdict.traffic === true) return undefined;
  const requests = measurement?.verdict.requests ?? { stable: 0, canary: 0 };
  if (measurement?.verdict.missing.includes('requests'))
    return {
      reason: 'MetricsMissing',
      sentence: `no request metric was found on stable: it has had no request yet, or it exports none that a preset knows (${measurement.preset ?? 'prom-http'})`,
    };
  const both = requests.stable === 0 && requests.canary === 0;
  return {
    reason: 'NoTraffic',
    sentence: both
      ? 'neither track had a request, so there is nothing to compare: wait for traffic, or promote by hand'
      : `the canary had no request while stable had ${Math.round(requests.stable)}: clients keep their connections to stable's pods; limit the lifetime of connections, or balance per request`,
  };
}

function statusMetric(metric: MetricVerdict): StatusMetric {
  const percent = (value: number | null): string =>
    value === null ? '' : `${value >= 0 ? '+' : ''}${(value * 100).toFixed(1).replace(/\.0$/, '')}%`;
  const figure = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(4))));
  return {
    name: metric.name,
    unit: metric.unit,
    stable: figure(metric.stable),
    canary: figure(metric.canary),
    difference: percent(metric.difference),
    interval: [percent(metric.interval[0]), percent(metric.interval[1])],
    limit: percent(metric.limit),
    samples: Math.round(metric.samples),
    evidence: Math.round(metric.evidence),
    detectable: percent(metric.detectable),
    verdict: metric.verdict,
    query: metric.query.slice(0, 1000),
  };
}
