import type { EvidenceRequest, WatchedPod } from '../evidence/request.ts';
import type { Pod } from '../kube/object.ts';
import { createdAt } from '../release/pods.ts';
import type { GonePod } from '../release/snapshot.ts';
import { endpointOf } from './pod-endpoint.ts';

type Track = GonePod['track'];

/** The pods of a request, by track. */
export type WatchedPods = Pick<EvidenceRequest, 'canaryPods' | 'stablePods' | 'baselinePods'>;

/**
 * The pods to be measured: those that are there, and those that died in the run, for what they served counts.
 *
 * @param before what was asked for so far; undefined after a restart of the operator
 * @param written pods that ended, as an earlier run of the operator wrote them into status
 */
export function watchedPods(
  present: Record<Track, Pod[]>,
  before: WatchedPods | undefined,
  written: readonly GonePod[] = [],
): { pods: WatchedPods; gonePods: GonePod[] } {
  const known: Record<Track, WatchedPod[]> = {
    canary: before?.canaryPods ?? goneOf(written, 'canary'),
    stable: before?.stablePods ?? goneOf(written, 'stable'),
    baseline: before === undefined ? goneOf(written, 'baseline') : (before.baselinePods ?? []),
  };
  const canaryPods = union(known.canary, present.canary);
  const stablePods = union(known.stable, present.stable);
  const baselinePods = union(known.baseline, present.baseline);
  return {
    pods: { canaryPods, stablePods, ...(baselinePods.length === 0 ? {} : { baselinePods }) },
    gonePods: [
      ...ended('canary', canaryPods, present.canary),
      ...ended('stable', stablePods, present.stable),
      ...ended('baseline', baselinePods, present.baseline),
    ],
  };
}

function goneOf(written: readonly GonePod[], track: Track): WatchedPod[] {
  return written
    .filter((pod) => pod.track === track)
    .map((pod) => ({ name: pod.name, startedAt: Date.parse(pod.started) }));
}

function ended(track: Track, all: WatchedPod[], present: Pod[]): GonePod[] {
  const names = new Set(present.map((pod) => pod.metadata.name));
  return all
    .filter((pod) => !names.has(pod.name))
    .map((pod) => ({ name: pod.name, track, started: new Date(pod.startedAt).toISOString() }));
}

function union(before: WatchedPod[], pods: Pod[]): WatchedPod[] {
  const all = new Map(before.map(({ name, startedAt }): [string, WatchedPod] => [name, { name, startedAt }]));
  for (const pod of pods) {
    const { name } = pod.metadata;
    const started = Date.parse(pod.status?.startTime ?? '');
    const startedAt = all.get(name)?.startedAt ?? (Number.isNaN(started) ? createdAt(pod) : started);
    const endpoint = endpointOf(pod);
    all.set(name, { name, startedAt, ...(endpoint === undefined ? {} : { endpoint }) });
  }
  return [...all.values()];
}
