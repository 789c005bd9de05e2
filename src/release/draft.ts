import type { CanaryReleaseStatus, LedgerEntry, LedgerOutcome, ParsedSpec, Phase } from '../api/schema.ts';
import type { VerdictName } from '../judge/verdict.ts';
import { noteCalibration } from './calibration.ts';
import type { Action, ReleaseEvent } from './decision.ts';
import { entryOf, type Facts } from './facts.ts';
import { recorded } from './ledger.ts';
import { momentOf } from './moment.ts';
import { imagesOf } from './pods.ts';
import { shortRevision } from './revision.ts';
import type { Snapshot } from './snapshot.ts';

/** A decision in the making: the stages write into it, nothing else sees it before it is done. */
export interface Draft {
  readonly snapshot: Snapshot;
  readonly spec: ParsedSpec;
  readonly facts: Facts;
  readonly status: CanaryReleaseStatus;
  readonly actions: Action[];
  readonly events: ReleaseEvent[];
  wakeAt: number | undefined;
}

/** Where a release stands at the end of a pass; the conditions follow from it. */
export interface PhaseState {
  phase: Phase;
  /** Reason of the Ready condition where the phase leaves a choice. */
  reason: string;
  message: string;
  /** Held for a person (promotion: Manual, a person's hold), not for want of a verdict. */
  awaitsPerson?: boolean;
  /** Only for Held: what is known of the version. */
  regression?: 'True' | 'False' | 'Unknown';
  /** A missing target is waited for before it is Stalled. */
  reconciling?: boolean;
}

export function wake(draft: Draft, at: number): void {
  draft.wakeAt = Math.min(draft.wakeAt ?? at, at);
}

export function event(draft: Draft, type: ReleaseEvent['type'], reason: string, action: string, note: string): void {
  draft.events.push({ type, reason, action, note });
}

export function heldEntry(draft: Draft): LedgerEntry | undefined {
  const { facts, status } = draft;
  return entryOf(status.ledger, facts.revision);
}

/** What is known of an outcome; the rest is filled in from the target. */
export interface Outcome {
  verdict: VerdictName | '';
  outcome: LedgerOutcome;
  reason: string;
  sentence: string;
  by?: string;
  /** Not given while the outcome is still under way. */
  ended?: boolean;
}

/** Writes the outcome of the template that the target has now into the ledger. */
export function record(draft: Draft, outcome: Outcome): void {
  const { facts, status } = draft;
  const now = moment(draft);
  const started = status.canary?.revision === shortRevision(facts.revision) ? (status.canary.started ?? now) : now;
  const seen = seenSince(draft);
  const entry: LedgerEntry = {
    revision: facts.revision,
    images: imagesOf(facts.target.spec.template),
    generation: facts.target.metadata.generation ?? 0,
    verdict: outcome.verdict,
    outcome: outcome.outcome,
    by: outcome.by ?? '',
    reason: outcome.reason,
    sentence: outcome.sentence,
    ...(seen === undefined ? {} : { seen }),
    started,
    ...(outcome.ended === true ? { ended: now } : {}),
  };
  status.ledger = recorded(status.ledger, entry, keptRevisions(draft));
  learn(draft);
}

/** When the template that the target has now was seen on it first; undefined where an older operator did not write it. */
export function seenSince({ facts, status, snapshot }: Draft): string | undefined {
  const { target } = status;
  const isOther = target?.uid !== facts.target.metadata.uid || target?.revision !== shortRevision(facts.revision);
  return isOther ? exactTime(momentOf(status, snapshot.now)) : target?.since;
}

/** What the comparison taught of the service outlives it. */
export function learn({ status, snapshot, facts }: Draft): void {
  if (facts.stable !== undefined)
    noteCalibration(status, snapshot.measurement?.verdict, shortRevision(facts.stable.revision));
}

/** Changes the outcome of a revision that is in the ledger already. */
export function conclude(draft: Draft, entry: LedgerEntry, outcome: LedgerOutcome, sentence?: string): void {
  const ended = moment(draft);
  draft.status.ledger = (draft.status.ledger ?? []).map((item) =>
    item.revision === entry.revision ? { ...item, outcome, ended, sentence: sentence ?? item.sentence } : item,
  );
}

function keptRevisions({ facts }: Draft): string[] {
  return [facts.revision, ...(facts.stable === undefined ? [] : [facts.stable.revision])];
}

/** Now, for what commands are compared with: never before what is written down already. */
export function moment({ status, snapshot }: Draft): string {
  return exactTime(momentOf(status, snapshot.now));
}

/** RFC 3339 with milliseconds: what commands are compared with. */
export function exactTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
