import assert from 'node:assert/strict';
import { type Pod, resources } from '../../../src/kube/object.ts';
import type { RunningLoad } from '../../load/load.ts';
import type { LoadRecord } from '../../load/record.ts';
import type { Case } from '../case.ts';
import { noLostRequests, noteTiming, samePods } from '../check.ts';
import type { Stage } from '../stage.ts';

/** A fresh pod of stable as the control of a version whose processes are slow at first. */

/** Every process, of whichever version, is slow for a minute and a half. */
const cold = { WARMUP_MS: '80', WARMUP_S: '90' };
const wait = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function baselinePods(stage: Stage): Promise<string[]> {
  const options = { namespace: stage.namespace, labelSelector: 'tandem.dev/track=baseline' };
  return (await stage.api.list<Pod>(resources.pods, options)).items.map((pod) => pod.metadata.name);
}

interface Compared {
  load: RunningLoad;
  /** Names of the pods of stable and of the baseline. */
  before: string[];
  fresh: string[];
}

/** Up to the comparison, with a warm stable and a baseline that serves. */
async function compared(stage: Stage, env: Record<string, string>): Promise<Compared> {
  await stage.deploy({ version: 'v1', env: cold });
  const load = await stage.load({ rate: 80, seconds: 1500 });
  await stage.adopt({ canary: { baseline: true }, analysis: { minDuration: '3m' } });
  await wait(100);
  const before = await stage.stablePods();
  await stage.release({ version: 'v2', env: { ...cold, ...env } });
  await stage.waitFor(
    'canary and baseline are ready',
    async () => {
      const { phase, baseline } = await stage.status();
      return phase === 'Analyzing' && baseline?.ready === 1;
    },
    60,
  );
  samePods(before, await stage.stablePods());
  return { load, before, fresh: await baselinePods(stage) };
}

async function nothingLeft(stage: Stage): Promise<void> {
  assert.equal(await stage.canaryExists(), false, 'no canary is left');
  await stage.waitFor('no baseline is left', async () => (await baselinePods(stage)).length === 0, 30);
}

function servedBy(record: LoadRecord, pods: string[]): number {
  return pods.reduce((sum, pod) => sum + (record.pods[pod]?.requests ?? 0), 0);
}

export const baselineCases: Case[] = [
  {
    name: 'baseline',
    ci: false,
    proves:
      'a version that is slow while it warms up, as stable is, is promoted beside a fresh baseline; neither is left behind',
    async run(stage) {
      const { load, fresh } = await compared(stage, {});
      await stage.waitPhase('Promoting', 900);
      const entry = await stage.waitOutcome('Promoted', 120);
      await stage.waitPhase('Idle', 60);
      await nothingLeft(stage);
      const record = await load.stop();
      stage.facts['baseline requests'] = servedBy(record, fresh);
      stage.note(entry.sentence);
      assert.equal(entry.verdict, 'Pass', entry.sentence);
      assert.equal(fresh.length, 1);
      assert.ok(servedBy(record, fresh) > 0, 'the baseline took its share');
      noLostRequests(record, 2);
    },
  },
  {
    name: 'baseline-slow',
    ci: false,
    proves: 'beside a fresh baseline a version that is slower than stable at the same age is taken back',
    async run(stage) {
      const { load, before } = await compared(stage, { LATENCY_MS: '200' });
      const entry = await stage.waitOutcome('RolledBack', 300);
      await stage.waitPhase('Rejected', 60);
      samePods(before, await stage.stablePods());
      await nothingLeft(stage);
      await wait(2);
      const record = await load.stop();
      noteTiming(stage, record, 'v2', Date.parse(entry.ended ?? ''));
      stage.note(entry.sentence);
      assert.match(entry.reason, /^latency/, entry.sentence);
      noLostRequests(record);
    },
  },
];
