import type { Condition } from '../../../../src/kube/object.ts';
import { isReady } from '../../../../src/release/pods.ts';
import { natures, versionOf } from '../application.ts';
import type { Plan } from '../plan.ts';
import type { View } from '../view.ts';
import type { CreateInvariant } from './invariant.ts';

function isTrue(conditions: readonly Condition[], type: string): boolean {
  return conditions.some((one) => one.type === type && one.status === 'True');
}

/** Phases in which nothing is under way, and those that name who must act. */
function stands({ release }: View): boolean {
  const { phase, conditions = [] } = release?.status ?? {};
  if (phase === 'Idle' || phase === 'Rejected') return true;
  if (phase === 'Held')
    return isTrue(conditions, 'Stalled') || conditions.some((one) => one.reason === 'AwaitingPerson');
  return phase === 'Invalid' && isTrue(conditions, 'Stalled');
}

/** 8. Once faults stop, every release reaches its end or a state that names who must act. */
export const comesToRest: CreateInvariant = ({ plan }) => ({
  number: 8,
  name: 'comes to rest',
  atRest(view) {
    const { release, target, active, gate } = view;
    const status = release?.status;
    if (!stands(view)) return `${status?.phase}: ${status?.message}`;
    if (gate === 'holding' && status?.phase === 'Idle') return 'a template is held and the release knows of none';
    if (target === undefined || gate === 'open' || status?.phase === 'Invalid') return undefined;
    // A rollout that was under way before the gate closed is its user's.
    const waits = gate === undefined || status?.message?.startsWith('waiting for the rollout') === true;
    if (waits && conditionOf(view, 'Ready')?.reason === 'NotArmed') return undefined;
    if (status?.observedGeneration !== release?.metadata.generation)
      return 'the last change of the spec was not looked at';
    if (status?.target?.generation !== target.metadata.generation && status?.phase !== 'Idle')
      return `the target's generation is ${target.metadata.generation}, status tells of ${status?.target?.generation}`;
    if (status?.phase === 'Held' && status.message?.includes('rollout')) return undefined;
    if (active.length !== 1) return `${active.length} versions serve in ${status?.phase}: ${status?.message}`;
    const ready = view.pods.filter(isReady).length;
    const wanted = target.spec.replicas ?? 1;
    return ready < wanted && couldBeReady(view, plan)
      ? `${ready} of ${wanted} pods are ready in ${status?.phase}`
      : undefined;
  },
});

function conditionOf({ release }: View, type: string): Condition | undefined {
  return release?.status?.conditions?.find((one) => one.type === type);
}

/** What serves could be ready: it is no broken version that was let through. */
function couldBeReady({ active }: View, plan: Plan): boolean {
  const version = active[0] === undefined ? '' : versionOf(active[0].spec.template);
  return natures[plan.versions[version] ?? 0]?.pod === undefined;
}
