import { GATE_LABEL } from '../../../src/api/names.ts';
import { type Deployment, resources } from '../../../src/kube/object.ts';
import type { Plan } from './plan.ts';
import { type Circumstances, deploymentOf, NAMESPACE, type Stage } from './stage.ts';

export type Attempt = (run: () => Promise<unknown> | void) => Promise<void>;

/** People put right what they did, so that from here on only Tandem can be the reason why something does not end. */
export async function calmDown(
  stage: Stage,
  plan: Plan,
  circumstances: Circumstances,
  attempt: Attempt,
): Promise<void> {
  circumstances.downUntil = 0;
  circumstances.receiverDownUntil = 0;
  circumstances.forbiddenUntil = 0;
  circumstances.readsForbiddenUntil = 0;
  circumstances.troubles.clear();
  for (const { name } of plan.targets) {
    const ref = { namespace: NAMESPACE, name };
    circumstances.load.set(name, 40);
    await attempt(() => stage.admin.delete(resources.canaryReleases, { namespace: NAMESPACE, name: `${name}-too` }));
    await attempt(() => stage.deleteForeignCanary(name));
    await attempt(() => stage.createRelease(name));
    await attempt(() =>
      stage.patchRelease(name, { spec: { suspend: false, analysis: { prometheus: { name: 'default' } } } }),
    );
    await attempt(() => stage.admin.create(resources.deployments, deploymentOf(name, 'v1', 2)));
    const target = await stage.admin.get<Deployment>(resources.deployments, ref);
    if ((target.spec.replicas ?? 1) === 0) await attempt(() => stage.patchTarget(name, { spec: { replicas: 3 } }));
    const gate = target.metadata.labels?.[GATE_LABEL];
    // A person's pause, and a gate that Tandem left open, are for persons to end.
    if (target.spec.paused === true && gate !== 'holding' && gate !== 'rejected') {
      circumstances.pausedByHand.delete(name);
      await attempt(() => stage.patchTarget(name, { spec: { paused: null } }));
    }
    if (gate === 'open') await attempt(() => stage.closeGate(name));
  }
}

/** Everybody leaves: no CanaryRelease is there any more. */
export async function leave(stage: Stage, plan: Plan, attempt: Attempt): Promise<void> {
  for (const { name } of plan.targets)
    await attempt(() => stage.admin.delete(resources.canaryReleases, { namespace: NAMESPACE, name }));
}
