import { timestamp } from '../lib/timestamp.ts';
import { alarmOf, alarmSentence } from './alarm.ts';
import { approve, commanded, retried } from './approve.ts';
import { giveUpBaseline, keepBaseline } from './baseline.ts';
import { removeCanary, removeRivals } from './cleanup.ts';
import { canaryDeployment, canaryReplicas } from './clone.ts';
import { commandOf } from './commands.ts';
import { configAnnotation } from './contamination.ts';
import { type Draft, event, exactTime, heldEntry, moment, type PhaseState, wake } from './draft.ts';
import { endRunning } from './end.ts';
import type { TrackFacts } from './facts.ts';
import { failFast } from './fail-fast.ts';
import { judged } from './judged.ts';
import { createdAt, imagesOf, isReady, readySince } from './pods.ts';
import { abort, reject } from './reject.ts';
import { shortRevision } from './revision.ts';
import { awaitsAnother, followAnother, startedAt } from './second-opinion.ts';
import { backingOff, backOff } from './start-backoff.ts';

/** Seconds without readiness after which stable's pods count as broken and not as starting. */
const brokenSeconds = 60;

/** Reasons of a canary that finds no room. */
const roomReasons = new Set(['FailedCreate', 'Unschedulable']);

/** Runs the held template as a canary beside stable and acts on what is seen of it. */
export function analyse(draft: Draft): PhaseState {
  const { facts } = draft;
  removeRivals(draft);
  if (facts.gate === 'rejected') relabelHolding(draft);
  if (facts.canary === undefined) return start(draft);
  if (facts.canary.revision !== facts.revision || facts.canary.terminating) return replace(draft);
  if (isAskedAgain(draft, facts.canary)) return startAgain(draft, 'a person asked for a new test');
  noteCanary(draft);
  return observe(draft);
}

/** Asked for again after a rejection: held as any other template. */
function relabelHolding(draft: Draft): void {
  const resourceVersion = draft.facts.target.metadata.resourceVersion ?? '';
  draft.actions.push({ kind: 'LabelTarget', value: 'holding', resourceVersion });
}

function replace(draft: Draft): PhaseState {
  endRunning(draft, 'Superseded', `${shortRevision(draft.facts.revision)} came before there was a verdict`);
  removeCanary(draft);
  const message = `the canary of another version goes first, then ${shortRevision(draft.facts.revision)} starts`;
  return { phase: 'Starting', reason: 'Starting', message };
}

function start(draft: Draft): PhaseState {
  const { facts, spec, snapshot, status } = draft;
  const name = shortRevision(facts.revision);
  const waiting = backingOff(draft);
  if (waiting !== undefined) return waiting;
  wake(draft, snapshot.now + 2000);
  if (facts.stable === undefined)
    return { phase: 'Starting', reason: 'Starting', message: 'waiting for stable to serve' };
  if (facts.baseline !== undefined) {
    removeCanary(draft);
    return { phase: 'Starting', reason: 'Starting', message: 'the baseline of the canary before goes first' };
  }
  const { proof } = snapshot.gate;
  if (status.gate?.mode === 'Admission' && proof.state === 'Failed')
    return { phase: 'Invalid', reason: 'GateUnavailable', message: proof.message };
  if (status.gate?.mode === 'Admission' && proof.state === 'Unproven')
    return { phase: 'Starting', reason: 'Starting', message: 'proving the gate' };
  const deployment = canaryDeployment({
    release: {
      name: snapshot.release.metadata.name,
      namespace: snapshot.release.metadata.namespace ?? '',
      uid: snapshot.release.metadata.uid ?? '',
    },
    target: facts.target,
    stable: { template: facts.stable.replicaSet.spec.template, pod: facts.stablePods.find(isReady) },
    replicas: canaryReplicas(facts.replicas, spec.canary),
    env: spec.canary.env,
    annotations: configAnnotation(snapshot.surroundings.configVersions),
  });
  draft.actions.push({ kind: 'CreateTrack', deployment });
  const images = imagesOf(facts.target.spec.template);
  const replicas = deployment.spec.replicas ?? 1;
  status.canary = { revision: name, images, replicas, ready: 0, started: moment(draft) };
  delete status.analysis;
  delete status.baseline;
  event(
    draft,
    'Normal',
    'CanaryStarted',
    'StartCanary',
    `${name} starts with ${replicas} ${replicas === 1 ? 'pod' : 'pods'} beside ${facts.replicas} of stable`,
  );
  return { phase: 'Starting', reason: 'Starting', message: `starting the canary of ${name}` };
}

function noteCanary(draft: Draft): void {
  const { facts, status, snapshot } = draft;
  const canary = facts.canary;
  if (canary === undefined) return;
  const name = shortRevision(facts.revision);
  const same = status.canary?.revision === name ? status.canary : undefined;
  const allReady = canary.replicas > 0 && canary.ready >= canary.replicas;
  const readyAt = Math.max(0, ...canary.pods.map((pod) => readySince(pod) ?? 0));
  const since = same?.since ?? (allReady ? timestamp(Math.min(readyAt || snapshot.now, snapshot.now)) : undefined);
  const others = facts.replicas + (facts.baseline?.replicas ?? 0);
  const share = Math.round((100 * canary.replicas) / Math.max(1, canary.replicas + others));
  status.canary = {
    revision: name,
    images: imagesOf(facts.target.spec.template),
    replicas: canary.replicas,
    ready: canary.ready,
    started: same?.started ?? exactTime(createdAt(canary.deployment)),
    share: `${share}%`,
    ...(since === undefined ? {} : { since }),
  };
}

function observe(draft: Draft): PhaseState {
  const { facts, snapshot, status } = draft;
  const canary = facts.canary;
  if (canary === undefined) return start(draft);
  if (canary.replicas === 0) return startAgain(draft, 'the canary has no pods');
  if (commanded(draft, 'abort', heldEntry(draft))) return abort(draft);
  const end = endedByPods(draft, canary);
  if (end !== undefined) return end;
  keepBaseline(draft);
  if (awaitsAnother(draft)) return followAnother(draft);
  const since = status.canary?.since;
  if (since === undefined) {
    wake(draft, snapshot.now + 5000);
    const message = `${canary.ready} of ${canary.replicas} canary pods are ready`;
    return { phase: 'Starting', reason: 'Starting', message };
  }
  if (stableIsBroken(draft))
    return approve(draft, {
      reason: 'StableBroken',
      sentence: 'no pod of stable is ready: the new version is judged on its readiness alone',
      verdict: '',
    });
  return judged(draft, Date.parse(since));
}

/** What the pods and their alerts say without any metric: the end of the release, or what keeps the canary from running. */
function endedByPods(draft: Draft, canary: TrackFacts): PhaseState | undefined {
  const { facts, spec, snapshot, status } = draft;
  const fresh = facts.baseline?.pods ?? [];
  const fault = failFast({
    now: snapshot.now,
    canary: canary.deployment,
    canaryReplicaSets: snapshot.canaryReplicaSets,
    canaryPods: canary.pods,
    stablePods: facts.stablePods,
    baselinePods: fresh,
    canaryCreatedAt: startedAt(draft),
    wasReady: status.canary?.since !== undefined && !awaitsAnother(draft),
    startDeadlineSeconds: spec.canary.startDeadlineSeconds,
  });
  if (fault.kind === 'Regression') return reject(draft, fault.reason, fault.message);
  if (fault.kind === 'Blocked') return blocked(draft, fault.reason, fault.message);
  const tracks = { canary: canary.pods, stable: [...facts.stablePods, ...fresh] };
  const alarm = alarmOf(snapshot.alerts ?? [], tracks, createdAt(canary.deployment));
  if (alarm !== undefined && spec.analysis.onRegression !== 'Report')
    return reject(draft, 'AlertFiring', alarmSentence(alarm));
  return undefined;
}

/** `retry` while a canary is there: what was seen of it does not count any more. */
function isAskedAgain(draft: Draft, canary: TrackFacts): boolean {
  const command = commandOf(draft, 'retry');
  const started = Date.parse(draft.status.canary?.started ?? '') || createdAt(canary.deployment);
  return command !== undefined && command.at > started && retried(draft, heldEntry(draft));
}

/** The canary goes; the next pass starts another one. */
function startAgain(draft: Draft, why: string): PhaseState {
  removeCanary(draft);
  delete draft.status.canary?.since;
  return { phase: 'Starting', reason: 'Starting', message: `${why}: it starts again` };
}

/** No pod of stable is ready, and not because it is just starting. */
function stableIsBroken({ facts, snapshot }: Draft): boolean {
  // Without a pod there is nothing to be seen of stable, and so no proof that it is broken.
  if (facts.replicas === 0 || facts.stablePods.length === 0 || facts.stablePods.some(isReady)) return false;
  return facts.stablePods.every((pod) => {
    const failing = (pod.status?.containerStatuses ?? []).some((status) => (status.restartCount ?? 0) > 0);
    return failing || snapshot.now - createdAt(pod) > brokenSeconds * 1000;
  });
}

/** Nothing is known of the version: it is tried again until the deadline, and never enters the ledger. */
function blocked(draft: Draft, reason: string, message: string): PhaseState {
  const { snapshot, spec, status } = draft;
  wake(draft, snapshot.now + 5000);
  const text = `the canary cannot run (${reason}): ${message}`;
  if (snapshot.release.status?.message !== text) event(draft, 'Warning', 'CanaryBlocked', 'StartCanary', text);
  status.analysis = { ...status.analysis, verdict: 'Undecided', reason: 'CanaryBlocked', sentence: text };
  // The baseline may have the room that the canary needs.
  if (roomReasons.has(reason)) giveUpBaseline(draft, 'the canary needs its room');
  // Not ready after it had been: it would block evictions of stable through a disruption budget.
  if (reason === 'StableUnstable' && status.canary?.since !== undefined) {
    backOff(draft);
    removeCanary(draft);
  }
  const late = snapshot.now - startedAt(draft) > spec.canary.startDeadlineSeconds * 1000;
  if (!late) return { phase: 'Starting', reason: 'CanaryBlocked', message: text };
  return { phase: 'Held', reason: 'Undecided', message: text, regression: 'Unknown' };
}
