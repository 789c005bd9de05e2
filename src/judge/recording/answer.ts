import type { Evidence } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';
import type { MetricVerdict, VerdictName } from '../verdict.ts';
import { parseRecording, type Recording } from './parse.ts';
import { type Decision, replay } from './replay.ts';

/** The answer to one recording; times in seconds from the canary's first scrape slot. */
export interface Answer {
  id: string;
  verdict: VerdictName;
  rollback: number | null;
  promote: number | null;
  /** The metric behind a regression: errors, new-errors, latency, p50, p95, slow, cpu, memory. */
  reason: string | null;
  metrics: MetricAnswer[];
}

type MetricAnswer = Omit<MetricVerdict, 'query'>;

/** The answer to a line that is no recording. */
export interface Refusal {
  id: string | null;
  error: string;
}

/** Each stable pod once in the role of the canary: how often this judge would be wrong on this service. */
export interface SelfTest {
  id: string;
  falseRollbacks: number;
  pods: { pod: string; verdict: VerdictName; rollback: number | null; reason: string | null }[];
}

export type LineAnswer = Answer | SelfTest | Refusal;

export interface Asked {
  spec: AnalysisSpec;
  /** Also where the recording says what was asked of it. */
  always: boolean;
  /** A/A replay. */
  aa: boolean;
}

/** Judges one line. Never throws on what the line says. */
export function answerLine(line: string, { spec: own, always, aa }: Asked): LineAnswer {
  const parsed = parseRecording(line);
  if (!('recording' in parsed)) return parsed;
  const spec = always ? own : (parsed.recording.asked ?? own);
  return aa ? selfTest(parsed.recording, spec) : answer(parsed.recording, spec);
}

function answer({ id, evidence }: Recording, spec: AnalysisSpec): Answer {
  const { verdict, rollback, promote } = replay(evidence, spec);
  return {
    id,
    verdict: verdict.verdict,
    rollback,
    promote,
    reason: shortReason(verdict.reason),
    metrics: verdict.metrics.map(rounded),
  };
}

function shortReason(reason: string | undefined): string | null {
  return reason === undefined ? null : reason.replace(/^latency-/, '');
}

function rounded(metric: MetricVerdict): MetricAnswer {
  const { name, unit, stable, canary, difference, interval, limit, detectable } = metric;
  const { samples, evidence, withinTolerance, verdict } = metric;
  return {
    name,
    unit,
    stable: round(stable),
    canary: round(canary),
    difference: round(difference),
    interval: [round(interval[0]), round(interval[1])],
    limit: round(limit),
    samples,
    evidence,
    detectable: round(detectable),
    withinTolerance,
    verdict,
  };
}

function round(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}

function selfTest({ id, evidence }: Recording, spec: AnalysisSpec): SelfTest | Refusal {
  if (evidence.stable.length < 2) {
    return { id, error: 'stable: there is one pod; an A/A replay needs at least two, one of which plays the canary' };
  }
  const pods = evidence.stable.map((pod) => {
    const decision: Decision = replay(asCanary(evidence, pod), spec);
    const { verdict, reason } = decision.verdict;
    return { pod, verdict, rollback: decision.rollback, reason: shortReason(reason) };
  });
  return { id, falseRollbacks: pods.filter(({ rollback }) => rollback !== null).length, pods };
}

function asCanary(evidence: Evidence, pod: string): Evidence {
  const replayed: Evidence = {
    ...evidence,
    baseline: [],
    custom: {},
    canary: [pod],
    stable: evidence.stable.filter((name) => name !== pod),
  };
  delete replayed.secondOpinion;
  return replayed;
}
