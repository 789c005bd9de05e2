import assert from 'node:assert/strict';
import { testCluster } from '../../cluster/environment.ts';
import type { Case } from '../case.ts';
import { noLostRequests, samePods } from '../check.ts';
import type { Stage } from '../stage.ts';

/** How soon bad versions fall and how surely good ones pass, over several releases in a row. */

const scrapeSeconds = 5;

interface Goal {
  env: Record<string, string>;
  rate: number;
  /** Scrapes of the canary until the decision, the one that is still under way included. */
  scrapes: number;
  runs: number;
  /** So many of the runs must keep to it. */
  most: number;
}

/** Bad versions, one after the other; all fall, and most of them within the scrapes that the goal allows. */
async function fallsWithin(stage: Stage, goal: Goal): Promise<void> {
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ analysis: { minDuration: '10m' } });
  const load = await stage.load({ rate: goal.rate, seconds: 1800 });
  const before = await stage.stablePods();
  const taken: number[] = [];
  for (let run = 1; run <= goal.runs; run += 1) {
    const version = `v${1 + (run % 2)}`;
    await stage.release({ version, env: { ...goal.env, RUN: String(run) } });
    await stage.waitPhase('Analyzing', 90);
    const pods = await canaryPods(stage);
    await stage.waitPhase('Rejected', 240);
    taken.push(await scrapesOf(stage, pods));
    samePods(before, await stage.stablePods());
  }
  const record = await load.stop();
  stage.facts['scrapes to decision'] = taken.join(' ');
  const kept = taken.filter((scrapes) => scrapes <= goal.scrapes).length;
  assert.ok(kept >= goal.most, `${kept} of ${goal.runs} within ${goal.scrapes} scrapes: ${taken.join(', ')}`);
  noLostRequests(record, 2);
}

async function canaryPods(stage: Stage): Promise<string[]> {
  const { stdout } = await stage.kubectl(['get', 'pods', '-l', 'tandem.dev/track=canary', '-o', 'name']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace('pod/', ''));
}

/** Scrapes that Prometheus has of the canary's pods; 0 where the fast lane decided before the first of them. */
async function scrapesOf(stage: Stage, pods: string[]): Promise<number> {
  assert.ok((await countScrapes(stage, '.+')) > 0, `Prometheus knows no scrape in ${stage.namespace}`);
  return countScrapes(stage, pods.join('|'));
}

async function countScrapes(stage: Stage, pattern: string): Promise<number> {
  const query = `max(count_over_time(process_cpu_seconds_total{namespace="${stage.namespace}", pod=~"${pattern}"}[10m]))`;
  const url = `${testCluster().prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  assert.equal(answer.status, 200, `${query}: ${answer.status}`);
  const body = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(body.data.result[0]?.value[1] ?? 0);
}

/** Good versions in a row, with disturbances that both tracks share or that hit stable alone. */
async function healthyInARow(stage: Stage, runs: number): Promise<void> {
  await stage.deploy({ version: 'v1' });
  await stage.adopt({ analysis: { minDuration: '2m', warmup: '30s', deadline: '150s' } });
  const load = await stage.load({ rate: 200, seconds: runs * 600 });
  const reasons: string[] = [];
  for (let run = 1; run <= runs; run += 1) {
    await stage.release({ version: `v${1 + (run % 2)}`, env: { RUN: String(run) } });
    await stage.waitPhase('Analyzing', 90);
    await new Promise((resolve) => setTimeout(resolve, 40_000));
    await disturb(stage, run);
    await stage.waitFor(
      `release ${run} promoted`,
      async () => {
        const entry = (await stage.status()).ledger?.[0];
        assert.notEqual(entry?.outcome, 'RolledBack', entry?.sentence);
        return entry?.outcome === 'Promoted' && entry.ended !== undefined && (await stage.gate()) === 'armed';
      },
      600,
    );
    reasons.push((await stage.status()).ledger?.[0]?.reason ?? '');
    await stage.waitPhase('Idle', 60);
  }
  stage.facts['promoted by'] = reasons.join(' ');
  // A pod that is deleted while the load goes on may cost what was on its way to it.
  noLostRequests(await load.stop(), 10 * runs);
}

/** One of: nothing, a restarted pod of stable, three times the load for half a minute. */
async function disturb(stage: Stage, run: number): Promise<void> {
  if (run % 3 === 2) {
    const [pod = ''] = await stage.stablePods();
    await stage.kubectl(['delete', 'pod', pod, '--wait=false']);
  }
  if (run % 3 === 0) {
    const more = await stage.load({ rate: 400, seconds: 60 });
    await new Promise((resolve) => setTimeout(resolve, 6 * scrapeSeconds * 1000));
    await more.stop();
  }
}

export const goalCases: Case[] = [
  {
    name: 'healthy-three',
    ci: true,
    proves: 'three good versions in a row are promoted, a pod of stable restarted and the load tripled on the way',
    run: (stage) => healthyInARow(stage, 3),
  },
  {
    name: 'healthy-ten',
    ci: false,
    proves: 'ten good versions in a row are promoted, pods of stable restarted and the load tripled on the way',
    run: (stage) => healthyInARow(stage, 10),
  },
  {
    name: 'soon-latency',
    ci: false,
    proves: '200 ms more at 40 requests a second: taken back within 5 scrapes of the canary, 9 of 10 times',
    run: (stage) => fallsWithin(stage, { env: { LATENCY_MS: '200' }, rate: 40, scrapes: 5, runs: 10, most: 9 }),
  },
  {
    name: 'soon-half',
    ci: false,
    proves: '50 % errors: taken back within 4 scrapes of the canary, 9 of 10 times',
    run: (stage) => fallsWithin(stage, { env: { ERROR_RATE: '0.5' }, rate: 40, scrapes: 4, runs: 10, most: 9 }),
  },
  {
    name: 'soon-errors',
    ci: false,
    proves: '5 % errors on none at 100 requests a second: taken back within 6 scrapes of the canary, 9 of 10 times',
    run: (stage) => fallsWithin(stage, { env: { ERROR_RATE: '0.05' }, rate: 100, scrapes: 6, runs: 10, most: 9 }),
  },
];
