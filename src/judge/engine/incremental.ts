import type { Evidence } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';
import type { Verdict } from '../verdict.ts';
import { type Checksums, createChecksums, labelsOf } from './checksum.ts';
import { advance, slotsBegun, verdictOf } from './judge-sequential.ts';
import { SequentialJudge } from './sequential-judge.ts';

interface Kept {
  judge: SequentialJudge;
  /** What the judge was made from: when it differs, it is made anew. */
  setup: string;
  /** Checksum of the slots it has read. */
  read: number;
}

/**
 * A judge that remembers where it stood with the release that it was asked about last: the same answers as
 * `judgeSequential`, but a call reads only the scrapes that are new. Samples that arrive late, and pods or bounds that
 * change, are noticed and judged from the start again. A history is told by its object: one that was judged must not be
 * written to.
 */
export function incrementalJudge(): (evidence: Evidence, spec: AnalysisSpec, now: number) => Verdict {
  let kept: Kept | undefined;
  const checksums = createChecksums();
  return (evidence, spec, now) => {
    const setup = setupOf(evidence, spec, checksums);
    const before = kept?.setup === setup ? kept : undefined;
    const usable =
      before !== undefined &&
      before.judge.slots <= slotsBegun(evidence, now) &&
      before.read === checksums.run(evidence, 0, before.judge.slots, 0);
    const judge = usable ? before.judge : new SequentialJudge(evidence, spec);
    const from = judge.slots;
    advance(judge, evidence, now);
    kept = { judge, setup, read: checksums.run(evidence, from, judge.slots, usable ? before.read : 0) };
    return verdictOf(judge, evidence);
  };
}

/** What a judge is made from, in words: it may go on while that stays the same. */
export function setupOf(evidence: Evidence, spec: AnalysisSpec, checksums: Checksums): string {
  const { startedAt, scrapeSeconds, boundsSeconds, canary, stable, baseline, found, history, run, secondOpinion } =
    evidence;
  const past =
    history === undefined ? 0 : [history.scrapeSeconds, history.scrapes, labelsOf(history), checksums.history(history)];
  return JSON.stringify([
    spec,
    startedAt,
    scrapeSeconds,
    boundsSeconds,
    canary,
    stable,
    baseline,
    found.missing,
    secondOpinion,
    past,
    labelsOf(run),
  ]);
}
