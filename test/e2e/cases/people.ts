import assert from 'node:assert/strict';
import { resources } from '../../../src/kube/object.ts';
import type { Case } from '../case.ts';
import type { Stage } from '../stage.ts';
import { may } from './rights.ts';

/** What people may do with a CanaryRelease. */

async function grant(stage: Stage, user: string, role: string): Promise<void> {
  await stage.kubectl(['create', 'rolebinding', user, `--clusterrole=${role}`, `--user=${user}`]);
  await stage.waitFor(`${user} has ${role}`, () => may(stage, 'get', 'canaryreleases.tandem.dev', user), 20);
}

export const peopleCases: Case[] = [
  {
    name: 'who-may-promote',
    ci: true,
    proves:
      'promote and retry need their own RBAC verb; abort and hold do not; the name goes into the ledger, unforgeable',
    load: 15,
    async run(stage) {
      await stage.deploy({ version: 'v1', replicas: 2 });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await grant(stage, 'alice', 'edit');
      await grant(stage, 'boss', 'admin');
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing');
      const byAlice = await stage.tandem(['promote', 'shop'], { as: 'alice', allowFailure: true });
      assert.notEqual(byAlice.code, 0, 'alice may not promote');
      assert.match(byAlice.stderr, /promote/);
      await stage.kubectl(['annotate', 'canaryrelease', 'shop', 'tandem.dev/by=boss'], {
        as: 'alice',
        allowFailure: true,
      });
      const annotations = async (): Promise<Record<string, string>> => {
        const release = await stage.api.get(resources.canaryReleases, { namespace: stage.namespace, name: 'shop' });
        return release.metadata.annotations ?? {};
      };
      assert.equal((await annotations())['tandem.dev/by'], undefined, 'nobody writes a name there');
      await stage.tandem(['hold', 'shop'], { as: 'alice' });
      await stage.waitPhase('Held');
      await stage.tandem(['resume', 'shop'], { as: 'alice' });
      await stage.tandem(['abort', 'shop'], { as: 'alice' });
      await stage.waitPhase('Rejected');
      const again = await stage.tandem(['retry', 'shop'], { as: 'alice', allowFailure: true });
      assert.notEqual(again.code, 0, 'alice may not retry');
      const revision = (await stage.status()).ledger?.[0]?.revision ?? '';
      const command = `tandem.dev/promote=${revision}@${new Date(Date.now() + 1000).toISOString()}`;
      await stage.kubectl(['annotate', '--overwrite', 'canaryrelease', 'shop', command, 'tandem.dev/by=alice'], {
        as: 'boss',
      });
      const entry = await stage.waitOutcome('Promoted', 90);
      assert.equal(entry.by, 'boss');
      assert.match(entry.sentence, /boss/);
    },
  },
];
