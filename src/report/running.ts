import type { CanaryReleaseStatus, LedgerEntry } from '../api/schema.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { AnalysisSpec } from '../judge/spec.ts';
import type { Decision } from '../release/decision.ts';
import { exactTime } from '../release/draft.ts';
import { newEnds, promoting } from '../release/ledger.ts';
import { shortRevision } from '../release/revision.ts';
import type { Snapshot } from '../release/snapshot.ts';
import type { ReleaseRecord } from './record.ts';

/** What the judge was given when it was asked last. */
export interface Judged {
  evidence: Evidence;
  asked: AnalysisSpec;
}

/** A release that has not ended, as far as this process saw it. */
export interface Running extends Pick<ReleaseRecord, 'phases' | 'events' | 'stable' | 'decided' | 'analysis'> {
  /** First ten digits. */
  revision: string;
  started: string;
  pods?: NonNullable<ReleaseRecord['environment']['pods']>;
  share?: string;
  judged?: Judged;
  lacks: string[];
}

export interface Ended {
  entry: LedgerEntry;
  /** undefined: it ran without a canary, or nobody looked. */
  running: Running | undefined;
}

export interface Followed {
  running: Running | undefined;
  /** Releases that this pass has ended. */
  ended: Ended[];
}

/** More is no timeline that anybody reads. */
const mostLines = 100;

/** Whether an entry of the ledger tells how a release ended. */
export function isEnd({ outcome, ended }: LedgerEntry): boolean {
  return ended !== undefined && !['Promoting', 'RollingBack', 'Adopted'].includes(outcome);
}

/**
 * Takes in one pass whose status was written. Pure.
 *
 * @param judged what the verdict of this pass rests on; undefined: nothing was measured
 */
export function follow(
  before: Running | undefined,
  snapshot: Snapshot,
  decision: Decision,
  judged: Judged | undefined,
): Followed {
  const { status } = decision;
  const current = currentOf(status);
  const known = before === undefined ? undefined : taking(before, snapshot, decision, judged);
  const ended = newEnds(snapshot.release.status, status)
    .filter(isEnd)
    .map((entry) => ({ entry, running: shortRevision(entry.revision) === known?.revision ? known : undefined }));
  const over = ended.some(({ running }) => running !== undefined);
  if (current === undefined || (known !== undefined && !over && isSame(known, current)))
    return { running: over ? undefined : known, ended };
  const next = taking(begun(current, snapshot, status), snapshot, decision, judged);
  return { running: next, ended };
}

type Identity = Pick<Running, 'revision' | 'started'>;

/** What is on its way: what was approved, or what has a canary that has not ended. */
function currentOf(status: CanaryReleaseStatus | undefined): Identity | undefined {
  const { ledger, canary } = status ?? {};
  const approved = promoting(ledger);
  if (approved !== undefined) return { revision: shortRevision(approved.revision), started: approved.started };
  if (canary?.started === undefined) return undefined;
  const identity = { revision: canary.revision, started: canary.started };
  return (ledger ?? []).some((entry) => isEnd(entry) && isEntryOf(identity, entry)) ? undefined : identity;
}

function isSame(one: Identity, other: Identity): boolean {
  return one.revision === other.revision && Date.parse(one.started) === Date.parse(other.started);
}

function isEntryOf(identity: Identity, { revision, started }: LedgerEntry): boolean {
  return isSame(identity, { revision: shortRevision(revision), started });
}

/** A release that this process sees for the first time: at its start, or after a restart. */
function begun(identity: Identity, { release, now }: Snapshot, status: CanaryReleaseStatus): Running {
  const before = currentOf(release.status);
  const late = before !== undefined && isSame(before, identity);
  return {
    ...identity,
    phases: late ? pastPhases(release.status) : [],
    events: [],
    ...stableOf(identity, status),
    lacks: late ? [`what happened before ${exactTime(now)} but the phases: the operator was started anew then`] : [],
  };
}

/** As far as status knows them. */
function pastPhases(
  { canary, phase, phaseSince }: CanaryReleaseStatus = { observedGeneration: -1 },
): Running['phases'] {
  const known: Running['phases'] = [];
  if (canary?.started !== undefined) known.push({ phase: 'Starting', at: canary.started });
  if (canary?.since !== undefined) known.push({ phase: 'Analyzing', at: canary.since });
  const last = known.at(-1);
  if (phase !== undefined && phaseSince !== undefined && last?.phase !== phase) known.push({ phase, at: phaseSince });
  return known;
}

/** What it is compared with: once it is promoted, it is stable itself. */
function stableOf({ revision }: Identity, { stable, ledger }: CanaryReleaseStatus): Pick<Running, 'stable'> {
  if (stable === undefined || stable.revision === revision) return {};
  const whole = ledger?.find((entry) => entry.revision.startsWith(stable.revision))?.revision ?? stable.revision;
  return { stable: { revision: whole, images: stable.images } };
}

function taking(
  running: Running,
  { release, now }: Snapshot,
  { status, events }: Decision,
  judged: Judged | undefined,
): Running {
  const at = exactTime(now);
  const has = (ledger: LedgerEntry[] = []): boolean => ledger.some((entry) => isEntryOf(running, entry));
  const decides = running.decided === undefined && has(status.ledger) && !has(release.status?.ledger);
  const told = events.map(({ type, reason, note }) => ({ at, type, reason, note: note.slice(0, 1024) }));
  return {
    ...running,
    phases: phasesAfter(running.phases, status, at),
    events: told.length === 0 ? running.events : [...running.events, ...told].slice(-mostLines),
    ...(isAnalysisOf(running, status) ? { analysis: status.analysis } : {}),
    ...(judged === undefined ? {} : { judged }),
    ...(decides ? { decided: at } : {}),
    ...sizesOf(running, status),
  };
}

function phasesAfter(
  phases: Running['phases'],
  { phase, phaseSince }: CanaryReleaseStatus,
  at: string,
): Running['phases'] {
  if (phase === undefined || phases.at(-1)?.phase === phase) return phases;
  return [...phases, { phase, at: phaseSince ?? at }].slice(-mostLines);
}

/** While the canary serves: at its end it is scaled down. */
function sizesOf(
  { revision }: Identity,
  { canary, baseline, stable }: CanaryReleaseStatus,
): Pick<Running, 'pods' | 'share'> {
  if (canary?.revision !== revision || canary.replicas === 0) return {};
  const fresh = baseline === undefined || baseline.replicas === 0 ? {} : { baseline: baseline.replicas };
  return {
    pods: { stable: stable?.replicas ?? 0, canary: canary.replicas, ...fresh },
    ...(canary.share === undefined ? {} : { share: canary.share }),
  };
}

/** Status keeps the analysis of the release before until the next one starts. */
function isAnalysisOf({ revision, started }: Identity, { analysis, canary }: CanaryReleaseStatus): boolean {
  if (analysis?.since !== undefined) return Date.parse(analysis.since) >= Date.parse(started) - 1000;
  return analysis !== undefined && canary?.revision === revision;
}
