import { commandProblems } from '../api/commands.ts';
import type { CanaryReleaseStatus, ParsedSpec } from '../api/schema.ts';
import { timestamp } from '../lib/timestamp.ts';
import { adopt } from './adopt.ts';
import { armed } from './armed.ts';
import { endQuarantine, removeCanary } from './cleanup.ts';
import { noteCommands } from './commands.ts';
import type { Decision } from './decision.ts';
import { type Draft, event, type PhaseState, seenSince, wake } from './draft.ts';
import { factsOf } from './facts.ts';
import { foresee, forgetForeseen } from './foreseen.ts';
import { held } from './held.ts';
import { imagesOf, isReady } from './pods.ts';
import { refusalOf, warningsOf } from './preflight.ts';
import { shortRevision } from './revision.ts';
import type { Snapshot } from './snapshot.ts';
import { forgetBackoff } from './start-backoff.ts';
import { finishStatus } from './status.ts';

/** Seconds a target may be missing before that is an error: kustomize may apply it second. */
const missingTargetSeconds = 300;
/** Milliseconds to the next look at the least. */
const shortestWait = 250;
/** Seconds until an invalid release is looked at again. */
const invalidSeconds = 10;
/** Annotation of a quarantined pod with the end of its time. */
export const UNTIL_ANNOTATION = 'tandem.dev/until';

type Stage = (draft: Draft) => PhaseState | undefined;

/** In order; the first that answers ends the pass. */
const stages: Stage[] = [
  refused, // what cannot be released safely is not touched
  suspended, // nothing starts, what is held stays held
  opened, // a person's way out
  adopt, // no label yet
  armed, // idle, or rolling out what was approved
  held, // a template waits
];

/**
 * One decision: what the status should say and what should be written, from what is known and nothing else. The same
 * snapshot gives the same decision; a decision that was carried out in part is completed by deciding again.
 */
export function decide(snapshot: Snapshot): Decision {
  const { release, spec, target } = snapshot;
  const status: CanaryReleaseStatus = structuredClone(release.status ?? { observedGeneration: -1 });
  forgetForeseen(status, release);
  if ('problems' in spec) {
    const message = spec.problems.map((problem) => `${problem.path}: ${problem.message}`).join('; ');
    return finish(bare(status), snapshot, { phase: 'Invalid', reason: 'InvalidSpec', message });
  }
  if (target === undefined) return finish(bare(status), snapshot, missing(snapshot, spec));
  const facts = factsOf(snapshot, target);
  const draft: Draft = { snapshot, spec, facts, status, actions: [], events: [], wakeAt: undefined };
  forgetGenerations(draft);
  noteCommands(draft);
  noteMode(draft);
  noteWarnings(draft);
  endQuarantine(draft, (annotations) => Date.parse(annotations[UNTIL_ANNOTATION] ?? '') || 0);
  const state = firstState(draft);
  noteTarget(draft);
  foresee(state, draft);
  return finish(draft, snapshot, state);
}

type Parts = Pick<Draft, 'status' | 'actions' | 'events' | 'wakeAt'>;

function bare(status: CanaryReleaseStatus): Parts {
  return { status, actions: [], events: [], wakeAt: undefined };
}

function firstState(draft: Draft): PhaseState {
  for (const stage of stages) {
    const state = stage(draft);
    if (state !== undefined) return state;
  }
  throw new Error(`no stage answered for gate ${draft.facts.gate}`);
}

function finish(parts: Parts, snapshot: Snapshot, state: PhaseState): Decision {
  const { status, actions, events } = parts;
  finishStatus(status, snapshot, state);
  // A target without the gate's label is not watched: what is wrong with it is looked at again.
  const invalid = state.phase === 'Invalid' ? snapshot.now + invalidSeconds * 1000 : undefined;
  const wakeAt = parts.wakeAt ?? invalid;
  // A moment that has passed already would be looked at again and again.
  return {
    status,
    actions,
    events,
    wakeAt: wakeAt === undefined ? undefined : Math.max(wakeAt, snapshot.now + shortestWait),
  };
}

function missing(snapshot: Snapshot, spec: ParsedSpec): PhaseState {
  const since = snapshot.release.status?.phaseSince;
  const before = snapshot.release.status?.phase === 'Invalid' && since !== undefined;
  const missingFor = before ? (snapshot.now - Date.parse(since)) / 1000 : 0;
  const message = `Deployment ${spec.targetRef.name} does not exist in namespace ${snapshot.release.metadata.namespace}: create it, or correct spec.targetRef.name`;
  return { phase: 'Invalid', reason: 'TargetNotFound', message, reconciling: missingFor < missingTargetSeconds };
}

function refused(draft: Draft): PhaseState | undefined {
  const refusal = refusalOf(draft.facts, draft.snapshot);
  if (refusal === undefined) return undefined;
  const { release } = draft.snapshot;
  if (release.status?.message !== refusal.message) event(draft, 'Warning', refusal.reason, 'Check', refusal.message);
  return { phase: 'Invalid', ...refusal };
}

function suspended(draft: Draft): PhaseState | undefined {
  const { facts, spec } = draft;
  if (!spec.suspend) return undefined;
  removeCanary(draft);
  const resourceVersion = facts.target.metadata.resourceVersion ?? '';
  const holds = facts.gate === 'holding' || facts.gate === 'rejected';
  if (holds && facts.stable?.revision === facts.revision) {
    draft.actions.push({ kind: 'ResumeTarget', revision: facts.revision, resourceVersion });
    wake(draft, draft.snapshot.now + 1000);
  } else if (holds) return { phase: 'Suspended', reason: 'Held', message: 'suspended; the held template stays held' };
  if (facts.gate === 'armed') {
    draft.actions.push({ kind: 'LabelTarget', value: null, resourceVersion });
    wake(draft, draft.snapshot.now + 1000);
  }
  return { phase: 'Suspended', reason: 'Suspended', message: 'suspended: new templates roll out without a test' };
}

function opened(draft: Draft): PhaseState | undefined {
  const { facts, snapshot } = draft;
  if (facts.gate !== 'open') return undefined;
  if (facts.canary !== undefined && snapshot.release.status?.phase !== 'Idle')
    event(draft, 'Warning', 'GateOpened', 'EndRelease', 'a person opened the gate: the release ends without a verdict');
  removeCanary(draft);
  const message =
    'the gate was opened by a person, nothing is held; label the target tandem.dev/gate=armed to close it again';
  return { phase: 'Idle', reason: 'NotArmed', message };
}

/**
 * Another object counts its generations anew: an entry that kept the old one's number would be taken for a template of
 * this one (see facts.ts). Whichever stage answers, the status is about to tell of the new object.
 */
function forgetGenerations({ facts, status }: Draft): void {
  if (!facts.recreated || status.ledger === undefined) return;
  status.ledger = status.ledger.map((entry) => ({ ...entry, generation: 0 }));
}

function noteMode(draft: Draft): void {
  const { spec, snapshot, status } = draft;
  const mode = spec.gate === 'Paused' || snapshot.gate.offered === 'Paused' ? 'Paused' : 'Admission';
  const provenAt = mode === 'Admission' ? provenTime(snapshot) : undefined;
  status.gate = {
    mode,
    ...(provenAt === undefined ? {} : { provenAt }),
    ...(mode === 'Paused' && spec.gate === 'Admission'
      ? { message: 'this API server has no MutatingAdmissionPolicy: the target stays paused instead' }
      : {}),
  };
}

/** Moves once a day: a write every hour for each release at rest would be a thousand writes for nothing. */
function provenTime({ gate, release }: Snapshot): string | undefined {
  if (gate.proof.state !== 'Proven') return undefined;
  const before = release.status?.gate?.provenAt;
  if (before !== undefined && gate.proof.at - Date.parse(before) < 86_400_000) return before;
  return timestamp(gate.proof.at);
}

function noteWarnings(draft: Draft): void {
  const { facts, snapshot, spec, status } = draft;
  const commands = commandProblems(snapshot.release.metadata.annotations);
  status.warnings = [...commands, ...warningsOf(facts, snapshot, spec)].slice(0, 20);
}

function noteTarget(draft: Draft): void {
  const { facts, status } = draft;
  forgetBackoff(draft);
  const since = seenSince(draft);
  status.target = {
    uid: facts.target.metadata.uid ?? '',
    generation: facts.target.metadata.generation ?? 0,
    revision: shortRevision(facts.revision),
    ...(since === undefined ? {} : { since }),
  };
  if (facts.canary === undefined && !draft.actions.some((action) => action.kind === 'CreateTrack'))
    delete status.canary;
  if (facts.canary === undefined || facts.gate === 'armed') delete status.baseline;
  const stable = facts.stable;
  if (stable === undefined) return;
  // A revision becomes stable when it serves whole, not with its first pod.
  if (facts.gate === 'armed' && !facts.complete && status.stable !== undefined) return;
  status.stable = {
    revision: shortRevision(stable.revision),
    images: imagesOf(stable.replicaSet.spec.template),
    replicas: facts.replicas,
    ready: facts.stablePods.filter(isReady).length,
  };
}
