import {
  DEPLOYMENT_REVISION_ANNOTATION,
  GATE_LABEL,
  type GateValue,
  REVISION_ANNOTATION,
  TRACK_LABEL,
} from '../api/names.ts';
import type { LedgerEntry } from '../api/schema.ts';
import type { Deployment, Pod, ReplicaSet } from '../kube/object.ts';
import { isOurs } from './clone.ts';
import { createdAt, isReady, isTerminating, podsOf } from './pods.ts';
import { revisionOf, shortRevision } from './revision.ts';
import type { Snapshot } from './snapshot.ts';

/** A ReplicaSet of the target together with the revision of its template. */
export interface VersionSet {
  replicaSet: ReplicaSet;
  revision: string;
  replicas: number;
  available: number;
}

/** What follows from a snapshot with a target, before anything is decided. */
export interface Facts {
  target: Deployment;
  revision: string;
  gate: GateValue | undefined;
  paused: boolean;
  replicas: number;
  /** The target's own status says that its template is rolled out everywhere. */
  complete: boolean;
  /** The target is another object than the one that the status tells of. */
  recreated: boolean;
  sets: VersionSet[];
  /** Those with pods, oldest first. */
  active: VersionSet[];
  /** The version that serves; undefined while none or two do. */
  stable: VersionSet | undefined;
  stablePods: Pod[];
  /** ReplicaSets of another track that the target adopted after somebody orphaned them. */
  orphans: ReplicaSet[];
  canary: TrackFacts | undefined;
  /** The fresh pod of stable beside the canary. */
  baseline: TrackFacts | undefined;
}

/** A Deployment of this release beside the target. */
export interface TrackFacts {
  deployment: Deployment;
  uid: string;
  revision: string;
  replicas: number;
  ready: number;
  pods: Pod[];
  terminating: boolean;
}

const gateValues: readonly string[] = ['armed', 'holding', 'rejected', 'open'] satisfies GateValue[];

export function factsOf(snapshot: Snapshot, target: Deployment): Facts {
  const label = target.metadata.labels?.[GATE_LABEL];
  const own = snapshot.replicaSets.filter((set) => !(TRACK_LABEL in (set.metadata.labels ?? {})));
  const status = snapshot.release.status;
  const recreated = status?.target?.uid !== undefined && status.target.uid !== target.metadata.uid;
  const revision = knownRevision(snapshot, target, recreated) ?? revisionOf(target.spec.template);
  const sets = own.map(versionSet).sort((a, b) => createdAt(a.replicaSet) - createdAt(b.replicaSet));
  const active = sets.filter((set) => set.replicas > 0);
  const held = label === 'holding' || label === 'rejected';
  const stable = servingSet(sets, active, { last: status?.stable?.revision, revision, held });
  return {
    target,
    revision,
    gate: label !== undefined && gateValues.includes(label) ? (label as GateValue) : undefined,
    paused: target.spec.paused === true,
    replicas: target.spec.replicas ?? 1,
    complete: isComplete(target),
    recreated,
    sets,
    active,
    stable,
    stablePods: stable === undefined ? [] : podsOf(snapshot.pods, [stable.replicaSet]),
    orphans: snapshot.replicaSets.filter((set) => TRACK_LABEL in (set.metadata.labels ?? {})),
    canary: trackFacts(snapshot, snapshot.canary, snapshot.canaryPods),
    baseline: trackFacts(snapshot, snapshot.baseline, snapshot.baselinePods),
  };
}

/**
 * The same generation is the same template, whatever its hash is now: a cluster upgrade that adds a default changes
 * the hash of a template that nobody touched.
 */
function knownRevision({ release }: Snapshot, target: Deployment, recreated: boolean): string | undefined {
  if (recreated || target.metadata.generation === undefined) return undefined;
  return release.status?.ledger?.find((entry) => entry.generation === target.metadata.generation)?.revision;
}

function versionSet(replicaSet: ReplicaSet): VersionSet {
  return {
    replicaSet,
    revision: revisionOf(replicaSet.spec.template),
    replicas: replicaSet.spec.replicas ?? 1,
    available: replicaSet.status?.availableReplicas ?? 0,
  };
}

/**
 * With no pods at all stable is the target's own template, or, while that one is held, what served last, else the
 * newest that is not the held template.
 */
function servingSet(
  sets: VersionSet[],
  active: VersionSet[],
  { last, revision, held }: { last: string | undefined; revision: string; held: boolean },
): VersionSet | undefined {
  if (active.length === 1) return active[0];
  if (active.length > 1) return undefined;
  const own = sets.findLast((set) => set.revision === revision);
  if (!held && own !== undefined) return own;
  return (
    sets.findLast((set) => shortRevision(set.revision) === last) ??
    sets.findLast((set) => set.revision !== revision) ??
    own
  );
}

/** The rule of `kubectl rollout status`: observed, updated, old ones gone, available. */
export function isComplete(target: Deployment): boolean {
  const status = target.status ?? {};
  const wanted = target.spec.replicas ?? 1;
  const observed = (status.observedGeneration ?? 0) >= (target.metadata.generation ?? 0);
  const updated = (status.updatedReplicas ?? 0) >= wanted && (status.replicas ?? 0) <= (status.updatedReplicas ?? 0);
  return observed && updated && (status.availableReplicas ?? 0) >= wanted;
}

function trackFacts({ release }: Snapshot, deployment: Deployment | undefined, pods: Pod[]): TrackFacts | undefined {
  const uid = release.metadata.uid;
  if (deployment === undefined || uid === undefined || !isOurs(deployment, uid)) return undefined;
  return {
    deployment,
    uid: deployment.metadata.uid ?? '',
    revision: deployment.metadata.annotations?.[REVISION_ANNOTATION] ?? '',
    replicas: deployment.spec.replicas ?? 1,
    ready: pods.filter(isReady).length,
    pods,
    terminating: isTerminating(deployment),
  };
}

export function deploymentRevision(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[DEPLOYMENT_REVISION_ANNOTATION] ?? 0);
}

/** maxSurge and maxUnavailable of a rolling update in pods, rounded as the Deployment controller does. */
export function rollingBounds(target: Deployment): { surge: number; unavailable: number } {
  const replicas = target.spec.replicas ?? 1;
  const rolling = target.spec.strategy?.rollingUpdate;
  const surge = podsFrom(rolling?.maxSurge ?? '25%', replicas, Math.ceil);
  const unavailable = podsFrom(rolling?.maxUnavailable ?? '25%', replicas, Math.floor);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function podsFrom(value: number | string, replicas: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  return round((Number.parseFloat(value) / 100) * replicas);
}

/** The last outcome of a revision. */
export function entryOf(ledger: LedgerEntry[] | undefined, revision: string): LedgerEntry | undefined {
  return ledger?.find((entry) => entry.revision === revision);
}
