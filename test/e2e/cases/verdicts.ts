import assert from 'node:assert/strict';
import type { ShopOptions } from '../../app/shop.ts';
import type { Case } from '../case.ts';
import { noLostRequests, noteTiming, samePods } from '../check.ts';
import { conditionStatus, type Stage } from '../stage.ts';

/** Good and bad versions under load, judged by their metrics. */

async function promoted(stage: Stage): Promise<void> {
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ analysis: { deadline: '6m' } });
  const load = await stage.load({ rate: 100 });
  const before = await stage.stablePods();
  await stage.release({ version: 'v2' });
  await stage.waitPhase('Analyzing', 60);
  samePods(before, await stage.stablePods());
  await stage.waitPhase('Promoting', 420);
  const entry = await stage.waitOutcome('Promoted', 120);
  const ended = Date.now();
  await stage.waitFor('Idle', async () => (await stage.status()).phase === 'Idle', 30);
  assert.equal(await stage.canaryExists(), false, 'no canary is left');
  assert.equal(await stage.gate(), 'armed');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const record = await load.stop();
  stage.facts['promoted by'] = entry.reason;
  stage.note(entry.sentence);
  assert.notEqual(entry.verdict, 'Regression', entry.sentence);
  noLostRequests(record, 2);
  const late = record.seconds.filter((line) => record.startedAt + line.second * 1000 > ended + 2000);
  assert.ok(
    late.every((line) => line.versions['v1'] === undefined),
    'only the new version serves at the end',
  );
}

interface Bad {
  env: Record<string, string>;
  base?: Record<string, string>;
  reasons: RegExp;
  seconds?: number;
  rate?: number;
  shop?: Partial<ShopOptions>;
  analysis?: Record<string, unknown>;
  /** Seconds under load before the release: what stable did then is the past that the judge compares with. */
  past?: number;
}

/** A bad version is taken back, stable keeps its pods, and nobody's connection is lost. */
async function takenBack(stage: Stage, bad: Bad): Promise<void> {
  await stage.deploy({ version: 'v1', ...bad.shop, ...(bad.base === undefined ? {} : { env: bad.base }) });
  await stage.adopt({ analysis: { minDuration: '10m', ...bad.analysis } });
  const load = await stage.load({ rate: bad.rate ?? 60 });
  await new Promise((resolve) => setTimeout(resolve, (bad.past ?? 0) * 1000));
  const before = await stage.stablePods();
  await stage.release({ version: 'v2', env: { ...bad.base, ...bad.env } });
  const entry = await stage.waitOutcome('RolledBack', bad.seconds ?? 240);
  await stage.waitPhase('Rejected', 60);
  samePods(before, await stage.stablePods());
  assert.equal(await stage.canaryExists(), false, 'no canary is left');
  assert.equal(await stage.gate(), 'rejected');
  const status = await stage.status();
  assert.equal(conditionStatus(status, 'Regression'), 'True');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const record = await load.stop();
  noteTiming(stage, record, 'v2', Date.parse(entry.ended ?? ''));
  stage.note(entry.sentence);
  assert.equal(entry.verdict, 'Regression');
  assert.match(entry.reason, bad.reasons, entry.sentence);
  noLostRequests(record);
}

export const verdictCases: Case[] = [
  {
    name: 'good',
    ci: true,
    proves: 'a good version is promoted, no request is lost, no canary is left',
    run: promoted,
  },
  {
    name: 'cpu',
    ci: true,
    proves: 'more CPU for each request is taken back',
    run: (stage) =>
      takenBack(stage, {
        env: { CPU_MS: '8' },
        reasons: /^(cpu|latency)/,
        seconds: 420,
        analysis: { latency: { enabled: false } },
      }),
  },
  {
    name: 'memory',
    ci: true,
    proves: 'a memory leak is taken back',
    run: (stage) =>
      takenBack(stage, {
        env: { LEAK_BYTES_PER_SECOND: '1500000' },
        reasons: /^(memory|OOMKilled|CrashLoopBackOff)$/,
        seconds: 720,
        shop: { memoryLimit: '1536Mi' },
      }),
  },
  {
    name: 'tail',
    ci: false,
    proves: 'a regression that only the tail shows is taken back (10 % of requests 500 ms slower)',
    run: (stage) =>
      takenBack(stage, { env: { TAIL_RATE: '0.1', TAIL_MS: '500' }, reasons: /^latency/, rate: 100, seconds: 600 }),
  },
  {
    name: 'new-class',
    ci: false,
    proves: 'a class of errors that stable never raised is taken back at 1 %',
    run: (stage) =>
      takenBack(stage, {
        base: { BASELINE_ERROR_RATE: '0.02' },
        env: { ERROR_RATE: '0.01', ERROR_CLASS: '503' },
        reasons: /^new-errors$/,
        rate: 100,
        seconds: 480,
        past: 180,
      }),
  },
  {
    name: 'long-lived',
    ci: false,
    proves: 'long-lived connections end as NoTraffic with the remedy within 2 minutes, never as a verdict',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '2m' } });
      const load = await stage.load({ rate: 40, mode: 'keepalive' });
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing', 60);
      await stage.waitFor(
        'EvidenceAvailable is False for NoTraffic',
        async () => {
          const found = (await stage.status()).conditions?.find((item) => item.type === 'EvidenceAvailable');
          return found?.status === 'False' && found.reason === 'NoTraffic' && /connections/.test(found.message);
        },
        125,
      );
      assert.equal((await stage.status()).analysis?.verdict, 'Undecided');
      const record = await load.stop();
      assert.equal(record.versions['v2'], undefined, 'no request reached the canary');
    },
  },
  {
    name: 'errors',
    ci: true,
    proves: '5 % errors are taken back',
    run: (stage) => takenBack(stage, { env: { ERROR_RATE: '0.05' }, reasons: /^(errors|new-errors)$/ }),
  },
  {
    name: 'latency',
    ci: true,
    proves: '200 ms more on all routes are taken back',
    run: (stage) => takenBack(stage, { env: { LATENCY_MS: '200' }, reasons: /^latency/ }),
  },
];
