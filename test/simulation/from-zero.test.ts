import { afterEach, describe, expect, it } from 'vitest';
import { GATE_LABEL } from '../../src/api/names.ts';
import { createWorld, type World } from './world.ts';

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
