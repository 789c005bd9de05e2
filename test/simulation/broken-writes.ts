import { describe, expect, it } from 'vitest';
import { SERVICE_ACCOUNT } from '../../src/api/names.ts';
import type { Call, Fault } from '../../src/sandbox/faults.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

/**
 * Each scenario is run once to count the operator's writes, and then once for each of them and each way in which it can
 * go wrong there. However it was broken, the release must end as it did unbroken, and nothing that must hold may break.
 */
interface Scenario {
  name: string;
  options: WorldOptions;
  /** Drives the release to its end; what it throws is red. */
  run(world: World): Promise<void>;
}

const spec = { analysis: { minDuration: '1m', warmup: '10s' }, canary: { startDeadline: '1m' } };
const withBaseline = { ...spec, canary: { ...spec.canary, baseline: true } };
const releases = {
  apiVersion: 'tandem.dev/v1alpha1',
  kind: 'CanaryRelease',
  plural: 'canaryreleases',
  namespaced: true,
};

const scenarios: Scenario[] = [
  {
    name: 'promoted',
    options: { spec },
    async run(world) {
      world.script('v2', { verdict: 'Pass' });
      await world.setVersion('v2');
      await world.outcome('Promoted', 300);
      await world.phase('Idle', 60);
      expect(world.serving()).toEqual({ v2: 3 });
      expect(world.canary()).toBeUndefined();
    },
  },
  {
    name: 'taken back beside a baseline after a second opinion',
    options: { spec: withBaseline },
    async run(world) {
      world.script('v2', { verdict: 'Regression', borderline: true });
      const before = world.pods();
      await world.setVersion('v2');
      await world.phase('Rejected', 300);
      expect(world.pods()).toEqual(before);
      expect([world.canary(), world.baseline()]).toEqual([undefined, undefined]);
      expect(await world.gate()).toBe('rejected');
      expect(world.podsSeen('canary').length).toBeLessThanOrEqual(2);
      expect((await world.status()).ledger?.filter((entry) => entry.outcome === 'RolledBack')).toHaveLength(1);
    },
  },
  {
    name: 'does not start',
    options: { spec },
    async run(world) {
      world.sandbox.pods.behave((pod) =>
        pod.spec.containers[0]?.image === 'shop:v2' ? { crash: { afterSeconds: 1 } } : undefined,
      );
      await world.setVersion('v2');
      await world.phase('Rejected', 300);
      expect(world.serving()).toEqual({ v1: 3 });
      expect(world.canary()).toBeUndefined();
    },
  },
  {
    name: 'superseded while promoting',
    options: {
      spec,
      replicas: 4,
      deployment: {
        minReadySeconds: 2,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      },
    },
    async run(world) {
      world.script('v2', { verdict: 'Pass' });
      world.script('v3', { verdict: 'Regression' });
      await world.setVersion('v2');
      await world.until('v2 rolls', () => world.serving()['v2'] !== undefined, 300);
      await world.seconds(4);
      await world.setVersion('v3');
      await world.phase('Rejected', 400);
      expect(world.serving()).toEqual({ v2: 4 });
      expect(world.canary()).toBeUndefined();
    },
  },
  {
    name: 'superseded, then reverted, beside a baseline',
    options: { spec: withBaseline },
    async run(world) {
      const before = world.pods();
      await world.setVersion('v2');
      await world.phase('Analyzing', 120);
      await world.setVersion('v3');
      await world.until('v3 runs', () => world.canary()?.spec.template.spec.containers[0]?.image === 'shop:v3', 120);
      await world.setVersion('v1');
      await world.phase('Idle', 120);
      const gone = (): boolean => world.canary() === undefined && world.baseline() === undefined;
      await world.until('armed', async () => (await world.gate()) === 'armed' && gone(), 120);
      expect(world.pods()).toEqual(before);
    },
  },
  {
    name: 'deleted while it runs',
    options: { spec },
    async run(world) {
      await world.setVersion('v2');
      await world.phase('Analyzing', 120);
      await world.admin.delete(releases, { namespace: 'shop', name: 'checkout' });
      await world.until('left', async () => (await world.gate()) === 'open' && world.canary() === undefined, 120);
      expect(world.serving()).toEqual({ v1: 3 });
    },
  },
];

function isWrite(call: Call): boolean {
  return (
    call.username === SERVICE_ACCOUNT && !call.dryRun && ['create', 'replace', 'patch', 'delete'].includes(call.verb)
  );
}

/** Runs a scenario with a fault at the operator's n-th write; a killed operator starts again after 3 seconds. */
async function play(scenario: Scenario, at: number | undefined, fault: Fault): Promise<number> {
  const world = await createWorld(scenario.options);
  let writes = 0;
  world.sandbox.faults.before((call) => {
    if (!isWrite(call)) return 'ok';
    writes += 1;
    if (writes !== at) return 'ok';
    if (fault === 'crash' || fault === 'crash-after')
      world.clock.after(3000, () => {
        world.killOperator();
        world.startOperator();
      });
    return fault;
  }, SERVICE_ACCOUNT);
  await scenario.run(world);
  world.killOperator();
  expect(world.violations).toEqual([]);
  return writes;
}

/** One test for each scenario, with the faults of one file: files run side by side. */
export function breakEveryWrite(faults: Record<string, Fault>): void {
  describe.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
    it('ends the same whichever write is broken, and however', { timeout: 240_000 }, async () => {
      const writes = await play(scenario, undefined, 'ok');
      expect(writes).toBeGreaterThan(2);
      for (const [name, fault] of Object.entries(faults)) {
        for (let at = 1; at <= writes; at += 1) {
          try {
            await play(scenario, at, fault);
          } catch (error) {
            throw new Error(
              `write ${at} of ${writes} ${name}: ${error instanceof Error ? error.message : String(error)}`,
              { cause: error },
            );
          }
        }
      }
    });
  });
}
