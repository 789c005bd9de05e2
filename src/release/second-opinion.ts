import type { Verdict } from '../judge/verdict.ts';
import type { Pod } from '../kube/object.ts';
import { timestamp } from '../lib/timestamp.ts';
import { type Draft, event, exactTime, type PhaseState, wake } from './draft.ts';
import { createdAt, isReady, isTerminating, readySince } from './pods.ts';
import { shortRevision } from './revision.ts';
import type { GonePod } from './snapshot.ts';

/**
 * Pods of one version differ, by their node and its neighbours, and one canary pod is one draw. A gauge that is worse
 * by less than twice its tolerance is so asked for once more: the pod is deleted, and only if the next one agrees is the
 * version taken back. Several canary pods have agreed already.
 */

/** Deletes the canary pod where the regression may be the pod's; undefined where the verdict stands. */
export function askAnother(draft: Draft, verdict: Verdict): PhaseState | undefined {
  const { facts, snapshot, status } = draft;
  const { analysis } = status;
  if (verdict.borderline !== true || facts.canary?.replicas !== 1 || analysis?.secondOpinion !== undefined)
    return undefined;
  const canary = facts.canary.pods.filter((pod) => !isTerminating(pod));
  // A baseline that is warm already is no control of a fresh pod.
  const baseline = (facts.baseline?.pods ?? []).filter((pod) => !isTerminating(pod));
  const pods = [...canary, ...baseline].map((pod) => pod.metadata.name);
  status.analysis = {
    ...analysis,
    gonePods: [
      ...(analysis?.gonePods ?? []),
      ...canary.map((pod) => gonePod('canary', pod)),
      ...baseline.map((pod) => gonePod('baseline', pod)),
    ].slice(-50),
    secondOpinion: { at: exactTime(snapshot.now), pods },
  };
  const name = shortRevision(facts.revision);
  const note = `${name}: ${verdict.sentence}; pod ${pods[0]} is deleted once, to see whether the next one agrees`;
  event(draft, 'Normal', 'SecondOpinion', 'Judge', note);
  return waiting(draft, [...canary, ...baseline]);
}

function gonePod(track: GonePod['track'], pod: Pod): GonePod {
  return {
    name: pod.metadata.name,
    track,
    started: timestamp(Date.parse(pod.status?.startTime ?? '') || createdAt(pod)),
  };
}

/** A second opinion was asked for and its pod is not Ready yet. */
export function awaitsAnother({ status }: Draft): boolean {
  const second = status.analysis?.secondOpinion;
  return second !== undefined && second.since === undefined;
}

/** Waits for the next pod; from its first Ready moment on the versions are compared anew. */
export function followAnother(draft: Draft): PhaseState {
  const { facts, status } = draft;
  const second = status.analysis?.secondOpinion;
  const present = (facts.canary?.pods ?? []).filter((pod) => !isTerminating(pod));
  const old = [...present, ...(facts.baseline?.pods ?? [])].filter(
    (pod) => second?.pods.includes(pod.metadata.name) === true && !isTerminating(pod),
  );
  const next = present.filter((pod) => second?.pods.includes(pod.metadata.name) !== true);
  if (second !== undefined && next.some(isReady)) {
    const since = Math.max(...next.map((pod) => readySince(pod) ?? 0), Date.parse(second.at));
    status.analysis = { ...status.analysis, secondOpinion: { ...second, since: timestamp(since) } };
  }
  return waiting(draft, old);
}

function waiting(draft: Draft, old: Pod[]): PhaseState {
  const { snapshot, status } = draft;
  for (const pod of old) {
    draft.actions.push({ kind: 'DeletePod', name: pod.metadata.name, uid: pod.metadata.uid ?? '' });
  }
  wake(draft, snapshot.now + 2000);
  const sentence = 'the canary pod was slightly worse than stable; a second opinion is asked of the next pod';
  status.analysis = { ...status.analysis, verdict: 'Undecided', reason: 'SecondOpinion', sentence };
  return { phase: 'Analyzing', reason: 'Analyzing', message: sentence };
}

/** When the present comparison began, milliseconds; undefined where it is the first. */
export function comparedSince({ status }: Draft): number | undefined {
  const since = status.analysis?.secondOpinion?.since;
  return since === undefined ? undefined : Date.parse(since);
}

/** What is said of a regression; that another pod agreed, where one was asked. */
export function agreed(draft: Draft, sentence: string): string {
  return comparedSince(draft) === undefined ? sentence : `${sentence}; a second pod agreed`;
}

/** The next pod gets as long as the first one took, and the soak at least: milliseconds since the epoch, or 0. */
export function secondDeadline({ status, spec }: Draft, since: number): number {
  const { at, since: next } = status.analysis?.secondOpinion ?? {};
  if (at === undefined || next === undefined) return 0;
  return Date.parse(next) + Math.max(spec.analysis.minDurationSeconds * 1000, Date.parse(at) - since);
}

/** When the pods of the canary that runs now were asked for, milliseconds: what they may take to start counts from here. */
export function startedAt({ status, facts, snapshot }: Draft): number {
  const at = status.analysis?.secondOpinion?.at;
  if (at !== undefined) return Date.parse(at);
  return facts.canary === undefined ? snapshot.now : createdAt(facts.canary.deployment);
}
