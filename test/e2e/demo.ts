import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { GATE_LABEL } from '../../src/api/names.ts';
import type { CanaryReleaseStatus, LedgerEntry } from '../../src/api/schema.ts';
import { createKubeApi } from '../../src/kube/client.ts';
import { loadClusterConfig } from '../../src/kube/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { ensureUp, loadImages, testCluster } from '../cluster/environment.ts';
import { insideCommand } from '../cluster/kubectl.ts';
import { networkExists } from '../cluster/network.ts';
import { down, missingComponents } from '../cluster/up.ts';
import { total } from '../load/record.ts';
import { type Timing, timingOf } from './check.ts';
import { installOperator } from './operator.ts';
import { createStage, type Stage } from './stage.ts';

const usage = `npm run demo:cluster [-- --keep]

Releases five versions of a small shop on a real one-node Kubernetes on this machine, under load, and shows what happens:
a good one is promoted, and one that is slow, one that fails and one that crashes are taken back. The first time it
compiles Kubernetes (about 8 minutes on 2 cores); then it takes about 6 minutes. Needs root, Linux and Go.

  --keep   leave the cluster, the operator and the shop running, and say how to look at them
`;

const namespace = 'tandem-demo';
/** Requests a second on all pods of the shop. */
const rate = 100;

interface Version {
  version: string;
  is: string;
  env: Record<string, string>;
  expected: 'Promoted' | 'RolledBack';
}

const versions: Version[] = [
  { version: 'v2', is: 'good', env: {}, expected: 'Promoted' },
  { version: 'v3', is: '200 ms slower', env: { LATENCY_MS: '200' }, expected: 'RolledBack' },
  { version: 'v4', is: 'fails 5 % of requests', env: { ERROR_RATE: '0.05' }, expected: 'RolledBack' },
  { version: 'v5', is: 'crashes', env: { CRASH_AFTER_S: '2' }, expected: 'RolledBack' },
];

interface Shown extends Version {
  outcome: string;
  sentence: string;
  timing: Timing;
  lost: number;
  right: boolean;
}

const begun = Date.now();

function say(text: string): void {
  const seconds = Math.floor((Date.now() - begun) / 1000);
  const clock = `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`;
  console.log(`${clock}  ${text}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      inside: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  return values.inside ? demonstrate(values.keep) : withCluster(values.keep);
}

/** Starts what is missing, shows the releases from inside the cluster's network, and ends what it started. */
async function withCluster(keep: boolean): Promise<number> {
  const { isOwn } = testCluster();
  const wasUp = !isOwn || (networkExists() && missingComponents().length === 0);
  if (!wasUp) say('starting Kubernetes; what is not built yet is compiled first');
  try {
    await ensureUp();
    await loadImages();
    return await runInside(keep);
  } finally {
    if (!wasUp && !keep) await down();
  }
}

function runInside(keep: boolean): Promise<number> {
  const script = [...process.execArgv, process.argv[1] ?? '', '--inside', ...(keep ? ['--keep'] : [])];
  const [program, args] = testCluster().isOwn ? insideCommand(process.execPath, script) : [process.execPath, script];
  const child = spawn(program, args, { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', (code) => resolve(code ?? 130));
  });
}

async function demonstrate(keep: boolean): Promise<number> {
  const config = loadClusterConfig({ clock: systemClock, kubeconfig: testCluster().kubeconfig });
  const api = createKubeApi({
    config,
    clock: systemClock,
    random: Math.random,
    userAgent: 'tandem-demo',
    fieldManager: 'demo',
  });
  const stage = createStage({ api, namespace, log: say });
  try {
    await installOperator(say);
    await prepare(stage);
    return report(await releaseAll(stage));
  } finally {
    if (keep) console.log(howToLook());
    else await stage.cleanup();
    await api.close();
  }
}

async function prepare(stage: Stage): Promise<void> {
  await stage.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=120s']);
  await stage.kubectl(['create', 'namespace', namespace]);
  say('a shop: Deployment with 3 pods of v1, and a Service');
  await stage.deploy({ version: 'v1' });
  const before = await stage.stablePods();
  say('a CanaryRelease that names it, everything else at its default but the times');
  await stage.adopt({ analysis: { minDuration: '30s', warmup: '10s', deadline: '5m' } });
  const same = JSON.stringify(before) === JSON.stringify(await stage.stablePods());
  say(`adopted: the gate is armed and proven, ${same ? 'no pod restarted' : 'PODS CHANGED'}`);
  say(`load: ${rate} requests a second through the Service, a connection each`);
}

async function releaseAll(stage: Stage): Promise<Shown[]> {
  const load = await stage.load({ rate, seconds: 1800 });
  const shown: Shown[] = [];
  let lostBefore = 0;
  for (const version of versions) {
    const seen = await releaseOne(stage, version);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const record = load.snapshot();
    const lost = total(record.failed);
    const right = seen.entry?.outcome === version.expected && seen.kept;
    shown.push({
      ...version,
      outcome: seen.entry?.outcome ?? 'none',
      sentence: seen.entry?.sentence ?? 'no answer in time',
      timing: timingOf(record, version.version, seen.decidedAt),
      lost: lost - lostBefore,
      right,
    });
    lostBefore = lost;
    if (!right) break;
  }
  await load.stop();
  return shown;
}

interface Seen {
  entry: LedgerEntry | undefined;
  decidedAt: number;
  /** Until the decision the pods of stable were the same. */
  kept: boolean;
}

const longestMinutes = 5;

async function releaseOne(stage: Stage, { version, is, env }: Version): Promise<Seen> {
  console.log(`\n${version} (${is})`);
  const before = await stage.stablePods();
  await stage.release({ version, env });
  const { metadata, spec } = await stage.target();
  say(
    `kubectl apply: ${spec.paused === true ? 'paused in the same write' : 'NOT PAUSED'}, gate ${metadata.labels?.[GATE_LABEL]}`,
  );
  const narrator = new Narrator();
  const seen: Seen = { entry: undefined, decidedAt: Date.now(), kept: true };
  const end = Date.now() + longestMinutes * 60_000;
  while (Date.now() < end) {
    // In this order: pods that were seen before there was a decision cannot be those of a promotion.
    const pods = await stage.stablePods();
    const status = await stage.status();
    if (isOf(status, version)) {
      narrator.tell(status);
      const entry = status.ledger?.find((item) => item.images.some((image) => image.endsWith(`:${version}`)));
      if (entry === undefined) seen.kept &&= JSON.stringify(pods) === JSON.stringify(before);
      else if (seen.entry === undefined) seen.decidedAt = Date.now();
      seen.entry = entry;
      if (entry?.ended !== undefined && (status.phase === 'Idle' || status.phase === 'Rejected')) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  say(`${seen.entry?.outcome ?? 'no answer'}: ${seen.entry?.sentence ?? ''}`);
  say(
    `serving now: ${counted(await stage.stableVersions())}${seen.kept ? '; until the decision no pod of stable was touched' : '; PODS OF STABLE CHANGED BEFORE THE DECISION'}`,
  );
  return seen;
}

function isOf(status: CanaryReleaseStatus, version: string): boolean {
  const known = [...(status.canary?.images ?? []), ...(status.ledger ?? []).flatMap(({ images }) => images)];
  return known.some((image) => image.endsWith(`:${version}`));
}

function counted(items: string[]): string {
  const kinds = [...new Set(items)];
  return kinds.map((kind) => `${items.filter((item) => item === kind).length} pods of ${kind}`).join(', ');
}

/** Says each phase once, and how the comparison stands every ten seconds. */
class Narrator {
  private phase = '';
  private at = 0;
  private said = '';

  tell(status: CanaryReleaseStatus): void {
    const { phase = '', message = '', analysis } = status;
    const isNew = phase !== this.phase;
    const text = phase === 'Analyzing' ? (analysis?.sentence ?? message) : message;
    const progress = phase === 'Analyzing' && text !== this.said && Date.now() - this.at >= 10_000;
    if (!isNew && !progress) return;
    this.phase = phase;
    this.at = Date.now();
    this.said = text;
    if (phase === 'Starting' || phase === 'Analyzing') say(`${phase}: ${text}`);
    if (phase === 'Promoting') say('Promoting: approved; the target resumes and rolls by itself');
    if (phase === 'RollingBack') say('RollingBack: the canary goes to 0 pods');
  }
}

function report(shown: Shown[]): number {
  console.log('\nWhat came of each version, and what it cost its users:\n');
  const head = ['version', 'is', 'outcome', 's to decision', 'requests it had', 's to last request', 'requests lost'];
  const rows = shown.map(({ version, is, outcome, timing, lost, right }) => [
    version,
    is,
    right ? outcome : `${outcome} (WRONG)`,
    String(timing['s to decision'] ?? '-'),
    String(timing['requests to decision']),
    String(outcome === 'Promoted' ? 'serves' : (timing['s to last request'] ?? '-')),
    String(lost),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  for (const row of [head, ...rows])
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`);
  console.log(
    '\nTimes and requests of a canary count from its first request. Requests that a crashing container loses are',
  );
  console.log('those that reached it before its Service forgot it.\n');
  for (const { version, sentence } of shown) console.log(`  ${version}: ${sentence}`);
  const right = shown.length === versions.length && shown.every((item) => item.right);
  console.log(right ? '\nEvery verdict was right.' : '\nNOT every verdict was right.');
  return right ? 0 : 1;
}

function howToLook(): string {
  const run = testCluster().isOwn ? 'npm run -s cluster -- ' : '';
  const { kubeconfig } = testCluster();
  return `
Everything is left running. Look at it:
  ${run}kubectl -n ${namespace} get canaryreleases,deployments,pods
  ${run}kubectl -n ${namespace} describe canaryrelease shop
  ${run}exec node dist/tandem.mjs status shop -n ${namespace} --kubeconfig ${kubeconfig}
Release something:
  ${run}kubectl -n ${namespace} set image deployment/shop shop=docker.io/library/shop:v6
End it:
  npm run cluster -- down`;
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof ClusterError;
  console.error(expected ? `demo: ${error.message}` : error);
  process.exitCode = 1;
}
process.exit();
