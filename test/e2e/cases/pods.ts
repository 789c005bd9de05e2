import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { noLostRequests, noteTiming, samePods } from '../check.ts';
import type { Stage } from '../stage.ts';

/** Releases whose pods the operator scrapes by itself. */

/** Seconds between two scrapes of a pod. */
const interval = 2;

/** 200 ms more on every request: how many scrapes until the canary is taken back? */
async function takenBack(stage: Stage, source: 'Auto' | 'Pods', expected: string): Promise<void> {
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ analysis: { minDuration: '10m', source } });
  const load = await stage.load({ rate: 60 });
  // So that Prometheus has a past of stable under this load.
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  const before = await stage.stablePods();
  await stage.release({ version: 'v2', env: { LATENCY_MS: '200' } });
  const { canary } = await stage.waitPhase('Analyzing', 60);
  const entry = await stage.waitOutcome('RolledBack', 240);
  const decided = Date.parse(entry.ended ?? '');
  assert.equal((await stage.status()).analysis?.source, expected);
  samePods(before, await stage.stablePods());
  const record = await load.stop();
  noteTiming(stage, record, 'v2', decided);
  stage.facts['scrapes to decision'] = Math.ceil((decided - Date.parse(canary?.since ?? '')) / 1000 / interval);
  assert.match(entry.reason, /^latency/, entry.sentence);
  noLostRequests(record);
}

export const podsCases: Case[] = [
  {
    name: 'pods-only',
    ci: true,
    proves: 'without a Prometheus, by the metrics of the pods alone: 200 ms more are taken back',
    run: (stage) => takenBack(stage, 'Pods', 'Pods'),
  },
  {
    name: 'pods-good',
    ci: false,
    proves: 'without a Prometheus a good version is promoted',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { source: 'Pods' } });
      const load = await stage.load({ rate: 60 });
      await stage.release({ version: 'v2' });
      const entry = await stage.waitOutcome('Promoted', 600);
      assert.equal(entry.verdict, 'Pass', entry.sentence);
      noLostRequests(await load.stop(), 2);
    },
  },
  {
    name: 'fast-lane',
    ci: true,
    proves: "the pods scraped every 2 s, stable's past from Prometheus: 200 ms more are taken back within seconds",
    run: (stage) => takenBack(stage, 'Auto', 'Pods+Prometheus'),
  },
];
