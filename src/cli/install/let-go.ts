import { GATE_LABEL } from '../../api/names.ts';
import type { KubeApi } from '../../kube/api.ts';
import { isConflict, isNotFound } from '../../kube/errors.ts';
import { type Deployment, type ReplicaSet, resources } from '../../kube/object.ts';
import { monotonicNow, sleep } from '../../lib/clock.ts';
import { selectorText } from '../../release/gather.ts';
import { applyLeaving, leaving } from '../../release/leave.ts';
import { isControlledBy } from '../../release/pods.ts';
import { CliError, exitCodes } from '../exit.ts';
import type { CliIo } from '../io.ts';

/** A target whose template nobody tested: it stays paused. */
export interface LeftTarget {
  namespace: string;
  name: string;
}

const intervalMs = 500;

/**
 * Takes the gate off every Deployment, as the operator does when it leaves one. For when the gate's policy is deleted:
 * API servers hold to it for some moments more, so each is looked at again until it stays as it was written. Answers
 * with those that are left paused. Throws CliError at the timeout.
 */
export async function letTargetsGo(io: CliIo, api: KubeApi, seconds: number): Promise<LeftTarget[]> {
  const start = monotonicNow(io.clock);
  for (;;) {
    const { items } = await api.list<Deployment>(resources.deployments, { labelSelector: GATE_LABEL });
    const gated = items.filter(({ metadata }) => metadata.labels?.[GATE_LABEL] !== 'open');
    if (gated.length === 0) return items.filter(({ spec }) => spec.paused === true).map(leftTarget);
    for (const target of gated) await letGo(api, target);
    if (monotonicNow(io.clock) - start >= seconds * 1000) throw stillHeld(gated, seconds);
    await sleep(io.clock, intervalMs);
  }
}

const leftTarget = ({ metadata }: Deployment): LeftTarget => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});

async function letGo(api: KubeApi, target: Deployment): Promise<void> {
  const { namespace = '' } = target.metadata;
  const labelSelector = selectorText(target.spec.selector);
  const { items } = await api.list<ReplicaSet>(resources.replicaSets, { namespace, labelSelector });
  const own = items.filter((set) => isControlledBy(set, target.metadata.uid));
  const change = leaving(target, own);
  if (change === undefined) return;
  try {
    await applyLeaving(api, target, change);
  } catch (error) {
    // Changed or gone meanwhile: the next look tells.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

function stillHeld(targets: Deployment[], seconds: number): CliError {
  const names = targets.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return new CliError(
    exitCodes.failure,
    `the gate of ${names.join(', ')} did not open within ${seconds} s`,
    'run tandem uninstall again: it goes on where it stopped',
  );
}
