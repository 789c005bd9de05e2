import type { Evidence } from '../../evidence/evidence.ts';
import { mayPass, verdictOf } from '../engine/judge-sequential.ts';
import { SequentialJudge } from '../engine/sequential-judge.ts';
import type { AnalysisSpec } from '../spec.ts';
import type { Verdict } from '../verdict.ts';

/** When the judge would have decided, in seconds from slot 0, and what it said then. */
export interface Decision {
  rollback: number | null;
  promote: number | null;
  verdict: Verdict;
}

/**
 * Walks a recording scrape by scrape and stops at the first decision: a rollback as soon as a regression is shown, a
 * promotion at the first scrape at which everything passes. A decision at t rests on samples up to t alone.
 */
export function replay(evidence: Evidence, spec: AnalysisSpec): Decision {
  const judge = new SequentialJudge(evidence, spec);
  while (judge.slots < evidence.run.scrapes) {
    judge.step(evidence);
    if (judge.found === null && !mayPass(judge, evidence)) continue;
    const verdict = verdictOf(judge, evidence);
    if (verdict.verdict === 'Regression') return { rollback: judge.found?.at ?? judge.elapsed, promote: null, verdict };
    if (verdict.verdict === 'Pass') return { rollback: null, promote: judge.elapsed, verdict };
  }
  return { rollback: null, promote: null, verdict: verdictOf(judge, evidence) };
}
