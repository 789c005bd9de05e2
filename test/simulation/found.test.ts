import { afterEach, describe, expect, it } from 'vitest';
import { createWorld, type World } from './world.ts';

/** What the simulation of the whole operator has found, each as a release of its own. */

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
