import assert from 'node:assert/strict';
import type { CanaryReleaseStatus, StatusMetric } from '../../../src/api/schema.ts';
import { startMetricsServer, stopMetricsServer } from '../../cluster/environment.ts';
import type { Case } from '../case.ts';
import { noLostRequests, noteTiming, samePods } from '../check.ts';
import type { Stage } from '../stage.ts';

/** CPU and memory from metrics.k8s.io alone: no Prometheus is asked, and the pods export nothing of their process. */

const requestsOnly = { PROCESS_METRICS: '0' };
const analysis = { source: 'Pods' };
const usageSource = 'Pods+metrics.k8s.io';

function metric(status: CanaryReleaseStatus, name: string): StatusMetric | undefined {
  return status.analysis?.metrics?.find((one) => one.name === name);
}

function warnings(status: CanaryReleaseStatus): string {
  return (status.analysis?.warnings ?? []).join('\n');
}

/** Taken back by a figure that only metrics.k8s.io has. */
async function takenBack(stage: Stage, name: 'cpu' | 'memory', bad: Record<string, string>): Promise<void> {
  await stage.deploy({ version: 'v1', env: requestsOnly, memoryLimit: '1Gi' });
  await stage.adopt({ analysis: { ...analysis, minDuration: '10m', deadline: '12m', latency: { enabled: false } } });
  const load = await stage.load({ rate: 60 });
  const before = await stage.stablePods();
  await stage.release({ version: 'v2', env: { ...requestsOnly, ...bad } });
  const entry = await stage.waitOutcome('RolledBack', 720);
  samePods(before, await stage.stablePods());
  const record = await load.stop();
  noteTiming(stage, record, 'v2', Date.parse(entry.ended ?? ''));
  stage.note(entry.sentence);
  const status = await stage.status();
  assert.equal(status.analysis?.source, usageSource);
  assert.equal(entry.reason, name, entry.sentence);
  assert.match(metric(status, name)?.query ?? '', /^metrics\.k8s\.io PodMetrics/);
  stage.facts['samples'] = metric(status, name)?.samples ?? 0;
  noLostRequests(record, 2);
}

/** A window is read every 5 s and made every 10 s at most: more samples than that were one counted twice. */
const shortestWindow = 10;

async function promoted(stage: Stage): Promise<void> {
  await stage.deploy({ version: 'v1', env: requestsOnly });
  await stage.adopt({ analysis: { ...analysis, minDuration: '2m', deadline: '6m', latency: { enabled: false } } });
  const load = await stage.load({ rate: 60 });
  await stage.release({ version: 'v2', env: requestsOnly });
  await stage.waitPhase('Analyzing', 60);
  let last = await stage.status();
  await stage.waitFor(
    'the end of the comparison',
    async () => {
      const status = await stage.status();
      if (status.phase === 'Analyzing') last = status;
      return status.phase !== 'Analyzing';
    },
    900,
  );
  const entry = await stage.waitOutcome('Promoted', 120);
  stage.note(entry.sentence);
  assert.equal(last.analysis?.source, usageSource);
  const seconds = (Date.now() - Date.parse(last.analysis?.since ?? '')) / 1000;
  for (const name of ['cpu', 'memory']) {
    const { samples = 0, canary = '' } = metric(last, name) ?? {};
    assert.ok(Number(canary) > 0, `${name} of the canary: ${JSON.stringify(metric(last, name))}`);
    assert.ok(samples > 2, `${name}: ${samples} samples`);
    assert.ok(samples <= seconds / shortestWindow + 1, `${name}: ${samples} samples in ${seconds} s`);
    stage.facts[`${name} samples`] = samples;
  }
  noLostRequests(await load.stop(), 2);
}

/** The aggregated API answers 503, then serves pods whose windows begin anew. */
async function serverDown(stage: Stage): Promise<void> {
  await stage.deploy({ version: 'v1', env: requestsOnly });
  await stage.adopt({ analysis: { ...analysis, minDuration: '4m', deadline: '8m', latency: { enabled: false } } });
  const load = await stage.load({ rate: 60 });
  const before = await stage.stablePods();
  await stage.release({ version: 'v2', env: requestsOnly });
  await stage.waitFor('figures', async () => (metric(await stage.status(), 'memory')?.samples ?? 0) > 1, 180);
  await stopMetricsServer();
  try {
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    const early = await stage.status();
    assert.equal(early.phase, 'Analyzing');
    samePods(before, await stage.stablePods());
    const known = metric(early, 'memory')?.samples ?? 0;
    const requests = early.analysis?.requests?.canary ?? 0;
    await stage.waitFor(
      'said',
      async () => /metrics\.k8s\.io does not answer/.test(warnings(await stage.status())),
      240,
    );
    const late = await stage.status();
    stage.note(warnings(late));
    // Requests go on being compared, figures that are not there are not made up.
    assert.ok((late.analysis?.requests?.canary ?? 0) > requests);
    assert.ok((metric(late, 'memory')?.samples ?? 0) <= known + 2);
    assert.notEqual(late.analysis?.verdict, 'Regression');
    assert.equal(late.analysis?.reason, undefined, 'no source of requests has failed');
  } finally {
    await startMetricsServer();
  }
  const entry = await stage.waitOutcome('Promoted', 600);
  stage.note(entry.sentence);
  noLostRequests(await load.stop(), 2);
}

/** Who takes the right away loses these figures and nothing else. */
async function forbidden(stage: Stage): Promise<void> {
  const role = ['clusterrole', 'tandem-operator'];
  const { stdout } = await stage.kubectl(['get', ...role, '-o', 'json']);
  const { rules } = JSON.parse(stdout) as { rules: { apiGroups: string[] }[] };
  const setRules = (all: object[]): Promise<unknown> =>
    stage.kubectl(['patch', ...role, '--type=merge', '-p', JSON.stringify({ rules: all })]);
  await stage.deploy({ version: 'v1', env: requestsOnly });
  await stage.adopt({ analysis: { ...analysis, minDuration: '10m' } });
  await stage.load({ rate: 60 });
  await setRules(rules.filter(({ apiGroups }) => !apiGroups.includes('metrics.k8s.io')));
  try {
    await stage.release({ version: 'v2', env: { ...requestsOnly, LATENCY_MS: '200' } });
    const why = /the operator may not list pods of metrics\.k8s\.io in namespace \S+: cpu and memory not compared/;
    await stage.waitFor('said', async () => why.test(warnings(await stage.status())), 60);
    assert.equal((await stage.status()).analysis?.source, 'Pods');
    const entry = await stage.waitOutcome('RolledBack', 240);
    assert.match(entry.reason, /^latency/, entry.sentence);
  } finally {
    await setRules(rules);
  }
}

export const resourceCases: Case[] = [
  {
    name: 'usage-memory',
    ci: true,
    proves: 'without a Prometheus, memory from metrics.k8s.io: a version that holds ten times as much is taken back',
    run: (stage) => takenBack(stage, 'memory', { LEAK_BYTES_AT_START: '120000000' }),
  },
  {
    name: 'usage-cpu',
    ci: false,
    proves: 'without a Prometheus, CPU from metrics.k8s.io: more of it for each request is taken back',
    run: (stage) => takenBack(stage, 'cpu', { CPU_MS: '10' }),
  },
  {
    name: 'usage-good',
    ci: false,
    proves: 'CPU and memory from metrics.k8s.io: a good version is promoted, and no window was counted twice',
    run: promoted,
  },
  {
    name: 'usage-down',
    ci: false,
    alone: true,
    proves: 'metrics-server stopped in mid-analysis: said, no verdict comes of it, and the version is promoted',
    run: serverDown,
  },
  {
    name: 'usage-forbidden',
    ci: false,
    alone: true,
    proves: 'the right to list pods of metrics.k8s.io taken away: said, and the version is judged by its requests',
    run: forbidden,
  },
];
