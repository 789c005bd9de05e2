import type { FiringAlert } from '../alerts/board.ts';
import { GATE_LABEL, RELEASE_LABEL, TRACK_LABEL } from '../api/names.ts';
import { type CanaryRelease, type ParsedSpec, parseSpec } from '../api/schema.ts';
import { customRefusal } from '../evidence/custom/allowed.ts';
import type { Plan } from '../judge/engine/plan-release.ts';
import type { KubeApi } from '../kube/api.ts';
import { findObject } from '../kube/find.ts';
import { type Deployment, type LabelSelector, type Pod, type ReplicaSet, resources } from '../kube/object.ts';
import type { Clock } from '../lib/clock.ts';
import { baselineName, canaryName, isOurs } from './clone.ts';
import type { GateProver } from './gate-proof.ts';
import { isControlledBy, podsOf } from './pods.ts';
import { revisionOf } from './revision.ts';
import type { Measurement, Snapshot } from './snapshot.ts';
import type { SurroundingsReader } from './surroundings.ts';

/** Where a snapshot comes from. */
export interface GatherSources {
  api: KubeApi;
  clock: Clock;
  gate: GateProver;
  surroundings: SurroundingsReader;
  /** Other CanaryReleases of the namespace with the same target. */
  namesakes(release: CanaryRelease, target: string): CanaryRelease[];
  /** What was measured for this release, judged now. */
  measurement(release: CanaryRelease): Measurement | undefined;
  /** What the next release would meet, while none has run; absent: nothing is planned ahead. */
  plan?(release: CanaryRelease): Plan | undefined;
  /** Whether releases of a namespace may have custom metrics; absent: none may. */
  customAllowed?(namespace: string): boolean;
  /** Alerts that fire for pods of a namespace; absent: none are taken. */
  alerts?(namespace: string): FiringAlert[];
}

/** What a watch knows of the ReplicaSets and pods that a target selects. */
export interface WatchedObjects {
  /** Of the target it was made for, as in a query. */
  selector: string;
  replicaSets: readonly ReplicaSet[];
  pods: readonly Pod[];
}

/**
 * Reads everything that a decision needs, live: a decision on a stale cache would be repeated or lost. With `watched`
 * ReplicaSets and pods are taken from there, which is good enough to see that there is nothing to do.
 */
export async function gather(
  sources: GatherSources,
  release: CanaryRelease,
  watched?: WatchedObjects,
): Promise<Snapshot> {
  const { api, clock } = sources;
  const namespace = release.metadata.namespace ?? '';
  const name = release.spec.targetRef.name;
  const parsed = parseSpec(release.spec);
  const spec = 'problems' in parsed ? parsed : permitted(parsed.spec, namespace, sources.customAllowed);
  const [target, canary, baseline, offered] = await Promise.all([
    findObject<Deployment>(api, resources.deployments, { namespace, name }),
    findObject<Deployment>(api, resources.deployments, { namespace, name: canaryName(name) }),
    mayHaveBaseline(spec, release, watched)
      ? findObject<Deployment>(api, resources.deployments, { namespace, name: baselineName(name) })
      : undefined,
    sources.gate.offered(),
  ]);
  const empty = { claims: {}, drivers: [], serviceSelects: undefined, configVersions: {}, unreadable: [] };
  const bare: Snapshot = {
    now: clock.now(),
    release,
    spec,
    target,
    replicaSets: [],
    pods: [],
    canary,
    canaryReplicaSets: [],
    canaryPods: [],
    baseline,
    baselinePods: [],
    quarantined: [],
    gate: { offered, proof: { state: 'Unproven' } },
    surroundings: { ...empty, namesakes: sources.namesakes(release, name) },
    measurement: undefined,
  };
  if (target === undefined || 'problems' in spec) return bare;
  const objects = await selectedBy(api, namespace, target, watched);
  const owned = ownedBy(objects, target, { canary, baseline }, release.metadata.uid ?? '');
  const surroundings = await sources.surroundings.read(target);
  const proof = await sources.gate.proof(target, proofKey(target, canary), spec.gate === 'Paused' ? 'Paused' : offered);
  const quarantined = spec.canary.quarantineSeconds > 0 ? await quarantinedPods(api, namespace, release) : [];
  return {
    ...bare,
    ...owned,
    now: clock.now(),
    quarantined,
    gate: { offered, proof },
    surroundings: { ...surroundings, namesakes: bare.surroundings.namesakes },
    measurement: sources.measurement(release),
    plan: sources.plan?.(release),
    alerts: sources.alerts?.(namespace) ?? [],
  };
}

/** Of a release that asks for none, and shows none, a pass by the watches looks for none. */
function mayHaveBaseline(
  spec: Snapshot['spec'],
  { status }: CanaryRelease,
  watched: WatchedObjects | undefined,
): boolean {
  if (watched === undefined || 'problems' in spec || spec.canary.baseline || status?.baseline !== undefined)
    return true;
  return watched.replicaSets.some(({ metadata }) => metadata.labels?.[TRACK_LABEL] === 'baseline');
}

/** What the operator's configuration does not allow is refused before anything starts. */
function permitted(
  spec: ParsedSpec,
  namespace: string,
  customAllowed: GatherSources['customAllowed'],
): Snapshot['spec'] {
  if (spec.analysis.custom.length === 0 || customAllowed?.(namespace) === true) return spec;
  return { problems: [{ path: 'spec.analysis.custom', message: customRefusal(namespace) }] };
}

/** The gate is proven anew for each template that waits for its canary. */
function proofKey(target: Deployment, canary: Deployment | undefined): string {
  const uid = target.metadata.uid ?? '';
  const waits = target.metadata.labels?.[GATE_LABEL] === 'holding' && canary === undefined;
  return waits ? `${uid} ${revisionOf(target.spec.template)}` : uid;
}

async function selectedBy(
  api: KubeApi,
  namespace: string,
  target: Deployment,
  watched: WatchedObjects | undefined,
): Promise<Pick<WatchedObjects, 'replicaSets' | 'pods'>> {
  const labelSelector = selectorText(target.spec.selector);
  if (watched?.selector === labelSelector) return watched;
  const [replicaSets, pods] = await Promise.all([
    api.list<ReplicaSet>(resources.replicaSets, { namespace, labelSelector }),
    api.list<Pod>(resources.pods, { namespace, labelSelector }),
  ]);
  return { replicaSets: replicaSets.items, pods: pods.items };
}

/** ReplicaSets and pods of all tracks: they share the labels that the target selects by, and differ by owner. */
function ownedBy(
  objects: Pick<WatchedObjects, 'replicaSets' | 'pods'>,
  target: Deployment,
  tracks: { canary: Deployment | undefined; baseline: Deployment | undefined },
  releaseUid: string,
): Pick<Snapshot, 'replicaSets' | 'pods' | 'canaryReplicaSets' | 'canaryPods' | 'baselinePods'> {
  const { replicaSets: sets, pods } = objects;
  const setsOf = (track: Deployment | undefined): ReplicaSet[] => {
    const ours = track !== undefined && isOurs(track, releaseUid) ? track.metadata.uid : undefined;
    return sets.filter((set) => isControlledBy(set, ours));
  };
  const replicaSets = sets.filter((set) => isControlledBy(set, target.metadata.uid));
  const canaryReplicaSets = setsOf(tracks.canary);
  return {
    replicaSets,
    pods: podsOf(pods, replicaSets),
    canaryReplicaSets,
    canaryPods: podsOf(pods, canaryReplicaSets),
    baselinePods: podsOf(pods, setsOf(tracks.baseline)),
  };
}

async function quarantinedPods(api: KubeApi, namespace: string, release: CanaryRelease): Promise<Pod[]> {
  const labelSelector = `${TRACK_LABEL}=quarantine,${RELEASE_LABEL}=${release.metadata.name}`;
  return (await api.list<Pod>(resources.pods, { namespace, labelSelector })).items;
}

/** A label selector as the API takes it in a query. */
export function selectorText(selector: LabelSelector): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...labels, ...expressions].join(',');
}
