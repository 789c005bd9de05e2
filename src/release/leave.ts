import { GATE_LABEL } from '../api/names.ts';
import type { KubeApi } from '../kube/api.ts';
import type { Deployment, ReplicaSet } from '../kube/object.ts';
import { resources } from '../kube/object.ts';
import type { ReleaseEvent } from './decision.ts';
import { sameRollout } from './revision.ts';

/** What is written to a gated Deployment that no CanaryRelease names any more. */
export interface Leaving {
  /** New value of the gate label; null removes it. */
  label: 'open' | null;
  /** Unpause: nothing untested rolls by it. */
  resume: boolean;
  event: ReleaseEvent | undefined;
}

/**
 * How Tandem leaves a target: it goes on serving what serves. Paused by the gate it is resumed only when its template is
 * the one that serves; a template that nobody tested stays paused, with a label by which a person can let it roll.
 */
export function leaving(target: Deployment, replicaSets: ReplicaSet[]): Leaving | undefined {
  const gate = target.metadata.labels?.[GATE_LABEL];
  if (gate === undefined || gate === 'open') return undefined;
  if (gate === 'armed') return { label: null, resume: false, event: undefined };
  const active = replicaSets.filter((set) => (set.spec.replicas ?? 0) > 0);
  const only = active.length === 1 ? active[0] : undefined;
  if (only !== undefined && sameRollout(only.spec.template, target.spec.template))
    return { label: null, resume: true, event: undefined };
  const note =
    'no CanaryRelease names this Deployment any more, and its template was not tested: it stays paused; run `kubectl rollout resume` to roll it out, or set the template back';
  return {
    label: 'open',
    resume: false,
    event: { type: 'Warning', reason: 'GateLeftOpen', action: 'Leave', note },
  };
}

/** Carries it out on exactly the object that was looked at; a Conflict is thrown. */
export async function applyLeaving(api: KubeApi, target: Deployment, change: Leaving): Promise<void> {
  const ref = { namespace: target.metadata.namespace ?? '', name: target.metadata.name };
  const metadata = { resourceVersion: target.metadata.resourceVersion, labels: { [GATE_LABEL]: change.label } };
  const body = change.resume ? { metadata, spec: { paused: null } } : { metadata };
  await api.patch(resources.deployments, ref, body, { type: 'merge' });
}
