import { type Condition, type Deployment, resources } from '../../../kube/object.ts';
import { equal } from '../../json.ts';
import { parseTime } from '../../time.ts';
import {
  type ConditionType,
  findCondition,
  newCondition,
  progressing,
  setCondition,
  withoutCondition,
} from './conditions.ts';
import { hasProgressDeadline, maxUnavailable, replicasOf, specReplicas, statusCount } from './numbers.ts';
import { allSets, type Pass } from './state.ts';

type Status = NonNullable<Deployment['status']>;

export function isComplete(deployment: Deployment, status: Status | undefined): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.replicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** As the API writes it: counts that are 0 are left out. */
function counts(pass: Pass): Status {
  const sets = allSets(pass);
  const available = statusCount(sets, 'availableReplicas');
  const numbers = {
    observedGeneration: pass.deployment.metadata.generation ?? 0,
    replicas: statusCount(sets, 'replicas'),
    updatedReplicas: pass.newSet?.status?.replicas ?? 0,
    readyReplicas: statusCount(sets, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, specReplicas(sets) - available),
  };
  const status: Status = { terminatingReplicas: statusCount(sets, 'terminatingReplicas') };
  for (const [field, value] of Object.entries(numbers)) if (value !== 0) status[field] = value;
  const collisions = pass.deployment.status?.['collisionCount'];
  if (collisions !== undefined) status['collisionCount'] = collisions;
  return status;
}

function calculate(pass: Pass): Status {
  const { deployment, now } = pass;
  const status = counts(pass);
  const enough = (status.availableReplicas ?? 0) >= replicasOf(deployment) - maxUnavailable(deployment);
  const condition = enough
    ? newCondition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
    : newCondition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        now,
      );
  return { ...status, conditions: setCondition(deployment.status?.conditions, condition) };
}

function madeProgress(before: Status, after: Status): boolean {
  const old = (status: Status): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function timedOut(deployment: Deployment, condition: Condition | undefined, now: number): boolean {
  if (condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  const updated = condition['lastUpdateTime'];
  const from = parseTime(typeof updated === 'string' ? updated : undefined);
  return from + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000 < now;
}

function subject({ newSet, deployment }: Pass): string {
  return newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
}

/** The conditions with what is known of the rollout's progress. */
function withProgress(pass: Pass, status: Status): Condition[] {
  const { deployment, now } = pass;
  const conditions = status.conditions ?? [];
  const current = progressing(deployment);
  const tell = (value: string, reason: string, what: string): Condition =>
    newCondition('Progressing', value, reason, `${subject(pass)} ${what}`, now);
  if (isComplete(deployment, status)) {
    return setCondition(conditions, tell('True', 'NewReplicaSetAvailable', 'has successfully progressed.'));
  }
  if (madeProgress(deployment.status ?? {}, status)) {
    const condition = tell('True', 'ReplicaSetUpdated', 'is progressing.');
    const kept = current?.status === 'True' ? current.lastTransitionTime : undefined;
    if (kept !== undefined) condition.lastTransitionTime = kept;
    return [...withoutCondition(conditions, 'Progressing'), condition];
  }
  if (timedOut(deployment, current, now)) {
    return setCondition(conditions, tell('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'));
  }
  return conditions;
}

function replicaFailure(pass: Pass): Condition | undefined {
  const sets = pass.newSet === undefined ? pass.oldSets : [pass.newSet, ...pass.oldSets];
  for (const { status } of sets) {
    const failure = findCondition(status?.conditions, 'ReplicaFailure');
    if (failure !== undefined) return { ...failure, lastUpdateTime: failure.lastTransitionTime ?? '' };
  }
  return undefined;
}

function write(pass: Pass, status: Status): void {
  if (equal(pass.deployment.status, status)) return;
  pass.deployment = pass.api.updateStatus<Deployment>(resources.deployments, pass.deployment, (copy) => {
    copy.status = status;
  });
}

/** Status of a Deployment that is paused or was only scaled: progress is not looked at. */
export function syncStatus(pass: Pass): void {
  write(pass, calculate(pass));
}

/** Status of a rollout. Answers in how many seconds to look at its deadline again. */
export function syncRolloutStatus(pass: Pass): number | undefined {
  const { deployment } = pass;
  const status = calculate(pass);
  let conditions = status.conditions ?? [];
  const current = progressing(deployment);
  const finished = status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable';
  if (!hasProgressDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing');
  else if (!finished) conditions = withProgress(pass, status);
  const failure = replicaFailure(pass);
  conditions =
    failure === undefined ? withoutCondition(conditions, 'ReplicaFailure') : setCondition(conditions, failure);
  write(pass, { ...status, conditions });
  return untilDeadline(pass);
}

function untilDeadline({ deployment, now }: Pass): number | undefined {
  const current = progressing(deployment);
  if (!hasProgressDeadline(deployment) || current === undefined) return undefined;
  if (isComplete(deployment, deployment.status) || current.reason === 'ProgressDeadlineExceeded') return undefined;
  const updated = current['lastUpdateTime'];
  const from = parseTime(typeof updated === 'string' ? updated : undefined);
  const seconds = (from - now) / 1000 + (deployment.spec.progressDeadlineSeconds ?? 0);
  return Math.max(1, seconds + 1);
}

/** Says that a Deployment was paused or resumed, unless it ran out of time before. */
export function checkPausedCondition(pass: Pass): void {
  const { deployment, now } = pass;
  const current = progressing(deployment);
  if (!hasProgressDeadline(deployment) || current?.reason === 'ProgressDeadlineExceeded') return;
  const paused = deployment.spec.paused === true;
  if (paused === (current?.reason === 'DeploymentPaused')) return;
  const type: ConditionType = 'Progressing';
  const condition = paused
    ? newCondition(type, 'Unknown', 'DeploymentPaused', 'Deployment is paused', now)
    : newCondition(type, 'Unknown', 'DeploymentResumed', 'Deployment is resumed', now);
  const status = deployment.status ?? {};
  write(pass, { ...status, conditions: setCondition(status.conditions, condition) });
}
