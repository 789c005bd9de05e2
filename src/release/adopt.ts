import type { LedgerEntry } from '../api/schema.ts';
import { type Draft, event, exactTime, type PhaseState, wake } from './draft.ts';
import { deploymentRevision, type VersionSet } from './facts.ts';
import { imagesOf } from './pods.ts';

/** A target without the gate's label: waited for while it rolls, then armed. Nothing else is written to it. */
export function adopt(draft: Draft): PhaseState | undefined {
  const { facts, status } = draft;
  if (facts.gate !== undefined) return undefined;
  // Now or never: the status is about to tell of the new object.
  if (facts.recreated) noteBypass(draft);
  if (facts.paused) {
    const message = 'the target is paused by its user: run `kubectl rollout resume`, then Tandem takes it over';
    return { phase: 'Invalid', reason: 'TargetPaused', message };
  }
  if (!facts.complete) {
    wake(draft, draft.snapshot.now + 5000);
    return { phase: 'Idle', reason: 'NotArmed', message: 'waiting for the rollout of the target that is under way' };
  }
  status.ledger = withKnownGood(draft);
  draft.actions.push(armingAction(draft));
  wake(draft, draft.snapshot.now + 1000);
  return { phase: 'Idle', reason: 'NotArmed', message: 'arming the gate' };
}

/** Arms the target, or pauses it for good where there is no policy to hold it. */
export function armingAction(draft: Draft): Draft['actions'][number] {
  const resourceVersion = draft.facts.target.metadata.resourceVersion ?? '';
  if (draft.status.gate?.mode === 'Paused') return { kind: 'PauseTarget', resourceVersion };
  return { kind: 'LabelTarget', value: 'armed', resourceVersion };
}

/** Another object under the same name rolled at once, all pods of the old one being gone: taken over as it is. */
function noteBypass(draft: Draft): void {
  const { facts, snapshot, status } = draft;
  const now = exactTime(snapshot.now);
  const note = 'the target was deleted and created again: its template rolled without a test';
  event(draft, 'Warning', 'GateBypassed', 'Adopt', note);
  const entry: LedgerEntry = {
    revision: facts.revision,
    images: imagesOf(facts.target.spec.template),
    generation: facts.target.metadata.generation ?? 0,
    verdict: '',
    outcome: 'Bypassed',
    by: '',
    reason: 'Recreated',
    sentence: note,
    started: now,
    ended: now,
  };
  const others = (status.ledger ?? []).filter((item) => item.revision !== facts.revision);
  status.ledger = [entry, ...others].slice(0, 10);
}

/**
 * ReplicaSets that served before the adoption, so that going back to one in an incident is not made to wait. One that
 * was left by going back to an older one is not among them: somebody took it away.
 */
function withKnownGood(draft: Draft): LedgerEntry[] {
  const { facts, status, snapshot } = draft;
  const ledger = status.ledger ?? [];
  const now = exactTime(snapshot.now);
  const known = new Set(ledger.map((entry) => entry.revision));
  const current = facts.stable === undefined ? facts.sets : facts.sets.filter((set) => set !== facts.stable);
  const good = [...(facts.stable === undefined ? [] : [facts.stable]), ...newestFirst(current)]
    .filter((set) => !known.has(set.revision) && !wasTakenBack(set, facts.sets))
    .slice(0, 10 - ledger.length);
  const unique = new Map(good.toReversed().map((set) => [set.revision, set]));
  const entries = [...unique.values()].toReversed().map(
    (set): LedgerEntry => ({
      revision: set.revision,
      images: imagesOf(set.replicaSet.spec.template),
      generation: set === facts.stable ? (facts.target.metadata.generation ?? 0) : 0,
      verdict: '',
      outcome: 'Adopted',
      by: '',
      reason: 'Adopted',
      sentence: 'served before Tandem took over',
      started: set.replicaSet.metadata.creationTimestamp ?? now,
      ended: now,
    }),
  );
  return [...ledger, ...entries];
}

function newestFirst(sets: VersionSet[]): VersionSet[] {
  return sets.toSorted((a, b) => deploymentRevision(b.replicaSet) - deploymentRevision(a.replicaSet));
}

/** The rollout after this one re-used an older ReplicaSet: the controller lists its earlier revisions. */
function wasTakenBack(set: VersionSet, all: VersionSet[]): boolean {
  const own = deploymentRevision(set.replicaSet);
  return all.some((other) => {
    const history = other.replicaSet.metadata.annotations?.['deployment.kubernetes.io/revision-history'];
    if (history === undefined || deploymentRevision(other.replicaSet) <= own) return false;
    const earlier = history.split(',').map(Number);
    return (
      earlier.some((revision) => revision < own) && deploymentRevision(other.replicaSet) === nextRevision(set, all)
    );
  });
}

function nextRevision(set: VersionSet, all: VersionSet[]): number {
  const own = deploymentRevision(set.replicaSet);
  const later = all.map((other) => deploymentRevision(other.replicaSet)).filter((revision) => revision > own);
  return Math.min(...later);
}
