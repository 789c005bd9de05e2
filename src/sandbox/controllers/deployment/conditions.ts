import type { Condition, Deployment } from '../../../kube/object.ts';
import { timestamp } from '../../time.ts';

export type ConditionType = 'Progressing' | 'Available' | 'ReplicaFailure';

export function findCondition(conditions: Condition[] | undefined, type: string): Condition | undefined {
  return (conditions ?? []).find((condition) => condition.type === type);
}

export function withoutCondition(conditions: Condition[] | undefined, type: string): Condition[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}

export function newCondition(
  type: ConditionType,
  status: string,
  reason: string,
  message: string,
  now: number,
): Condition {
  const time = timestamp(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

/** Unchanged when status and reason are the same; the transition time is that of the status. */
export function setCondition(conditions: Condition[] | undefined, condition: Condition): Condition[] {
  const present = findCondition(conditions, condition.type);
  if (present?.status === condition.status && present.reason === condition.reason) return conditions ?? [];
  const { lastTransitionTime } = present ?? {};
  const kept = present?.status === condition.status && lastTransitionTime !== undefined;
  const next = kept ? { ...condition, lastTransitionTime } : condition;
  return [...withoutCondition(conditions, condition.type), next];
}

export function progressing(deployment: Deployment): Condition | undefined {
  return findCondition(deployment.status?.conditions, 'Progressing');
}
