import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { noLostRequests, samePods } from '../check.ts';
import type { Stage } from '../stage.ts';

/** What people do while a release runs. */

const soon = { analysis: { minDuration: '20s', warmup: '5s', deadline: '2m' } };

async function prepared(stage: Stage, spec: Parameters<Stage['adopt']>[0] = {}): Promise<string[]> {
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ ...spec, analysis: { minDuration: '10m', ...spec.analysis } });
  return stage.stablePods();
}

export const courseCases: Case[] = [
  {
    name: 'by-hand',
    ci: false,
    proves:
      'promotion: Manual waits for a person; abort takes back; hold and resume; promote next; known good needs no test',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ ...soon, promotion: 'Manual', analysis: { ...soon.analysis, deadline: '10m' } });
      // A pass needs evidence: with more requests it is there sooner.
      const load = await stage.load({ rate: 120 });
      await stage.release({ version: 'v2' });
      await stage.waitFor(
        'Held for a person',
        async () => {
          const status = await stage.status();
          return (
            status.phase === 'Held' && status.conditions?.some((item) => item.reason === 'AwaitingPerson') === true
          );
        },
        500,
      );
      await stage.tandem(['promote', 'shop']);
      const entry = await stage.waitOutcome('Promoted', 120);
      assert.notEqual(entry.by, '');
      await stage.waitPhase('Idle');
      await stage.release({ version: 'v3' });
      await stage.waitPhase('Analyzing');
      await stage.tandem(['abort', 'shop']);
      await stage.waitOutcome('Aborted', 30);
      await stage.waitPhase('Rejected');
      await stage.tandem(['retry', 'shop']);
      await stage.waitPhase('Analyzing');
      await stage.tandem(['hold', 'shop']);
      await stage.waitPhase('Held');
      await new Promise((resolve) => setTimeout(resolve, 5000));
      assert.equal((await stage.status()).phase, 'Held', 'the abort of before does not count any more');
      await stage.tandem(['resume', 'shop']);
      await stage.waitPhase('Analyzing');
      await stage.release({ version: 'v1' });
      await stage.waitPhase('Idle', 120);
      assert.equal((await stage.status()).ledger?.[0]?.reason, 'KnownGood');
      await stage.tandem(['promote', 'shop', '--next']);
      await stage.release({ version: 'v4' });
      await stage.waitFor(
        'v4 is stable',
        async () => {
          const status = await stage.status();
          return status.phase === 'Idle' && status.stable?.images[0]?.endsWith(':v4') === true;
        },
        120,
      );
      noLostRequests(await load.stop(), 4);
    },
  },
  {
    name: 'superseded',
    ci: true,
    proves: 'a newer template replaces the canary, nothing rolls',
    async run(stage) {
      const before = await prepared(stage);
      const load = await stage.load();
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      const first = (await stage.status()).canary?.revision;
      await stage.release({ version: 'v3' });
      const entry = await stage.waitOutcome('Superseded', 60);
      assert.equal(entry.revision.slice(0, 10), first);
      await stage.waitFor(
        'v3 is analysed',
        async () => {
          const status = await stage.status();
          return status.phase === 'Analyzing' && status.canary?.revision !== first;
        },
        90,
      );
      samePods(before, await stage.stablePods());
      noLostRequests(await load.stop());
    },
  },
  {
    name: 'superseded-promoting',
    ci: true,
    proves: 'a template that comes while another is promoted waits until that one serves alone; never too few pods',
    async run(stage) {
      await stage.deploy({ version: 'v1', replicas: 4, spec: { minReadySeconds: 4 } });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      const load = await stage.load();
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      const second = (await stage.target()).metadata.generation;
      await stage.tandem(['promote', 'shop']);
      await stage.waitFor(
        'v2 rolls',
        async () => {
          const status = (await stage.target()).status;
          return (status?.updatedReplicas ?? 0) >= 1 && (status?.updatedReplicas ?? 0) < 4;
        },
        30,
      );
      await stage.release({ version: 'v3' });
      assert.ok((await stage.target()).metadata.generation !== second);
      let least = Number.POSITIVE_INFINITY;
      await stage.waitFor(
        'v2 serves alone and v3 is tested',
        async () => {
          const target = await stage.target();
          least = Math.min(least, target.status?.availableReplicas ?? 0);
          const status = await stage.status();
          return status.phase === 'Analyzing' && status.ledger?.some((entry) => entry.outcome === 'Promoted') === true;
        },
        240,
      );
      stage.facts['least available'] = least;
      assert.ok(least >= 3, `Available never fell below 3 of 4: ${least}`);
      assert.deepEqual(await stage.stableVersions(), ['v2', 'v2', 'v2', 'v2']);
      noLostRequests(await load.stop(), 2);
    },
  },
  {
    name: 'reverted',
    ci: true,
    proves: 'the template set back to stable ends the release, no pod restarts',
    load: 15,
    async run(stage) {
      const before = await prepared(stage);
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await stage.release({ version: 'v1' });
      await stage.waitOutcome('Reverted', 60);
      await stage.waitFor('armed', async () => (await stage.gate()) === 'armed' && !(await stage.canaryExists()), 60);
      assert.notEqual((await stage.target()).spec.paused, true);
      samePods(before, await stage.stablePods());
    },
  },
  {
    name: 'rejected-again',
    ci: true,
    proves: 'a rejected template that is applied again stays rejected; retry tests it anew; a fix starts at once',
    load: 15,
    lost: 60,
    async run(stage) {
      const before = await prepared(stage);
      await stage.release({ version: 'v2', env: { CRASH_AFTER_S: '1' } });
      await stage.waitPhase('Rejected');
      const ended = (await stage.status()).ledger?.[0]?.ended;
      await stage.release({ version: 'v2', env: { CRASH_AFTER_S: '1' } });
      await new Promise((resolve) => setTimeout(resolve, 5000));
      assert.equal((await stage.status()).phase, 'Rejected');
      assert.equal((await stage.status()).ledger?.[0]?.ended, ended);
      assert.equal(await stage.canaryExists(), false);
      await stage.tandem(['retry', 'shop']);
      await stage.waitFor(
        'rejected a second time',
        async () => {
          const entry = (await stage.status()).ledger?.[0];
          return entry?.outcome === 'RolledBack' && entry.ended !== ended;
        },
        90,
      );
      await stage.waitPhase('Rejected');
      await stage.release({ version: 'v3' });
      await stage.waitPhase('Analyzing');
      samePods(before, await stage.stablePods());
    },
  },
  {
    name: 'second-namespace',
    ci: false,
    proves: 'a release in one namespace leaves the same names in another untouched',
    load: 15,
    lost: 60,
    async run(stage) {
      const other = `${stage.namespace}-b`;
      await stage.kubectl(['create', 'namespace', other]);
      try {
        await stage.deploy({ version: 'v1' });
        const copy = await stage.kubectl(['get', 'deployment', 'shop', '-o', 'json']);
        const { spec, metadata } = JSON.parse(copy.stdout) as { spec: object; metadata: { labels: object } };
        const input = JSON.stringify({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'shop', namespace: other, labels: metadata.labels },
          spec,
        });
        await stage.kubectl(['-n', other, 'apply', '-f', '-'], { input });
        await stage.kubectl(['-n', other, 'rollout', 'status', 'deployment/shop', '--timeout=90s']);
        const before = await stage.kubectl([
          '-n',
          other,
          'get',
          'deployment',
          'shop',
          '-o',
          'jsonpath={.metadata.generation} {.metadata.labels}',
        ]);
        await stage.adopt();
        await stage.release({ version: 'v2', env: { CRASH_AFTER_S: '1' } });
        await stage.waitPhase('Rejected', 120);
        const after = await stage.kubectl([
          '-n',
          other,
          'get',
          'deployment',
          'shop',
          '-o',
          'jsonpath={.metadata.generation} {.metadata.labels}',
        ]);
        assert.equal(after.stdout, before.stdout);
      } finally {
        await stage.kubectl(['delete', 'namespace', other, '--wait=false']);
      }
    },
  },
];
