import assert from 'node:assert/strict';
import { startPrometheus, stopPrometheus } from '../../cluster/environment.ts';
import type { Case } from '../case.ts';
import { noLostRequests, samePods } from '../check.ts';
import { killOperator, leader, scaleOperator, stopLeader } from '../operator.ts';
import { conditionStatus, type Stage } from '../stage.ts';

/** The operator killed, Prometheus gone. They disturb every other case, so each runs alone. */

/** Kills whoever leads; after an earlier kill only once the lease has another holder. */
function leaderKiller(stage: Stage): () => Promise<void> {
  const killed = new Set<string>();
  return async () => {
    let next = await leader();
    await stage.waitFor('somebody leads', async () => {
      next = await leader();
      return next.pod !== '' && !killed.has(next.identity);
    });
    await killOperator(next.pod);
    killed.add(next.identity);
    stage.note(`killed ${next.pod} with SIGKILL`);
  };
}

export const faultCases: Case[] = [
  {
    name: 'operator-killed',
    ci: true,
    alone: true,
    proves: 'the leader killed in Analyzing and in Promoting: the other replica finishes the release, nothing is lost',
    async run(stage) {
      const killLeader = leaderKiller(stage);
      await stage.deploy({ version: 'v1', spec: { minReadySeconds: 3 } });
      await stage.adopt({ analysis: { minDuration: '45s', deadline: '2m' } });
      const load = await stage.load({ rate: 60 });
      const before = await stage.stablePods();
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await killLeader();
      await new Promise((resolve) => setTimeout(resolve, 5000));
      samePods(before, await stage.stablePods());
      await stage.waitPhase('Promoting', 360);
      await killLeader();
      await stage.waitOutcome('Promoted', 180);
      await stage.waitPhase('Idle', 60);
      assert.equal(await stage.canaryExists(), false);
      noLostRequests(await load.stop(), 2);
    },
  },
  {
    name: 'operator-stopped',
    ci: true,
    alone: true,
    proves: 'the leader ended as by a drain, with a release running: exit code 0, and the other replica leads at once',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '45s', deadline: '2m' } });
      const load = await stage.load({ rate: 60 });
      const before = await stage.stablePods();
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await stage.waitFor('evidence', async () => ((await stage.status()).analysis?.requests?.canary ?? 0) > 0, 90);
      const stopped = await stopLeader(stage);
      Object.assign(stage.facts, {
        's from SIGTERM to exit': stopped.secondsToExit,
        's to the next leader': stopped.secondsToLeader,
      });
      // 137 is what is left of a process whose grace ran out.
      assert.equal(stopped.exitCode, 0);
      samePods(before, await stage.stablePods());
      await stage.waitOutcome('Promoted', 360);
      noLostRequests(await load.stop(), 2);
    },
  },
  {
    name: 'operator-killed-everywhere',
    ci: false,
    alone: true,
    proves: 'the leader killed in Starting, RollingBack, Rejected, Held and Idle: the release ends as it would have',
    load: 15,
    lost: 60,
    async run(stage) {
      const killLeader = leaderKiller(stage);
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const before = await stage.stablePods();
      await stage.release({ version: 'v2', env: { START_DELAY_S: '8' } });
      await stage.waitPhase('Starting');
      await killLeader();
      await stage.waitPhase('Analyzing', 120);
      await stage.release({ version: 'v3', env: { CRASH_AFTER_S: '1' } });
      await stage.waitFor(
        'rolling back',
        async () => ['RollingBack', 'Rejected'].includes((await stage.status()).phase ?? ''),
        90,
      );
      await killLeader();
      await stage.waitPhase('Rejected', 120);
      await killLeader();
      await new Promise((resolve) => setTimeout(resolve, 25_000));
      assert.equal((await stage.status()).phase, 'Rejected');
      assert.equal(await stage.canaryExists(), false);
      samePods(before, await stage.stablePods());
      await stage.release({ version: 'v4' });
      await stage.waitPhase('Analyzing', 120);
      await stage.tandem(['hold', 'shop']);
      await stage.waitPhase('Held');
      await killLeader();
      await stage.tandem(['resume', 'shop']);
      await stage.waitPhase('Analyzing', 120);
      await stage.release({ version: 'v1' });
      await stage.waitPhase('Idle', 60);
      await killLeader();
      await stage.release({ version: 'v5' });
      await stage.waitPhase('Analyzing', 120);
      samePods(before, await stage.stablePods());
    },
  },
  {
    name: 'operator-down',
    ci: false,
    alone: true,
    proves: 'a template that changes while the operator is down is held; the release runs when it is back',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const before = await stage.stablePods();
      await scaleOperator(0);
      try {
        await stage.release({ version: 'v2' });
        await new Promise((resolve) => setTimeout(resolve, 10_000));
        assert.equal(await stage.gate(), 'holding');
        samePods(before, await stage.stablePods());
      } finally {
        await scaleOperator(2);
      }
      await stage.waitPhase('Analyzing', 120);
      samePods(before, await stage.stablePods());
    },
  },
  {
    name: 'prometheus-down',
    ci: true,
    alone: true,
    proves: 'Prometheus stopped and started again in mid-analysis: Undecided, never a rollback, and then a verdict',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      // By Auto the pods themselves would go on being scraped.
      await stage.adopt({ analysis: { minDuration: '60s', deadline: '3m', source: 'Prometheus' } });
      const load = await stage.load({ rate: 60 });
      const before = await stage.stablePods();
      await stage.release({ version: 'v2' });
      await stage.waitFor('evidence', async () => ((await stage.status()).analysis?.requests?.canary ?? 0) > 0, 90);
      await stopPrometheus();
      try {
        await stage.waitFor(
          'SourceFailed',
          async () => {
            const found = (await stage.status()).conditions?.find((item) => item.type === 'EvidenceAvailable');
            return found?.reason === 'SourceFailed';
          },
          60,
        );
        await new Promise((resolve) => setTimeout(resolve, 45_000));
        const status = await stage.status();
        assert.equal(status.phase, 'Analyzing');
        assert.equal(conditionStatus(status, 'Regression'), 'Unknown');
        samePods(before, await stage.stablePods());
      } finally {
        await startPrometheus();
      }
      await stage.waitOutcome('Promoted', 420);
      noLostRequests(await load.stop(), 2);
    },
  },
];
