import { armingAction } from './adopt.ts';
import { removeBaseline, removeCanary, removeOrphans, removeUnproven } from './cleanup.ts';
import { conclude, type Draft, event, type PhaseState, record, wake } from './draft.ts';
import { entryOf } from './facts.ts';
import { provenMilliseconds } from './gate-proof.ts';
import { hasServed, promoting } from './ledger.ts';
import { condition } from './pods.ts';
import { shortRevision } from './revision.ts';

/** An armed target: idle, restarting, or rolling out what was approved. */
export function armed(draft: Draft): PhaseState | undefined {
  const { facts } = draft;
  if (facts.gate !== 'armed') return undefined;
  removeOrphans(draft);
  const entry = promoting(draft.status.ledger);
  if (entry?.outcome === 'Promoting' && entry.revision === facts.revision) {
    const rolling = rollOut(draft);
    if (rolling !== undefined) return rolling;
  } else if (entry !== undefined) {
    conclude(draft, entry, entry.outcome === 'RollingBack' ? 'RolledBack' : 'Superseded');
  }
  if (!removeCanary(draft) && facts.complete && facts.revision === facts.canary?.revision)
    return { phase: 'Promoting', reason: 'Promoting', message: 'rolled out; the canary is going' };
  return idle(draft);
}

/** undefined once all of it is rolled out and written down. */
function rollOut(draft: Draft): PhaseState | undefined {
  const { facts, snapshot } = draft;
  const name = shortRevision(facts.revision);
  if (facts.complete) return finished(draft, name);
  removeBaseline(draft);
  wake(draft, snapshot.now + 5000);
  if (facts.paused) {
    const message = `the rollout of ${name} was paused by a person: it goes on with \`kubectl rollout resume\``;
    return { phase: 'Held', reason: 'AwaitingPerson', message, awaitsPerson: true, regression: 'False' };
  }
  const blocked = noRoom(draft);
  if (blocked !== undefined && facts.canary !== undefined) {
    event(draft, 'Normal', 'CanaryMadeRoom', 'Promote', `the canary has passed and makes room: ${blocked}`);
    removeCanary(draft);
  }
  const progress = condition(facts.target.status?.conditions, 'Progressing');
  if (progress?.reason === 'ProgressDeadlineExceeded') {
    const why = blocked ?? progress.message ?? '';
    const message = `the rollout of ${name} makes no progress: ${why}; mend the cause, or commit another version`;
    return { phase: 'Held', reason: 'PromotionStuck', message, regression: 'False' };
  }
  const { updatedReplicas = 0, availableReplicas = 0 } = facts.target.status ?? {};
  const message = `rolling out ${name}: ${updatedReplicas} of ${facts.replicas} pods updated, ${availableReplicas} available`;
  return { phase: 'Promoting', reason: 'Promoting', message };
}

/** The canary served until stable was whole; with it gone the release has ended. */
function finished(draft: Draft, name: string): PhaseState | undefined {
  const entry = promoting(draft.status.ledger);
  if (!removeCanary(draft))
    return { phase: 'Promoting', reason: 'Promoting', message: `${name} is rolled out; the canary is going` };
  if (entry !== undefined) conclude(draft, entry, 'Promoted');
  event(draft, 'Normal', 'Promoted', 'Promote', `${name} is rolled out: ${entry?.sentence ?? ''}`);
  return undefined;
}

/** New pods of the rollout cannot be created or placed. */
function noRoom({ facts, snapshot }: Draft): string | undefined {
  const newest = facts.sets.find((set) => set.revision === facts.revision);
  const failure = condition(newest?.replicaSet.status?.conditions, 'ReplicaFailure');
  if (failure?.status === 'True') return failure.message ?? 'its pods cannot be created';
  const uid = newest?.replicaSet.metadata.uid;
  for (const pod of snapshot.pods) {
    const owned = (pod.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid);
    const scheduled = condition(pod.status?.conditions, 'PodScheduled');
    if (owned && scheduled?.status === 'False') return scheduled.message ?? 'no node takes its pods';
  }
  return undefined;
}

/** Two versions serve, and no promotion is under way: a person closed the gate in the middle of a rollout, or went back. */
function unfinished({ facts }: Draft): PhaseState | undefined {
  const versions = new Set(facts.active.map(({ revision }) => revision));
  if (facts.complete || versions.size < 2) return undefined;
  const name = shortRevision(facts.revision);
  const message = `waiting for the rollout of ${name} that is under way; if it is stuck, mend the cause or set the template back`;
  return { phase: 'Idle', reason: 'NotArmed', message };
}

function idle(draft: Draft): PhaseState {
  const { facts, status, snapshot } = draft;
  noteBypass(draft);
  const rolling = unfinished(draft);
  if (rolling !== undefined) return rolling;
  removeUnproven(draft);
  if (status.gate?.mode === 'Paused' && facts.complete) {
    draft.actions.push(armingAction(draft));
    return { phase: 'Idle', reason: 'NotArmed', message: 'pausing the target again' };
  }
  if (status.gate?.mode === 'Admission') {
    const { proof } = snapshot.gate;
    if (proof.state === 'Failed') return { phase: 'Invalid', reason: 'GateUnavailable', message: proof.message };
    if (proof.state === 'Unproven') {
      wake(draft, snapshot.now + 1000);
      return { phase: 'Idle', reason: 'NotArmed', message: 'the gate is armed and not proven yet' };
    }
    wake(draft, proof.at + provenMilliseconds);
  }
  if (facts.paused)
    return {
      phase: 'Idle',
      reason: 'Stable',
      message: 'the target is paused by its user and is not resumed by Tandem',
    };
  const name = shortRevision(facts.stable?.revision ?? facts.revision);
  return { phase: 'Idle', reason: 'Stable', message: `${name} is stable; the next new version will be tested` };
}

/** A template that serves although nobody approved it: the gate was not there when it was written. */
function noteBypass(draft: Draft): void {
  const { facts, status } = draft;
  const before = status.stable?.revision;
  if (!facts.complete || before === undefined || facts.recreated) return;
  if (before === shortRevision(facts.revision)) return;
  if (hasServed(entryOf(status.ledger, facts.revision))) return;
  const sentence = 'it rolled out without having been held';
  record(draft, { verdict: '', outcome: 'Bypassed', reason: 'GateBypassed', sentence, ended: true });
  event(draft, 'Warning', 'GateBypassed', 'Observe', `${shortRevision(facts.revision)}: ${sentence}`);
}
