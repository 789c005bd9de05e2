import { afterEach, describe, expect, it } from 'vitest';
import { SERVICE_ACCOUNT, TRACK_LABEL } from '../../src/api/names.ts';
import { resources } from '../../src/kube/object.ts';
import { createWorld, type World } from './world.ts';

/** What the simulation of the whole operator has found, each as a release of its own. */

const PROOF = 'patch deployments true';

let world: World;
const spec = { analysis: { minDuration: '2m', warmup: '10s' }, canary: { startDeadline: '1m' } };

afterEach(() => {
  world.killOperator();
  expect(world.violations).toEqual([]);
});

describe('a canary of which a pod was evicted', () => {
  it('goes at the end: its ReplicaSet never takes a failed pod away', async () => {
    world = await createWorld({ spec });
    world.sandbox.pods.behave((pod) =>
      pod.spec.containers[0]?.image === 'shop:v2' ? { evict: { afterSeconds: 20 } } : undefined,
    );
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.seconds(30);

    await world.setVersion('v1');
    await world.until('the canary is gone', async () => world.canary() === undefined, 60);
  });
});

describe('a release at rest', () => {
  it('lists and writes nothing: the gate is proven by a dry run an hour', async () => {
    world = await createWorld({ spec });
    await world.seconds(10);
    const seen: string[] = [];
    world.sandbox.observe(({ username, verb, dryRun, resource }) => {
      if (username === SERVICE_ACCOUNT && verb !== 'watch') seen.push(`${verb} ${resource?.plural ?? ''} ${dryRun}`);
    });
    await world.seconds(3 * 3600);

    expect(seen.filter((call) => call === PROOF)).toHaveLength(3);
    expect(seen.filter((call) => call !== PROOF && !call.startsWith('discover'))).toEqual([]);
  });

  it('ends the quarantine of its pods in time', async () => {
    world = await createWorld({ spec: { ...spec, canary: { ...spec.canary, quarantine: '2m' } } });
    world.script('v2', { verdict: 'Regression' });
    const quarantined = (): boolean =>
      world.sandbox.peek(resources.pods, 'shop').some((pod) => pod.metadata.labels?.[TRACK_LABEL] === 'quarantine');
    await world.setVersion('v2');
    await world.until('quarantined', () => quarantined(), 120);
    await world.until('the pods are gone', () => !quarantined(), 150);
  });

  it('is looked at whole when its gate is not in force any more', async () => {
    world = await createWorld({ spec });
    await world.admin.delete(
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingAdmissionPolicyBinding',
        plural: 'mutatingadmissionpolicybindings',
        namespaced: false,
      },
      { name: 'tandem-gate' },
    );
    const status = await world.phase('Invalid', 3700);
    expect(status.conditions?.find((item) => item.type === 'Stalled')?.reason).toBe('GateUnavailable');
  });
});
