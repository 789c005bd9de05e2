import assert from 'node:assert/strict';
import { resources } from '../../../src/kube/object.ts';
import { computeStatus } from '../../kstatus/kstatus.ts';
import type { Case } from '../case.ts';
import { type CommandResult, ready, type Stage } from '../stage.ts';

/** What programs that wait for a release see: kubectl, tandem wait, and tools with the kstatus library. */

/** `tandem wait` with its exit code, whatever that is. */
function wait(stage: Stage, ...words: string[]): Promise<CommandResult> {
  return stage.tandem(['wait', 'shop', ...words], { allowFailure: true });
}

async function ends(answer: Promise<CommandResult>, code: number, words: RegExp): Promise<void> {
  const { code: actual, stdout, stderr } = await answer;
  assert.equal(actual, code, `exit code of tandem wait: ${stdout}${stderr}`);
  assert.match(stdout + stderr, words);
}

async function quota(stage: Stage, pods: number): Promise<void> {
  const spec = { hard: { pods: String(pods) } };
  await stage.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'pods' }, spec });
}

async function kstatus(stage: Stage, expected: string): Promise<void> {
  let seen = '';
  await stage.waitFor(
    `kstatus ${expected}`,
    async () => {
      const release = await stage.api.get(resources.canaryReleases, { namespace: stage.namespace, name: 'shop' });
      const [answer] = await computeStatus([release]);
      seen = answer?.status ?? '';
      return seen === expected;
    },
    10,
  );
}

async function suspend(stage: Stage, value: boolean): Promise<void> {
  await stage.kubectl([
    'patch',
    'canaryrelease',
    'shop',
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { suspend: value } }),
  ]);
}

export const toolCases: Case[] = [
  {
    name: 'wait',
    ci: true,
    proves:
      'exit codes of `tandem wait`: 0 promoted, 1 regression or aborted, 2 timed out or held, 3 superseded, 4 gone',
    load: 15,
    lost: 60,
    async run(stage) {
      await stage.deploy({ version: 'v1', replicas: 2 });
      await ends(wait(stage), 4, /no CanaryRelease shop/);
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await ends(wait(stage), 0, /stable/);
      await stage.release({ version: 'v2' });
      await ends(wait(stage, '--timeout=3s'), 2, /it goes on without being awaited/);
      const second = (await stage.waitPhase('Analyzing')).canary?.revision ?? '';
      const superseded = wait(stage, `--revision=${second}`);
      await stage.release({ version: 'v3' });
      await ends(superseded, 3, /superseded/);
      const held = wait(stage);
      await stage.waitFor('v3 is analysed', async () => {
        const { phase, canary } = await stage.status();
        return phase === 'Analyzing' && canary?.images[0]?.endsWith(':v3') === true;
      });
      await stage.tandem(['hold', 'shop']);
      await ends(held, 2, /waits for a person/);
      await stage.tandem(['resume', 'shop']);
      await stage.waitPhase('Analyzing');
      const aborted = wait(stage);
      await stage.tandem(['abort', 'shop']);
      await ends(aborted, 1, /aborted/);
      await stage.release({ version: 'v4' });
      const promoted = wait(stage);
      await stage.waitPhase('Analyzing');
      await stage.tandem(['promote', 'shop']);
      await ends(promoted, 0, /promoted/);
      await stage.release({ version: 'v5', env: { CRASH_AFTER_S: '1' } });
      await ends(wait(stage), 1, /taken back/);
      await stage.release({ version: 'v6' });
      const deleted = wait(stage);
      await stage.waitPhase('Analyzing');
      await stage.kubectl(['delete', 'canaryrelease', 'shop']);
      await ends(deleted, 4, /deleted|no CanaryRelease/);
    },
  },
  {
    name: 'rollout-status',
    ci: false,
    proves:
      'kubectl rollout status waits without end on a held target and ends with code 1 at its --timeout; 0 once promoted',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1', replicas: 2 });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      const words = ['rollout', 'status', 'deployment/shop'];
      const held = await stage.kubectl([...words, '--timeout=8s'], { allowFailure: true });
      stage.note(`held: ${held.code}: ${(held.stdout + held.stderr).trim()}`);
      assert.equal(held.code, 1);
      assert.match(held.stderr, /timed out waiting for the condition/);
      const available = ['wait', '--for=condition=Available', 'deployment/shop', '--timeout=5s'];
      assert.equal(
        (await stage.kubectl(available, { allowFailure: true })).code,
        0,
        'Available says nothing of the new version',
      );
      const releaseReady = ['wait', '--for=condition=Ready', 'canaryrelease/shop', '--timeout=3s'];
      assert.equal(
        (await stage.kubectl(releaseReady, { allowFailure: true })).code,
        1,
        'kubectl wait on the release tells',
      );
      await stage.tandem(['promote', 'shop']);
      await stage.waitOutcome('Promoted', 90);
      const promoted = await stage.kubectl([...words, '--timeout=60s']);
      assert.match(promoted.stdout, /successfully rolled out/);
      await stage.kubectl(['wait', '--for=condition=Ready', 'canaryrelease/shop', '--timeout=20s']);
    },
  },
  {
    name: 'kstatus',
    ci: false,
    proves: 'the kstatus library reads every end state as the table in the docs says',
    load: 15,
    lost: 60,
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' }, canary: { startDeadline: '10s' } });
      await kstatus(stage, 'Current');
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      await kstatus(stage, 'InProgress');
      await stage.tandem(['hold', 'shop']);
      await stage.waitPhase('Held');
      await kstatus(stage, 'InProgress');
      await suspend(stage, true);
      await stage.waitPhase('Suspended');
      await kstatus(stage, 'InProgress');
      await stage.release({ version: 'v1' });
      await stage.waitFor('nothing is held', async () => ready(await stage.status()) === 'Suspended');
      await kstatus(stage, 'Current');
      await suspend(stage, false);
      await stage.waitPhase('Idle');
      await stage.release({ version: 'v3', env: { CRASH_AFTER_S: '1' } });
      await stage.waitPhase('Rejected', 120);
      await kstatus(stage, 'Failed');
      await quota(stage, 3);
      await stage.release({ version: 'v4' });
      await stage.waitPhase('Held', 90);
      await kstatus(stage, 'Failed');
      await stage.kubectl(['delete', 'resourcequota', 'pods']);
      await stage.waitPhase('Analyzing', 120);
      await stage.release({ version: 'v1' });
      await stage.waitPhase('Idle', 60);
      await stage.kubectl(['patch', 'deployment', 'shop', '--type=merge', '-p', '{"spec":{"revisionHistoryLimit":0}}']);
      await stage.waitPhase('Invalid', 30);
      await kstatus(stage, 'Failed');
    },
  },
];
