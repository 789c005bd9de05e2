import { analyse } from './analyse.ts';
import { approve, promotedBy, promotedNextBy, resume, retried } from './approve.ts';
import { quarantineCanary, removeBaseline, removeCanary, removeOrphans, removeRivals } from './cleanup.ts';
import { conclude, type Draft, event, heldEntry, type PhaseState, record, wake } from './draft.ts';
import { endRunning } from './end.ts';
import type { Facts, VersionSet } from './facts.ts';
import { failingRollout, finishStep } from './finish.ts';
import { isKnownGood, isRejected, promoting } from './ledger.ts';
import { sameRollout, shortRevision } from './revision.ts';

/** Reason of an outcome NotProven whose template came back later and is tested anew. */
const TESTED_AGAIN = 'TestedAgain';

type Stage = (draft: Draft) => PhaseState | undefined;

/** In order; the first that answers ends the pass. */
const stages: Stage[] = [
  keepPaused, // nothing rolls while a template is held, whatever somebody wrote
  midRollout, // two versions serve: bring it to one before anything new starts
  backToStable, // a revert, or a restart of stable
  approvedBefore, // the answer is given and written down; only the write is missing
  rejectedBefore, // stays rejected until retry, promote or another template
  atZero, // no pods, no comparison
  knownGoodBefore, // going back needs no new test
  notProvenBefore, // taken away without a proof: waits for a person
  promotedByPerson, // promote, or promote: next
  analyse,
];

/** A target whose template waits behind the gate. */
export function held(draft: Draft): PhaseState | undefined {
  const { gate } = draft.facts;
  if (gate !== 'holding' && gate !== 'rejected') return undefined;
  removeOrphans(draft);
  for (const stage of stages) {
    const state = stage(draft);
    if (state !== undefined) return state;
  }
  return undefined;
}

function keepPaused(draft: Draft): PhaseState | undefined {
  const { facts } = draft;
  if (facts.paused) return undefined;
  draft.actions.push({ kind: 'PauseTarget', resourceVersion: facts.target.metadata.resourceVersion ?? '' });
  wake(draft, draft.snapshot.now + 1000);
  const message = 'somebody resumed the held target; it is paused again';
  event(draft, 'Warning', 'GateRestored', 'Pause', message);
  return { phase: 'Held', reason: 'Held', message, regression: 'Unknown' };
}

function midRollout(draft: Draft): PhaseState | undefined {
  const { facts } = draft;
  if (facts.active.length < 2) return afterRollout(draft);
  removeBaseline(draft);
  wake(draft, draft.snapshot.now + 2000);
  const winner = winnerOf(draft);
  if (winner === undefined) return undefined;
  if (goesOn(draft, winner)) return resume(draft, 'the template is back at a version that serves already');
  giveUpFailing(draft, winner);
  const chosen = winnerOf(draft) ?? winner;
  const step = finishStep(facts, chosen);
  if (step.kind === 'Scale') {
    const { name, uid = '', resourceVersion = '' } = step.set.replicaSet.metadata;
    draft.actions.push({ kind: 'ScaleReplicaSet', name, uid, resourceVersion, replicas: step.replicas });
  }
  const waits = step.kind === 'Wait' ? `; ${step.message}` : '';
  const message = `${shortRevision(facts.revision)} waits until ${shortRevision(chosen.revision)} serves alone${waits}`;
  return { phase: 'Promoting', reason: 'Promoting', message };
}

/** One version serves: what became of the other is written down as soon as its last pods are gone. */
function afterRollout(draft: Draft): PhaseState | undefined {
  const { facts, status, snapshot } = draft;
  const going = facts.canary?.revision === facts.revision ? undefined : stillGoing(facts);
  if (going === undefined) {
    settlePromotion(draft);
    return undefined;
  }
  wake(draft, snapshot.now + 1000);
  const phase = promoting(status.ledger) === undefined ? 'Starting' : 'Promoting';
  return { phase, reason: phase, message: going };
}

/** The approved version that is on its way will not become ready: the way back begins. */
function giveUpFailing(draft: Draft, winner: VersionSet): void {
  const entry = promoting(draft.status.ledger);
  if (entry?.outcome !== 'Promoting' || entry.revision !== winner.revision) return;
  const fault = failingRollout(draft.snapshot, winner);
  if (fault === undefined) return;
  const sentence = `did not become ready while it was promoted: ${fault}`;
  conclude(draft, entry, 'RollingBack', sentence);
  event(draft, 'Warning', 'PromotionFailed', 'RollBack', `${shortRevision(entry.revision)} ${sentence}`);
}

/**
 * The last step of a rollout that was caught halfway is taken, and its pods still come and go: a rollout that began
 * now would count pods that are not there any more.
 */
function stillGoing({ stable, sets, replicas }: Facts): string | undefined {
  if (stable === undefined || replicas === 0 || stable.replicas === 0) return undefined;
  const leaving = sets.find((set) => set !== stable && (set.replicaSet.status?.replicas ?? 0) > 0);
  if (leaving !== undefined) return `waiting for the pods of ${shortRevision(leaving.revision)} to go`;
  const counted = stable.replicaSet.status?.replicas ?? 0;
  if (stable.replicas !== replicas || counted !== replicas)
    return `waiting for all pods of ${shortRevision(stable.revision)}`;
  return undefined;
}

/**
 * Which of the serving versions stays: the approved one, unless it failed; without an approval the one that was
 * stable before; of a restart the newer half.
 */
function winnerOf({ facts, status }: Draft): VersionSet | undefined {
  const entry = promoting(status.ledger);
  const newest = (sets: VersionSet[]): VersionSet | undefined => sets.at(-1);
  if (entry?.outcome === 'RollingBack') return newest(facts.active.filter((set) => set.revision !== entry.revision));
  const approved = facts.active.filter((set) => set.revision === entry?.revision);
  const before = facts.active.filter((set) => shortRevision(set.revision) === status.stable?.revision);
  const others = facts.active.filter((set) => set.revision !== facts.revision);
  return newest(approved) ?? newest(before) ?? newest(others) ?? newest(facts.active);
}

/** The held template is one of those that serve, and was approved or stable: rolling on needs no test. */
function goesOn({ facts, status }: Draft, winner: VersionSet): boolean {
  const entry = promoting(status.ledger);
  if (entry?.outcome === 'RollingBack') return false;
  if (facts.revision === winner.revision) return facts.gate === 'holding';
  return shortRevision(facts.revision) === status.stable?.revision;
}

/** One version serves again: what became of the one that was on its way. */
function settlePromotion(draft: Draft): void {
  const { facts, status } = draft;
  const entry = promoting(status.ledger);
  if (entry === undefined || facts.active.length > 1) return;
  if (entry.outcome === 'RollingBack') return conclude(draft, entry, 'RolledBack');
  if (entry.revision === facts.revision) return;
  const rolled = facts.stable?.revision === entry.revision;
  conclude(draft, entry, rolled ? 'Promoted' : 'Superseded');
  const name = shortRevision(entry.revision);
  const note = rolled
    ? `${name} is rolled out; the next version follows`
    : `${name} did not roll: a newer one came first`;
  event(draft, 'Normal', rolled ? 'Promoted' : 'Superseded', 'Promote', note);
}

function backToStable(draft: Draft): PhaseState | undefined {
  const { facts } = draft;
  if (facts.stable?.revision !== facts.revision) return undefined;
  endRunning(draft, 'Reverted', 'the template went back to stable');
  removeCanary(draft);
  // A verdict on a version that is not there any more would be read as stable's.
  const before = draft.snapshot.release.status?.phase;
  if (before !== 'Idle' && before !== 'Promoting') delete draft.status.analysis;
  const pausedForGood = draft.status.gate?.mode === 'Paused';
  const still = sameRollout(facts.target.spec.template, facts.stable.replicaSet.spec.template);
  const name = shortRevision(facts.revision);
  if (pausedForGood && still)
    return { phase: 'Idle', reason: 'Stable', message: `${name} is stable; the next new version will be tested` };
  return resume(draft, `${name} is stable's own template: nothing to test`);
}

function approvedBefore(draft: Draft): PhaseState | undefined {
  const entry = heldEntry(draft);
  if (entry?.outcome === 'Promoting') return resume(draft, entry.sentence);
  if (entry?.outcome === 'Untested' && draft.facts.replicas === 0) return resume(draft, entry.sentence);
  return undefined;
}

function atZero(draft: Draft): PhaseState | undefined {
  const { facts, snapshot } = draft;
  if (facts.replicas > 0) return undefined;
  const before = snapshot.release.status;
  const wasHeld = before?.target?.revision === shortRevision(facts.revision);
  if (!wasHeld && before?.stable?.replicas === 0 && facts.gate === 'holding') {
    const sentence = 'the target had no pods when it came: nothing serves, nothing to compare';
    record(draft, { verdict: '', outcome: 'Untested', reason: 'NoPods', sentence, ended: true });
    event(draft, 'Normal', 'Untested', 'Resume', `${shortRevision(facts.revision)}: ${sentence}`);
    return resume(draft, sentence);
  }
  endRunning(draft, 'Superseded', 'the target was scaled to zero');
  removeCanary(draft);
  removeRivals(draft);
  const message = 'the target has no pods: the held version is tested when it is scaled up again';
  return { phase: 'Held', reason: 'ScaledToZero', message, regression: 'Unknown' };
}

function rejectedBefore(draft: Draft): PhaseState | undefined {
  const { facts } = draft;
  const entry = heldEntry(draft);
  const rejected = isRejected(entry) || (entry === undefined && facts.gate === 'rejected');
  if (!rejected) return undefined;
  const by = promotedBy(draft, entry);
  if (by !== undefined) return approve(draft, { reason: 'ByPerson', sentence: `promoted by ${by}`, by, verdict: '' });
  if (retried(draft, entry)) return undefined;
  quarantineCanary(draft);
  const gone = removeCanary(draft);
  removeRivals(draft);
  if (facts.gate !== 'rejected') label(draft, 'rejected');
  const sentence = entry?.sentence ?? 'it was rejected before';
  if (!gone) return { phase: 'RollingBack', reason: 'RollingBack', message: sentence };
  noteRolledBack(draft, entry?.revision);
  return { phase: 'Rejected', reason: entry?.outcome === 'Aborted' ? 'Aborted' : 'RegressionFound', message: sentence };
}

function noteRolledBack(draft: Draft, revision: string | undefined): void {
  if (draft.snapshot.release.status?.phase !== 'RollingBack') return;
  event(
    draft,
    'Normal',
    'RolledBack',
    'RollBack',
    `${shortRevision(revision ?? draft.facts.revision)} is gone; stable serves alone`,
  );
}

function label(draft: Draft, value: 'rejected' | 'holding'): void {
  const resourceVersion = draft.facts.target.metadata.resourceVersion ?? '';
  draft.actions.push({ kind: 'LabelTarget', value, resourceVersion });
}

function knownGoodBefore(draft: Draft): PhaseState | undefined {
  const entry = heldEntry(draft);
  if (!isKnownGood(entry) || retried(draft, entry)) return undefined;
  const sentence = 'it served before: no new test';
  return approve(draft, { reason: 'KnownGood', sentence, verdict: 'Pass' });
}

function promotedByPerson(draft: Draft): PhaseState | undefined {
  const by = promotedBy(draft, heldEntry(draft)) ?? promotedNextBy(draft);
  if (by === undefined) return undefined;
  return approve(draft, { reason: 'ByPerson', sentence: `promoted by ${by} without a verdict`, by, verdict: '' });
}

function notProvenBefore(draft: Draft): PhaseState | undefined {
  const entry = heldEntry(draft);
  if (entry?.outcome !== 'NotProven' || entry.reason === TESTED_AGAIN) return undefined;
  if (retried(draft, entry) || promotedBy(draft, entry) !== undefined) return undefined;
  const still = draft.snapshot.release.status?.target?.revision === shortRevision(draft.facts.revision);
  if (!still) {
    // Another template was there in between: it is not rejected for good.
    entry.reason = TESTED_AGAIN;
    return undefined;
  }
  quarantineCanary(draft);
  removeCanary(draft);
  removeRivals(draft);
  return { phase: 'Held', reason: 'Undecided', message: entry.sentence, regression: 'Unknown' };
}
