import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { noLostRequests, samePods } from '../check.ts';
import { scaleOperator } from '../operator.ts';
import type { Stage } from '../stage.ts';

/** The CanaryRelease goes: the target always serves, and nothing untested rolls. */

async function remove(stage: Stage): Promise<void> {
  await stage.kubectl(['delete', 'canaryrelease', 'shop']);
}

async function left(stage: Stage): Promise<void> {
  await stage.waitFor('the gate lets go', async () => [undefined, 'open'].includes(await stage.gate()), 60);
  await stage.waitFor('no canary', async () => !(await stage.canaryExists()), 60);
}

/** Deleted while a template is held: that stays paused, and a person who reverts it gets the same pods back. */
async function heldAndLeft(stage: Stage, before: string[]): Promise<void> {
  await remove(stage);
  await left(stage);
  assert.equal(await stage.gate(), 'open');
  assert.equal((await stage.target()).spec.paused, true);
  samePods(before, await stage.stablePods());
  await stage.release({ version: 'v1' });
  await stage.kubectl(['rollout', 'resume', 'deployment/shop']);
  await stage.kubectl(['label', 'deployment', 'shop', 'tandem.dev/gate-']);
  samePods(before, await stage.stablePods());
  await stage.adopt({ analysis: { minDuration: '10m' } });
}

export const leavingCases: Case[] = [
  {
    name: 'deleted-analyzing',
    ci: true,
    proves: 'the CanaryRelease deleted in Analyzing: the canary goes, the held version does not roll, stable serves',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const load = await stage.load();
      const before = await stage.stablePods();
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await remove(stage);
      await left(stage);
      assert.equal(await stage.gate(), 'open');
      assert.equal((await stage.target()).spec.paused, true, 'an untested template does not roll by itself');
      samePods(before, await stage.stablePods());
      noLostRequests(await load.stop());
      await stage.kubectl(['rollout', 'resume', 'deployment/shop']);
      await stage.kubectl(['rollout', 'status', 'deployment/shop', '--timeout=90s']);
    },
  },
  {
    name: 'deleted-everywhere',
    ci: false,
    proves:
      'the CanaryRelease deleted in Idle, Starting, Held, Rejected, Promoting and Suspended: the target serves and is left alone',
    load: 15,
    lost: 60,
    async run(stage) {
      await stage.deploy({ version: 'v1', spec: { minReadySeconds: 3 } });
      await stage.adopt();
      const before = await stage.stablePods();
      await remove(stage);
      await left(stage);
      assert.equal(await stage.gate(), undefined);
      samePods(before, await stage.stablePods());
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await stage.release({ version: 'v2', env: { START_DELAY_S: '15' } });
      await stage.waitPhase('Starting');
      await heldAndLeft(stage, before);
      await stage.release({ version: 'v3' });
      await stage.waitPhase('Analyzing');
      await stage.tandem(['hold', 'shop']);
      await stage.waitPhase('Held');
      await heldAndLeft(stage, before);
      await stage.release({ version: 'v4', env: { CRASH_AFTER_S: '1' } });
      await stage.waitPhase('Rejected', 120);
      await heldAndLeft(stage, before);
      await stage.kubectl(['patch', 'canaryrelease', 'shop', '--type=merge', '-p', '{"spec":{"suspend":true}}']);
      await stage.waitPhase('Suspended');
      await remove(stage);
      await left(stage);
      assert.equal(await stage.gate(), undefined);
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await stage.release({ version: 'v5' });
      await stage.waitPhase('Analyzing');
      await stage.tandem(['promote', 'shop']);
      await stage.waitPhase('Promoting');
      await remove(stage);
      await left(stage);
      await stage.kubectl(['rollout', 'status', 'deployment/shop', '--timeout=120s']);
      assert.deepEqual(await stage.stableVersions(), ['v5', 'v5', 'v5']);
    },
  },
  {
    name: 'deleted-operator-down',
    ci: false,
    alone: true,
    proves: 'the CanaryRelease deleted while the operator is down: released when it starts again',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const before = await stage.stablePods();
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await scaleOperator(0);
      try {
        await remove(stage);
        await stage.waitFor('the canary goes by its owner', async () => !(await stage.canaryExists()), 60);
        assert.equal(await stage.gate(), 'holding');
        samePods(before, await stage.stablePods());
      } finally {
        await scaleOperator(2);
      }
      await left(stage);
      samePods(before, await stage.stablePods());
    },
  },
  {
    name: 'namespace-deleted',
    ci: false,
    proves: 'a namespace with a running release can be deleted: nothing of Tandem blocks it',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await stage.kubectl(['delete', 'namespace', stage.namespace, '--timeout=120s']);
    },
  },
  {
    name: 'suspended',
    ci: false,
    proves: 'suspend: what is held stays held, new templates roll without a test, and testing goes on afterwards',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const before = await stage.stablePods();
      const suspend = async (value: boolean): Promise<void> => {
        await stage.kubectl([
          'patch',
          'canaryrelease',
          'shop',
          '--type=merge',
          '-p',
          JSON.stringify({ spec: { suspend: value } }),
        ]);
      };
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await suspend(true);
      await stage.waitPhase('Suspended');
      await stage.waitFor('no canary', async () => !(await stage.canaryExists()), 60);
      assert.equal((await stage.target()).spec.paused, true);
      samePods(before, await stage.stablePods());
      await stage.release({ version: 'v1' });
      await stage.waitFor('not gated', async () => (await stage.gate()) === undefined, 60);
      await stage.release({ version: 'v3' });
      await stage.kubectl(['rollout', 'status', 'deployment/shop', '--timeout=90s']);
      await suspend(false);
      await stage.waitPhase('Idle', 60);
      await stage.release({ version: 'v4' });
      await stage.waitPhase('Analyzing');
    },
  },
];
