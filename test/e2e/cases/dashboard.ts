import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { testCluster } from '../../cluster/environment.ts';
import { insideCommand } from '../../cluster/kubectl.ts';
import { stateDir } from '../../cluster/paths.ts';
import type { Case } from '../case.ts';
import { leader } from '../operator.ts';
import { runProgram, type Stage } from '../stage.ts';

/** The dashboard of the installed operator, as people reach it: by a port-forward, in a browser. */

const port = 18_082;

interface Look {
  before: string;
  after: string;
  plots: number;
  problems: string[];
}

async function forwarded<T>(stage: Stage, pod: string, work: (url: string) => Promise<T>): Promise<T> {
  const cluster = testCluster();
  const words = [
    '--kubeconfig',
    cluster.kubeconfig,
    '-n',
    'tandem-system',
    'port-forward',
    `pod/${pod}`,
    `${port}:8082`,
  ];
  const [program, args] = cluster.isOwn ? insideCommand(cluster.kubectl, words) : [cluster.kubectl, words];
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/`;
  try {
    await stage.waitFor('the dashboard', async () => (await fetch(url).catch(() => undefined))?.ok === true, 30);
    return await work(url);
  } finally {
    child.kill('SIGTERM');
  }
}

async function lookAt(stage: Stage, url: string): Promise<void> {
  const page = `${url}releases/${stage.namespace}/shop`;
  const answer = await fetch(page);
  assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  mkdirSync(stateDir, { recursive: true });
  const picture = join(stateDir, 'e2e-dashboard.png');
  const { code, stdout, stderr } = await runProgram('npx', ['tsx', 'test/dashboard/look.ts', page, picture]);
  assert.equal(code, 0, stderr);
  const look = JSON.parse(stdout) as Look;
  stage.note(`${picture}: ${look.before} | ${look.after}`);
  assert.deepEqual(look.problems, []);
  assert.notEqual(look.after, look.before);
  assert.ok(look.plots > 2, `${look.plots} plots`);
  stage.facts['plots'] = look.plots;
  assert.equal((await fetch(page, { method: 'POST' })).status, 405);
}

export const dashboardCases: Case[] = [
  {
    name: 'dashboard',
    ci: false,
    proves: 'the dashboard by a port-forward, in Chromium: a release is drawn live, within its own policy',
    async run(stage) {
      await stage.deploy({ version: 'v1' });
      await stage.adopt({ analysis: { minDuration: '10m' } });
      await stage.load({ rate: 60 });
      await stage.release({ version: 'v2' });
      await stage.waitPhase('Analyzing', 60);
      await stage.waitFor('evidence', async () => ((await stage.status()).analysis?.requests?.canary ?? 0) > 0, 90);
      await forwarded(stage, (await leader()).pod, (url) => lookAt(stage, url));
    },
  },
];
