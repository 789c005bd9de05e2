import type { LedgerEntry } from '../../../../src/api/schema.ts';
import { parseDuration } from '../../../../src/lib/duration.ts';
import { isReady } from '../../../../src/release/pods.ts';
import type { View } from '../view.ts';
import type { CreateInvariant, Scene } from './invariant.ts';

/** Clocks of operators differ, times are whole seconds, and a failure is seen at the next round. */
const SLACK_MS = 30_000;

interface Canary {
  uid: string;
  since: number | undefined;
  pods: Set<string>;
  stablePods: Set<string>;
}

function durationOf(view: View, field: 'minDuration' | 'deadline'): number {
  const analysis = (view.release?.spec['analysis'] ?? {}) as Record<string, string>;
  return parseDuration(analysis[field] ?? '15m') * 1000;
}

function judgedOn(scene: Scene, pods: Iterable<string>): number {
  let sum = 0;
  for (const pod of pods) sum += scene.served(pod);
  return sum;
}

/** An approval that says that it rests on evidence. */
function approval(entry: LedgerEntry, canary: Canary, view: View, scene: Scene): string | undefined {
  const name = entry.revision.slice(0, 10);
  const requests = judgedOn(scene, canary.pods);
  if (requests === 0) return `${name} was approved (${entry.reason}) and its canary had no request`;
  if (judgedOn(scene, canary.stablePods) === 0)
    return `${name} was approved (${entry.reason}) and stable had no request`;
  const run = view.at - (canary.since ?? view.at);
  if (run < durationOf(view, 'minDuration') - SLACK_MS) return `${name} was approved after ${run / 1000} s`;
  return entry.reason === 'WeakEvidence' ? early(name, canary, view, scene) : undefined;
}

/** The deadline stands still while the source fails, for one deadline more at most. */
function early(name: string, canary: Canary, view: View, scene: Scene): string | undefined {
  const since = canary.since ?? view.at;
  const deadline = durationOf(view, 'deadline');
  const due = deadline + Math.min(deadline, scene.unanswered(since));
  const run = view.at - since;
  if (run >= due - SLACK_MS) return undefined;
  return `${name} was given up after ${run / 1000} s; its deadline was at ${due / 1000} s, the source had failed`;
}

/** 4. No evidence never passes, and the deadline stands still while the source fails. */
export const noEvidenceNeverPasses: CreateInvariant = (scene) => {
  const canaries = new Map<string, Canary>();
  const seen = new Set<string>();

  function follow(view: View): Canary | undefined {
    const present = view.canaries[0];
    const known = canaries.get(view.name);
    if (present === undefined) return known;
    const uid = present.metadata.uid ?? '';
    const canary =
      known?.uid === uid ? known : { uid, since: undefined, pods: new Set<string>(), stablePods: new Set<string>() };
    for (const pod of view.canaryPods) canary.pods.add(pod.metadata.name);
    for (const pod of view.pods) canary.stablePods.add(pod.metadata.name);
    // The operator may be away when they get Ready: it counts from then all the same.
    if (canary.since === undefined && view.canaryPods.length > 0 && view.canaryPods.every(isReady))
      canary.since = view.at;
    canaries.set(view.name, canary);
    return canary;
  }

  return {
    number: 4,
    name: 'no evidence never passes',
    look(view) {
      const canary = follow(view);
      if (canary === undefined) return undefined;
      for (const entry of view.ledger) {
        const id = `${view.release?.metadata.uid} ${entry.revision} ${entry.outcome} ${entry.started}`;
        if (seen.has(id)) continue;
        seen.add(id);
        const evident = entry.reason === 'Passed' || entry.reason === 'WeakEvidence';
        if (entry.outcome === 'Promoting' && evident) return approval(entry, canary, view, scene);
        if (entry.outcome === 'NotProven') return early(entry.revision.slice(0, 10), canary, view, scene);
      }
      return undefined;
    },
  };
};
