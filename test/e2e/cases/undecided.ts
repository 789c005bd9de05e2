import assert from 'node:assert/strict';
import type { LedgerEntry } from '../../../src/api/schema.ts';
import type { Case } from '../case.ts';
import { noLostRequests, samePods } from '../check.ts';
import { conditionOf, type Stage } from '../stage.ts';

/** So few requests that there is no verdict by a short deadline. */

interface Prepared {
  before: string[];
  end(): Promise<void>;
}

const errorsAlone = { latency: { enabled: false }, cpu: { enabled: false }, memory: { enabled: false } };

async function tooFewRequests(stage: Stage, onUndecided: 'Promote' | 'Hold' | 'Rollback'): Promise<Prepared> {
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ analysis: { minDuration: '30s', warmup: '5s', deadline: '60s', onUndecided, ...errorsAlone } });
  const load = await stage.load({ rate: 3 });
  const before = await stage.stablePods();
  await stage.release({ version: 'v2' });
  await stage.waitPhase('Analyzing');
  const end = async (): Promise<void> => {
    const record = await load.stop();
    noLostRequests(record, 1);
  };
  return { before, end };
}

export const undecidedCases: Case[] = [
  {
    name: 'undecided-promote',
    ci: false,
    proves: 'no verdict by the deadline, onUndecided: Promote: promoted, and said as weak evidence',
    async run(stage) {
      const { end } = await tooFewRequests(stage, 'Promote');
      const entry: LedgerEntry = await stage.waitOutcome('Promoted', 180);
      assert.equal(entry.reason, 'WeakEvidence');
      assert.equal(entry.verdict, 'Undecided');
      assert.match(entry.sentence, /weak evidence/);
      await end();
    },
  },
  {
    name: 'undecided-hold',
    ci: false,
    proves: 'no verdict by the deadline, onUndecided: Hold: held with canary, a person promotes',
    async run(stage) {
      const { before, end } = await tooFewRequests(stage, 'Hold');
      const status = await stage.waitPhase('Held', 120);
      assert.equal(conditionOf(status, 'Stalled')?.reason, 'Undecided');
      assert.match(status.message ?? '', /promote, abort or wait/);
      assert.equal(await stage.canaryExists(), true, 'it goes on judging');
      samePods(before, await stage.stablePods());
      await stage.tandem(['promote', 'shop']);
      await stage.waitOutcome('Promoted', 90);
      await end();
    },
  },
  {
    name: 'undecided-rollback',
    ci: false,
    proves:
      'no verdict by the deadline, onUndecided: Rollback: taken back as not proven, no regression, and retry tests again',
    async run(stage) {
      const { before, end } = await tooFewRequests(stage, 'Rollback');
      const entry = await stage.waitOutcome('NotProven', 120);
      assert.equal(entry.verdict, 'Undecided');
      await stage.waitFor('no canary', async () => !(await stage.canaryExists()), 30);
      const status = await stage.waitPhase('Held', 30);
      assert.equal(conditionOf(status, 'Regression')?.status, 'Unknown');
      samePods(before, await stage.stablePods());
      await stage.tandem(['retry', 'shop']);
      await stage.waitPhase('Analyzing');
      await end();
    },
  },
];
