import { createHash } from 'node:crypto';
import { COMMIT_ANNOTATION } from '../api/names.ts';
import type { CanaryReleaseStatus, LedgerEntry } from '../api/schema.ts';
import type { Decision } from '../release/decision.ts';
import { newEnds } from '../release/ledger.ts';
import { revisionOf, shortRevision } from '../release/revision.ts';
import type { Snapshot } from '../release/snapshot.ts';

/** What is told: the start, a regression, a wait for a person, and each way in which a release ends. */
export const notificationKinds = [
  'Started',
  'Regression',
  'Held',
  'Promoted',
  'RolledBack',
  'Aborted',
  'NotProven',
  'Superseded',
  'Reverted',
  'Untested',
  'Bypassed',
] as const;
export type NotificationKind = (typeof notificationKinds)[number];

/** One thing that happened to one release. */
export interface Notification {
  /** The same for the same thing, also after a restart: receivers drop what they have seen. */
  id: string;
  kind: NotificationKind;
  /** RFC 3339. */
  time: string;
  namespace: string;
  release: string;
  target: string;
  /** First ten digits. */
  revision: string;
  images: string[];
  verdict: string;
  reason: string;
  sentence: string;
  /** The commit that the version was built from, where an annotation names it. */
  commit?: string;
}

type Told = Omit<Notification, 'id' | 'namespace' | 'release' | 'target' | 'commit'>;

/** Ends that are told again by a process that sees a release for the first time: nobody knows whether they were told. */
const retoldMilliseconds = 15 * 60_000;

/**
 * What a pass has brought, from the status before and after it. `first`: this process has not seen the release before.
 */
export function notificationsOf(snapshot: Snapshot, { status }: Decision, first: boolean): Notification[] {
  const before = snapshot.release.status;
  const told = [
    startOf(before, status),
    regressionOf(before, status),
    heldOf(before, status),
    ...endsOf(snapshot, before, status, first).map(endOf),
  ].filter((one) => one !== undefined);
  // Most passes bring nothing, and the revision behind a commit is a hash of the template.
  if (told.length === 0) return [];
  const { namespace = '', name, uid = '' } = snapshot.release.metadata;
  const target = snapshot.release.spec.targetRef.name;
  const commit = commitOf(snapshot);
  return told.map((one) => ({
    ...one,
    id: idOf([uid, one.kind, one.revision, one.time]),
    namespace,
    release: name,
    target,
    ...(commit !== undefined && commit.revision === one.revision ? { commit: commit.sha } : {}),
  }));
}

function endsOf(
  { now }: Snapshot,
  before: CanaryReleaseStatus | undefined,
  after: CanaryReleaseStatus,
  first: boolean,
): LedgerEntry[] {
  const news = newEnds(before, after);
  if (!first) return news.toReversed();
  const since = now - retoldMilliseconds;
  // What this pass itself drops from the ledger nobody finds later.
  const dropped = before === undefined ? [] : newEnds(after, before);
  const recent = [...newEnds(undefined, after), ...dropped].filter(({ ended }) => Date.parse(ended ?? '') >= since);
  // The ledger is newest first.
  return [...new Set([...news, ...recent])].toReversed();
}

function endOf(entry: LedgerEntry): Told | undefined {
  const kind = notificationKinds.find((name) => name === entry.outcome);
  if (kind === undefined) return undefined;
  const { images, verdict, reason, sentence, ended, started } = entry;
  return { kind, time: ended ?? started, revision: shortRevision(entry.revision), images, verdict, reason, sentence };
}

function startOf(before: CanaryReleaseStatus | undefined, { canary }: CanaryReleaseStatus): Told | undefined {
  if (canary?.started === undefined || before?.canary?.started === canary.started) return undefined;
  // The moment of the write and that of the object differ a little: it is the same canary.
  if (before?.canary?.revision === canary.revision) return undefined;
  const { revision, images, replicas, started } = canary;
  const sentence = `the canary starts with ${replicas} pods`;
  return { kind: 'Started', time: started, revision, images, verdict: '', reason: 'CanaryStarted', sentence };
}

function regressionOf(before: CanaryReleaseStatus | undefined, status: CanaryReleaseStatus): Told | undefined {
  if (status.analysis?.verdict !== 'Regression' || before?.analysis?.verdict === 'Regression') return undefined;
  const { reason = '', sentence = '' } = status.analysis;
  return { ...running(status), kind: 'Regression', verdict: 'Regression', reason, sentence };
}

function heldOf(before: CanaryReleaseStatus | undefined, status: CanaryReleaseStatus): Told | undefined {
  if (status.phase !== 'Held' || before?.phase === 'Held') return undefined;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const { verdict = '' } = status.analysis ?? {};
  return { ...running(status), kind: 'Held', verdict, reason: ready?.reason ?? 'Held', sentence: status.message ?? '' };
}

function running({ canary, target, phaseSince }: CanaryReleaseStatus): Pick<Told, 'time' | 'revision' | 'images'> {
  const revision = canary?.revision ?? target?.revision ?? '';
  return { time: phaseSince ?? canary?.started ?? '', revision, images: canary?.images ?? [] };
}

/** The commit of the template that the target has now: the Deployment's word comes before the CanaryRelease's. */
function commitOf({ release, target }: Snapshot): { revision: string; sha: string } | undefined {
  if (target === undefined) return undefined;
  const sha = target.metadata.annotations?.[COMMIT_ANNOTATION] ?? release.metadata.annotations?.[COMMIT_ANNOTATION];
  return sha === undefined ? undefined : { revision: shortRevision(revisionOf(target.spec.template)), sha };
}

function idOf(parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
