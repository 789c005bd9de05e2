import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { noLostRequests, samePods } from '../check.ts';
import type { Stage } from '../stage.ts';

/** Versions that do not come up, told by their pods alone. */

interface Start {
  env?: Record<string, string>;
  image?: string;
  reason: RegExp;
  seconds?: number;
}

async function failsToStart(stage: Stage, start: Start): Promise<void> {
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ canary: { startDeadline: '30s' } });
  const load = await stage.load({ rate: 40 });
  const before = await stage.stablePods();
  if (start.image !== undefined) await stage.kubectl(['set', 'image', 'deployment/shop', `shop=${start.image}`]);
  else await stage.release({ version: 'v2', env: start.env ?? {} });
  const entry = await stage.waitOutcome('RolledBack', start.seconds ?? 90);
  await stage.waitPhase('Rejected', 60);
  samePods(before, await stage.stablePods());
  assert.equal(await stage.canaryExists(), false);
  assert.match(entry.reason, start.reason, entry.sentence);
  stage.note(entry.sentence);
  const record = await load.stop();
  // A container that crashes loses what it was sent until the endpoints forget it, as any pod of a Deployment does.
  noLostRequests(record, start.env?.['CRASH_AFTER_S'] === undefined ? 0 : 60);
}

export const startCases: Case[] = [
  {
    name: 'crash-loop',
    ci: true,
    proves: 'a version that crashes is taken back with the exit code',
    run: (stage) => failsToStart(stage, { env: { CRASH_AFTER_S: '1' }, reason: /^(CrashLoopBackOff|Restarting)$/ }),
  },
  {
    name: 'image-not-found',
    ci: false,
    proves: 'an image that does not exist is taken back',
    run: (stage) => failsToStart(stage, { image: 'docker.io/library/shop:no-such-tag', reason: /^ImageNotFound$/ }),
  },
  {
    name: 'never-ready',
    ci: false,
    proves: 'a version that never becomes ready is taken back at its start deadline',
    run: (stage) => failsToStart(stage, { env: { NEVER_READY: '1' }, reason: /^NotReady$/ }),
  },
  {
    name: 'quota',
    ci: false,
    proves: 'a quota that keeps the canary out is CanaryBlocked, not a regression, and is tried again',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ canary: { startDeadline: '15s' } });
      const pods = async (count: number): Promise<void> =>
        stage.apply({
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { name: 'pods' },
          spec: { hard: { pods: String(count) } },
        });
      await pods(3);
      await stage.release({ version: 'v2' });
      await stage.waitFor(
        'Held for a blocked canary',
        async () => {
          const status = await stage.status();
          return (
            status.phase === 'Held' && status.analysis?.reason === 'CanaryBlocked' && /quota/.test(status.message ?? '')
          );
        },
        90,
      );
      const ledger = (await stage.status()).ledger ?? [];
      assert.deepEqual(
        ledger.map((entry) => entry.outcome),
        ['Adopted'],
        'nothing is in the ledger',
      );
      await pods(10);
      await stage.waitPhase('Analyzing', 180);
    },
  },
];
