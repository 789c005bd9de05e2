import type { Pod } from '../kube/object.ts';
import { timestamp } from '../lib/timestamp.ts';
import { removeBaseline } from './cleanup.ts';
import { baselineDeployment } from './clone.ts';
import { type Draft, event, wake } from './draft.ts';
import type { TrackFacts, VersionSet } from './facts.ts';
import { condition, createdAt, imagesOf, isReady, isTerminating } from './pods.ts';
import { shortRevision } from './revision.ts';

/**
 * Seconds without a Ready pod after which the release goes on without its baseline. A later one would be colder than
 * the canary, and a pod that is not Ready blocks evictions of stable through a disruption budget.
 */
export const baselinePatienceSeconds = 60;

/**
 * Runs the baseline that the spec asks for beside a canary that is observed. It is an aid: whatever becomes of it, the
 * release goes on.
 */
export function keepBaseline(draft: Draft): void {
  const { spec, facts, status } = draft;
  if (!spec.canary.baseline || facts.stable === undefined) {
    removeBaseline(draft);
    delete status.baseline;
    return;
  }
  if (status.baseline?.message !== undefined) removeBaseline(draft);
  else if (facts.baseline === undefined) start(draft, facts.stable);
  else follow(draft, facts.baseline);
  warn(draft);
}

/** The release goes on without it, and this canary gets no other one. */
export function giveUpBaseline(draft: Draft, why: string): void {
  const { status, facts } = draft;
  if (status.baseline === undefined) return;
  if (status.baseline.message === undefined) {
    status.baseline = { ...status.baseline, replicas: 0, ready: 0, message: why };
    event(draft, 'Warning', 'BaselineMissing', 'StartBaseline', `the release goes on without a baseline: ${why}`);
  }
  if (facts.baseline !== undefined) removeBaseline(draft);
}

/** The canary takes its room first. Once it is Ready, a new pod of stable would not be as fresh as its own. */
function start(draft: Draft, stable: VersionSet): void {
  const { facts, snapshot, spec, status } = draft;
  if (snapshot.release.status?.canary?.since !== undefined) return giveUpBaseline(draft, 'it was taken away');
  const pods = facts.canary?.pods ?? [];
  const placed = pods.filter((pod) => condition(pod.status?.conditions, 'PodScheduled')?.status === 'True');
  if (placed.length < (facts.canary?.replicas ?? 1)) return;
  const { name, namespace = '', uid = '' } = snapshot.release.metadata;
  const deployment = baselineDeployment({
    release: { name, namespace, uid },
    target: facts.target,
    stable: { template: stable.replicaSet.spec.template, pod: facts.stablePods.find(isReady) },
    env: spec.canary.env,
  });
  draft.actions.push({ kind: 'CreateTrack', deployment });
  status.baseline = {
    revision: shortRevision(stable.revision),
    images: imagesOf(stable.replicaSet.spec.template),
    replicas: 1,
    ready: 0,
    started: timestamp(snapshot.now),
  };
}

function follow(draft: Draft, baseline: TrackFacts): void {
  const { snapshot, status } = draft;
  status.baseline = {
    revision: shortRevision(baseline.revision),
    images: imagesOf(baseline.deployment.spec.template),
    replicas: baseline.replicas,
    ready: baseline.ready,
    started: timestamp(createdAt(baseline.deployment)),
  };
  if (baseline.terminating || baseline.replicas === 0) return giveUpBaseline(draft, 'it was taken away');
  const since = status.canary?.since;
  if (baseline.ready > 0 || since === undefined) return;
  const end = Math.max(Date.parse(since), lostReadiness(baseline)) + baselinePatienceSeconds * 1000;
  if (snapshot.now < end) wake(draft, end);
  else giveUpBaseline(draft, `it is not ready for ${baselinePatienceSeconds} s (${reasonOf(baseline)})`);
}

/** When a pod of it was last seen to be Ready, milliseconds; 0: never. */
function lostReadiness({ pods }: TrackFacts): number {
  const times = pods.map((pod) => Date.parse(condition(pod.status?.conditions, 'Ready')?.lastTransitionTime ?? ''));
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
}

function reasonOf({ deployment, pods }: TrackFacts): string {
  const failure = condition(deployment.status?.conditions, 'ReplicaFailure');
  if (failure?.status === 'True') return failure.message ?? 'its pod cannot be created';
  const pod = pods.find((item) => !isTerminating(item));
  return pod === undefined ? 'it has no pod' : podReason(pod);
}

function podReason({ status }: Pod): string {
  const scheduled = condition(status?.conditions, 'PodScheduled');
  if (scheduled?.status === 'False') return scheduled.message ?? 'no node takes its pod';
  const { reason, message } = status?.containerStatuses?.[0]?.state?.waiting ?? {};
  return [reason, message].filter((text) => text !== undefined).join(': ') || 'its pod runs and is not ready';
}

function warn({ status }: Draft): void {
  const why = status.baseline?.message;
  if (why === undefined) return;
  const text = `no baseline: ${why}; latency, CPU and memory are compared with stable's own pods`;
  status.warnings = [...(status.warnings ?? []), text].slice(-20);
}
