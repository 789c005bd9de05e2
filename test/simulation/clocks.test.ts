import { afterEach, describe, expect, it } from 'vitest';
import { commandAnnotations } from '../../src/api/names.ts';
import { resources } from '../../src/kube/object.ts';
import { createWorld, type World } from './world.ts';

/** Commands of people whose clocks differ from the operator's: who came first is told by what the operator saw. */

let world: World;
const hour = 3_600_000;
const short = { analysis: { minDuration: '2m', warmup: '10s' }, canary: { startDeadline: '1m' } };

async function begin(): Promise<void> {
  world = await createWorld({ spec: short });
}

afterEach(() => {
  world.killOperator();
  expect(world.violations).toEqual([]);
});

async function rejected(version: string): Promise<string> {
  world.script(version, { verdict: 'Regression' });
  await world.setVersion(version);
  await world.phase('Rejected', 300);
  return (await world.status()).target?.revision ?? '';
}

const clocks: [string, number][] = [
  ['right', 0],
  ['an hour fast', hour],
  ['an hour slow', -hour],
  ['a year fast', 365 * 24 * hour],
];

describe.each(clocks)('a person whose clock is %s', (_, clockMs) => {
  it('lets exactly the next template through', async () => {
    await begin();
    await world.command('promote', 'next', clockMs);
    await world.setVersion('v2');
    await world.until('v2 is stable', (status) => status.phase === 'Idle' && world.serving()['v2'] === 3, 120);
    await world.setVersion('v3');
    await world.phase('Analyzing', 60);
    await world.seconds(60);
    expect(world.serving()).toEqual({ v2: 3 });
  });

  it('lets the next one through, not the one that is tested', async () => {
    await begin();
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.command('promote', 'next', clockMs);
    await world.seconds(60);
    expect(world.serving()).toEqual({ v1: 3 });
    await world.setVersion('v3');
    await world.until('v3 is stable', (status) => status.phase === 'Idle' && world.serving()['v3'] === 3, 120);
  });

  it('lets the next one through, not the one that was rejected', async () => {
    await begin();
    await rejected('v2');
    await world.command('promote', 'next', clockMs);
    await world.seconds(60);
    expect(world.serving()).toEqual({ v1: 3 });
    await world.setVersion('v3');
    await world.until('v3 is stable', (status) => status.phase === 'Idle' && world.serving()['v3'] === 3, 120);
  });

  it('has a rejected version tested again, once', async () => {
    await begin();
    const revision = await rejected('v2');
    await world.command('retry', revision, clockMs);
    await world.phase('Analyzing', 120);
    const canary = world.canary()?.metadata.uid;
    await world.phase('Rejected', 300);
    expect(canary).toBeDefined();
    await world.seconds(2 * 3600);
    expect((await world.status()).phase).toBe('Rejected');
  });

  it('starts the test of a version that is tested anew, once', async () => {
    await begin();
    await world.setVersion('v2');
    const { target } = await world.phase('Analyzing', 60);
    await world.seconds(30);
    const first = world.canary()?.metadata.uid;
    await world.command('retry', target?.revision ?? '', clockMs);
    await world.until('another canary', () => ![undefined, first].includes(world.canary()?.metadata.uid), 60);
    const second = world.canary()?.metadata.uid;
    await world.seconds(60);
    expect(world.canary()?.metadata.uid).toBe(second);
  });

  it('promotes a rejected version, and takes another one away', async () => {
    await begin();
    await world.command('promote', await rejected('v2'), clockMs);
    await world.until('v2 is stable', (status) => status.phase === 'Idle' && world.serving()['v2'] === 3, 120);
    await world.setVersion('v3');
    const { target } = await world.phase('Analyzing', 60);
    await world.command('abort', target?.revision ?? '', clockMs);
    await world.phase('Rejected', 60);
    expect((await world.status()).ledger?.[0]?.outcome).toBe('Aborted');
  });
});

describe('a command', () => {
  it('that comes back with an older manifest is no new one', async () => {
    await begin();
    const revision = await rejected('v2');
    const write = (text: string | null): Promise<void> =>
      world.patchRelease({ metadata: { annotations: { [commandAnnotations.retry]: text } } });
    const text = `${revision}@2026-01-01T00:00:00Z`;
    await write(text);
    await world.phase('Analyzing', 120);
    await world.phase('Rejected', 300);
    await write(null);
    await world.seconds(5);
    await write(text);
    await world.seconds(600);
    expect((await world.status()).phase).toBe('Rejected');
    await write(`${revision}@2026-01-01T00:00:01Z`);
    await world.phase('Analyzing', 120);
  });

  it('that an older operator may have followed goes by its own time', async () => {
    await begin();
    const revision = await rejected('v2');
    await world.command('retry', revision);
    await world.phase('Analyzing', 120);
    await world.phase('Rejected', 300);
    world.killOperator();
    // As an operator leaves it that does not write down which commands it saw.
    const status = { commands: null, target: { since: null } };
    const ref = { namespace: 'shop', name: 'checkout' };
    await world.admin.patch(resources.canaryReleases, ref, { status }, { type: 'merge', subresource: 'status' });
    world.startOperator();
    await world.seconds(600);
    expect((await world.status()).phase).toBe('Rejected');
    await world.command('retry', revision, -hour);
    await world.phase('Analyzing', 120);
  });
});
