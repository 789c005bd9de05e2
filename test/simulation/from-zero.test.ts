import { afterEach, describe, expect, it } from 'vitest';
import { GATE_LABEL } from '../../src/api/names.ts';
import { type ReplicaSet, resources } from '../../src/kube/object.ts';
import { createWorld, tagOf, type World } from './world.ts';

/**
 * A paused target without pods that is scaled up: the Deployment controller takes the ReplicaSet of the template, or
 * else the newest, whatever the gate says, and no policy can tell: a Scale object carries no labels.
 */

let world: World;
const spec = { analysis: { minDuration: '2m', warmup: '10s' }, canary: { startDeadline: '1m' } };

afterEach(() => {
  world.killOperator();
  expect(world.violations).toEqual([]);
});

/** v2 served once while the gate was open and was taken back by a person: its ReplicaSet is there, nobody approved it. */
async function takenBack(): Promise<void> {
  world = await createWorld({ spec });
  await gate('open');
  await world.setVersion('v2');
  await world.until('v2 serves', () => world.serving()['v2'] === 3, 60);
  await world.setVersion('v1');
  await world.until('v1 serves', () => world.serving()['v1'] === 3, 60);
  await gate('armed');
  await world.phase('Idle', 60);
}

async function gate(value: string): Promise<void> {
  await world.patchTarget({ metadata: { labels: { [GATE_LABEL]: value } } });
}

async function toZero(): Promise<void> {
  await world.scale(0);
  await world.until('no pods', (status) => world.pods().length === 0 && status.stable?.replicas === 0, 60);
}

describe('a target that was scaled to 0', () => {
  it('brings stable back, also when a version that nobody approved came while no operator ran', async () => {
    await takenBack();
    await toZero();
    world.killOperator();
    await world.setVersion('v2');
    expect(await world.gate()).toBe('holding');
    await world.scale(3);
    await world.seconds(60);
    expect(world.serving()).toEqual({ v1: 3 });

    world.startOperator();
    await world.phase('Analyzing', 60);
    expect(world.serving()).toEqual({ v1: 3 });
  });

  it('keeps what is older than the CanaryRelease: the history of its owner', async () => {
    await takenBack();
    const { apiVersion, kind, metadata, spec: own } = await world.release();
    const { name, namespace = 'shop' } = metadata;
    await world.admin.delete(resources.canaryReleases, { namespace, name });
    await world.seconds(30);
    expect(await world.gate()).toBeUndefined();
    await world.admin.create(resources.canaryReleases, { apiVersion, kind, metadata: { name, namespace }, spec: own });
    await world.phase('Idle', 60);
    await toZero();
    await world.seconds(60);
    const sets = world.sandbox.peek<ReplicaSet>(resources.replicaSets, namespace);
    expect(sets.map((set) => tagOf(set.spec.template))).toEqual(['v1', 'v2']);
  });

  it('keeps the ReplicaSets of versions that served and were approved, for the way back', async () => {
    world = await createWorld({ spec });
    world.script('v2', { verdict: 'Pass', after: 10 });
    await world.setVersion('v2');
    await world.outcome('Promoted', 300);
    await world.phase('Idle', 60);
    await toZero();
    await world.setVersion('v1');
    await world.scale(2);
    await world.until('v1 serves', () => world.serving()['v1'] === 2, 60);
  });

  it('does not let a version through that was rejected', async () => {
    world = await createWorld({ spec });
    world.script('v2', { verdict: 'Regression', after: 10 });
    await world.setVersion('v2');
    await world.phase('Rejected', 300);
    await world.setVersion('v1');
    await world.phase('Idle', 60);
    await toZero();
    await world.setVersion('v2');
    await world.phase('Rejected', 60);
    expect(await world.gate()).toBe('rejected');
    await world.scale(3);
    await world.seconds(60);
    expect(world.serving()).toEqual({ v1: 3 });
  });
});
