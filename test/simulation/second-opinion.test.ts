import { afterEach, describe, expect, it } from 'vitest';
import { type Pod, resources } from '../../src/kube/object.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

/** A regression that one pod alone might explain: the next pod is asked, once. */

const spec = { analysis: { minDuration: '2m', warmup: '10s' }, canary: { startDeadline: '1m' } };
const borderline = { verdict: 'Regression', borderline: true } as const;

let world: World;

async function begin(options: WorldOptions = {}): Promise<World> {
  world = await createWorld({ spec, ...options });
  return world;
}

afterEach(() => {
  world.killOperator();
  expect(world.violations).toEqual([]);
});

function asked(): number {
  return world.events.filter((event) => event.reason === 'SecondOpinion').length;
}

function second(): Promise<unknown> {
  return world.until('a second pod runs', (status) => status.analysis?.secondOpinion?.since !== undefined, 120);
}

it('does not agree: the version is promoted after a soak of its own', async () => {
  await begin();
  world.script('v2', { ...borderline, second: 'Pass' });
  const before = world.pods();
  await world.setVersion('v2');
  await second();
  const status = await world.status();
  expect(status.analysis).toMatchObject({
    verdict: 'Undecided',
    secondOpinion: { pods: [world.podsSeen('canary')[0]] },
  });
  await world.seconds(110);
  expect(world.pods()).toEqual(before);
  await world.outcome('Promoted', 120);
  expect(world.podsSeen('canary')).toHaveLength(2);
  expect(asked()).toBe(1);
  expect(world.events.map((event) => event.reason)).not.toContain('RegressionFound');
});

it('agrees: the version is taken back, and the ledger says so', async () => {
  await begin();
  world.script('v2', borderline);
  await world.setVersion('v2');
  await world.phase('Rejected', 200);
  const [entry] = (await world.status()).ledger ?? [];
  expect(entry).toMatchObject({ outcome: 'RolledBack', reason: 'latency-p95' });
  expect(entry?.sentence).toContain('a second pod agreed');
  expect(world.podsSeen('canary')).toHaveLength(2);
  expect(asked()).toBe(1);
});

it.each<[string, Record<string, unknown>, boolean]>([
  ['a regression beyond doubt', {}, false],
  ['a canary of several pods', { canary: { replicas: 2 } }, true],
])('is not asked for: %s', async (_, change, isBorderline) => {
  await begin({ spec: { ...spec, ...change } });
  world.script('v2', { verdict: 'Regression', borderline: isBorderline });
  await world.setVersion('v2');
  await world.phase('Rejected', 120);
  expect(asked()).toBe(0);
});

it('changes nothing where nothing is taken back', async () => {
  await begin({ spec: { ...spec, analysis: { ...spec.analysis, onRegression: 'Report' } } });
  world.script('v2', borderline);
  await world.setVersion('v2');
  await world.outcome('Promoted', 300);
  expect(asked()).toBe(0);
});

it('survives the operator: another one deletes no further pod', async () => {
  await begin();
  world.script('v2', { ...borderline, second: 'Undecided' });
  await world.setVersion('v2');
  await world.until('asked', (status) => status.analysis?.secondOpinion !== undefined, 120);
  for (let round = 0; round < 4; round += 1) {
    world.killOperator();
    world.startOperator();
    await world.seconds(7);
  }
  expect(world.podsSeen('canary')).toHaveLength(2);
  expect((await world.status()).analysis?.gonePods?.map((pod) => pod.name)).toEqual([world.podsSeen('canary')[0]]);
  expect((await world.status()).phase).toBe('Analyzing');
});

it('is asked of a fresh baseline too', async () => {
  await begin({ spec: { ...spec, canary: { ...spec.canary, baseline: true } } });
  world.script('v2', { ...borderline, second: 'Pass' });
  await world.setVersion('v2');
  await second();
  await world.until('a baseline is ready', (status) => status.baseline?.ready === 1, 30);
  expect(world.podsSeen('baseline')).toHaveLength(2);
  await world.outcome('Promoted', 300);
});

describe('of a pod that does not come', () => {
  const laterOnes = (behaviour: object): void => {
    const [first] = world.podsSeen('canary');
    world.sandbox.pods.behave((pod) =>
      pod.metadata.labels?.['tandem.dev/track'] === 'canary' && pod.metadata.name !== first ? behaviour : undefined,
    );
  };

  it('it is not ready by the start deadline: that is a regression', async () => {
    await begin();
    world.script('v2', { ...borderline, after: 40 });
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    laterOnes({ readySeconds: 'never' });
    await world.phase('Rejected', 300);
    expect((await world.status()).ledger?.[0]?.reason).toBe('NotReady');
  });

  it('no node takes it: held, and it goes on when there is room', async () => {
    await begin();
    world.script('v2', { ...borderline, after: 40, second: 'Pass' });
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    laterOnes({ unschedulable: 'no room' });
    const held = await world.phase('Held', 300);
    expect(held.analysis?.reason).toBe('CanaryBlocked');
    expect(held.ledger?.map((entry) => entry.outcome)).toEqual(['Adopted']);
    world.sandbox.pods.heal();
    await world.outcome('Promoted', 600);
    expect(asked()).toBe(1);
  });
});

it('at the deadline: the next pod gets as long as the first one took', async () => {
  const analysis = { ...spec.analysis, deadline: '5m', onUndecided: 'Hold' };
  await begin({ spec: { ...spec, analysis } });
  world.script('v2', { ...borderline, after: 240, second: 'Undecided' });
  await world.setVersion('v2');
  await world.until('a second pod runs', (status) => status.analysis?.secondOpinion?.since !== undefined, 400);
  await world.seconds(200);
  expect((await world.status()).phase).toBe('Analyzing');
  await world.phase('Held', 90);
  const alive = world.sandbox.peek<Pod>(resources.pods, 'shop').filter((pod) => isCanary(pod));
  expect(alive).toHaveLength(1);
});

function isCanary(pod: Pod): boolean {
  return pod.metadata.labels?.['tandem.dev/track'] === 'canary' && pod.metadata.deletionTimestamp === undefined;
}
