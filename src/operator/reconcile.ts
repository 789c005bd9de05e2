import type { CanaryRelease, CanaryReleaseStatus, Phase } from '../api/schema.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { findObject } from '../kube/find.ts';
import { type Deployment, type KubeObject, type ReplicaSet, resources } from '../kube/object.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { applyAction, writeStatus } from '../release/apply.ts';
import { decide } from '../release/decide.ts';
import type { Decision, ReleaseEvent } from '../release/decision.ts';
import { provenMilliseconds } from '../release/gate-proof.ts';
import { type GatherSources, gather, selectorText } from '../release/gather.ts';
import { applyLeaving, leaving } from '../release/leave.ts';
import { isControlledBy } from '../release/pods.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { keyOf } from './asked.ts';
import type { Neighbours } from './neighbours.ts';
import type { UnsureWrites } from './unsure.ts';

export interface ReconcileDeps extends GatherSources {
  log: Logger;
  /** Watches of what running releases need; absent: each pass reads it. */
  neighbours?: Pick<Neighbours, 'follow' | 'leave' | 'watched'>;
  unsure: UnsureWrites;
  /** Cuts a status to the bounds of the CRD: what the API server refuses would stop a release. */
  fit(status: CanaryReleaseStatus): CanaryReleaseStatus;
  /** Reports an event on an object; never throws. */
  emit(regarding: KubeObject, event: ReleaseEvent): void;
  /** Told after each pass what is to be measured from now on. */
  measure(snapshot: Snapshot, decision: Decision): void;
  /** Told when a release is gone. */
  forget(key: string): void;
  /** Told of each pass whose status was written, before its evidence is dropped: metrics, notifications, reports. */
  observe(snapshot: Snapshot, decision: Decision): void;
}

/** When to look again, milliseconds since the epoch; undefined: a change will tell. */
export interface PassResult {
  wakeAt: number | undefined;
  /** Nothing is under way: until something changes there is nothing to do. */
  resting: boolean;
  /** The next look is for nothing but the gate, which has to be proven from time to time. */
  forProof: boolean;
}

const gone: PassResult = { wakeAt: undefined, resting: false, forProof: false };
const restingPhases: readonly Phase[] = ['Idle', 'Rejected', 'Suspended'];
const runningPhases: readonly Phase[] = ['Starting', 'Analyzing', 'Held', 'Promoting', 'RollingBack'];
/** Milliseconds until the next look after a write that met a change. */
const staleRetry = 200;

/**
 * One pass over one release: read, decide, report, write the status, then act. The status goes first, so that a crash
 * anywhere leaves a decision that the next pass completes. Throws what is worth a retry with backoff.
 */
export async function reconcileRelease(deps: ReconcileDeps, namespace: string, name: string): Promise<PassResult> {
  const release = await findObject<CanaryRelease>(deps.api, resources.canaryReleases, { namespace, name });
  if (release === undefined || release.metadata.deletionTimestamp !== undefined) {
    deps.neighbours?.leave(`${namespace}/${name}`);
    deps.forget(`${namespace}/${name}`);
    return gone;
  }
  const { snapshot, decision } = await decided(deps, release);
  // The version of the object tells the lines of one pass from those of the next.
  const log = deps.log.child({ namespace, release: name, pass: release.metadata.resourceVersion });
  report(deps, log, snapshot, decision);
  const context = { api: deps.api, release, target: release.spec.targetRef.name, now: snapshot.now };
  const written = { ...decision, status: deps.fit(decision.status) };
  try {
    await writeStatus(context, written.status);
  } catch (error) {
    deps.unsure.failed(snapshot);
    if (isConflict(error)) return again(deps.clock);
    if (isNotFound(error)) return gone;
    throw error;
  }
  deps.observe(deps.unsure.settled(snapshot), written);
  deps.measure(snapshot, decision);
  followOrLeave(deps, snapshot, decision);
  for (const action of decision.actions) {
    const result = await applyAction(context, action);
    log.info({ action: action.kind, result }, 'wrote');
    if (result === 'Stale') return again(deps.clock);
  }
  if (decision.actions.length > 0) return again(deps.clock);
  const { phase } = decision.status;
  const resting = phase !== undefined && restingPhases.includes(phase);
  return { wakeAt: decision.wakeAt, resting, forProof: isForProof(snapshot, decision) };
}

function isForProof({ gate }: Snapshot, { wakeAt }: Decision): boolean {
  return wakeAt === undefined || (gate.proof.state === 'Proven' && wakeAt === gate.proof.at + provenMilliseconds);
}

interface Decided {
  snapshot: Snapshot;
  decision: Decision;
}

/**
 * By what the watches know where that leaves everything as it is; by what the API says now wherever anything is to be
 * done or said. So a watch that lags can delay a decision by moments, and never make one.
 */
async function decided(deps: ReconcileDeps, release: CanaryRelease): Promise<Decided> {
  const watched = deps.neighbours?.watched(keyOf(release));
  const snapshot = await gather(deps, release, watched);
  const decision = decide(snapshot);
  if (watched === undefined || leavesAll(release, decision)) return { snapshot, decision };
  const live = await gather(deps, release);
  return { snapshot: live, decision: decide(live) };
}

/** Nothing but figures changes. */
function leavesAll({ status }: CanaryRelease, decision: Decision): boolean {
  if (decision.actions.length > 0 || decision.events.length > 0 || decision.status.phase !== status?.phase)
    return false;
  return JSON.stringify(decision.status.ledger ?? []) === JSON.stringify(status?.ledger ?? []);
}

function followOrLeave({ neighbours }: ReconcileDeps, { release, target }: Snapshot, { status }: Decision): void {
  const { phase } = status;
  if (target !== undefined && phase !== undefined && runningPhases.includes(phase))
    neighbours?.follow(keyOf(release), target);
  else neighbours?.leave(keyOf(release));
}

function again(clock: Clock): PassResult {
  return { wakeAt: clock.now() + staleRetry, resting: false, forProof: false };
}

function report(deps: ReconcileDeps, log: Logger, snapshot: Snapshot, decision: Decision): void {
  for (const event of decision.events) {
    deps.emit(snapshot.release, event);
    log.info({ reason: event.reason, note: event.note }, 'event');
  }
}

/** Releases a gated Deployment that no CanaryRelease names. Asks the API, not a cache: a late cache must not open a gate. */
export async function leaveTarget(deps: ReconcileDeps, namespace: string, name: string): Promise<void> {
  const { api } = deps;
  const target = await findObject<Deployment>(api, resources.deployments, { namespace, name });
  if (target === undefined) return;
  const releases = await api.list<CanaryRelease>(resources.canaryReleases, { namespace });
  if (releases.items.some((release) => release.spec.targetRef.name === name)) return;
  const labelSelector = selectorText(target.spec.selector);
  const sets = await api.list<ReplicaSet>(resources.replicaSets, { namespace, labelSelector });
  const own = sets.items.filter((set) => isControlledBy(set, target.metadata.uid));
  const change = leaving(target, own);
  if (change === undefined) return;
  if (change.event !== undefined) deps.emit(target, change.event);
  await applyLeaving(api, target, change);
  deps.log.info({ namespace, target: name, label: change.label, resume: change.resume }, 'left a target');
}
