import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createKubeApi } from '../../kube/client.ts';
import { loadClusterConfig } from '../../kube/config.ts';
import { type Deployment, type Pod, resources } from '../../kube/object.ts';
import { systemClock } from '../../lib/clock.ts';
import { runSandbox } from './run.ts';

const script = resolve(import.meta.dirname, '../../../scripts/sandbox.ts');
let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem run-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** What it says, and its exit code, of one that does not start. */
async function refused(...args: string[]): Promise<string> {
  let text = '';
  const take = (more: string): void => {
    text += more;
  };
  const code = await runSandbox(args, { stdout: take, stderr: take });
  return `${text}${code}`;
}

it('keeps its kubeconfig from a second one, and takes it away at the end, however often it is told to', async () => {
  const kubeconfig = join(folder, 'config');
  child = spawn(process.execPath, ['--import', 'tsx', script, '--kubeconfig', kubeconfig]);
  const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  const server = /serves (\S+);/.exec(said.toString())?.[1] ?? '';
  expect(said.toString()).toContain(`export KUBECONFIG='${kubeconfig}'`);
  const before = readFileSync(kubeconfig, 'utf8');
  expect(before).toContain(server);
  expect(await refused('--kubeconfig', kubeconfig)).toBe(
    `sandbox: ${kubeconfig} is the kubeconfig of a sandbox that runs (${server}): name another file\n1`,
  );
  expect(readFileSync(kubeconfig, 'utf8')).toBe(before);
  // From the terminal and from npm.
  child.kill('SIGTERM');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(existsSync(kubeconfig)).toBe(false);
});

it('ends with what is in it, pods that crash over and over too', async () => {
  const kubeconfig = join(folder, 'config');
  child = spawn(process.execPath, ['--import', 'tsx', script, '--kubeconfig', kubeconfig]);
  await once(child.stdout ?? child, 'data');
  const config = loadClusterConfig({ clock: systemClock, kubeconfig, env: {} });
  const api = createKubeApi({ config, clock: systemClock, random: Math.random, userAgent: 'test' });
  const template = {
    metadata: { labels: { app: 'a' }, annotations: { 'sandbox.tandem.dev/pod': 'crash' } },
    spec: { containers: [{ name: 'a', image: 'a:1' }] },
  };
  const spec = { selector: { matchLabels: { app: 'a' } }, template };
  const metadata = { name: 'a', namespace: 'shop' };
  await api.create(resources.deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec } as Deployment);
  await expect
    .poll(
      async () =>
        (await api.list<Pod>(resources.pods, { namespace: 'shop' })).items[0]?.status?.containerStatuses?.[0]
          ?.restartCount,
      { timeout: 15_000 },
    )
    .toBeGreaterThan(0);
  await api.close();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
}, 30_000);

it.each([
  [['--port', '-1'], "Option '--port' argument is ambiguous. Did you forget to specify the option argument"],
  [['--port', 'web'], '--port web: write a whole number from 0 to 65535'],
  [['--namespace', 'Bad_Name'], 'Namespace "Bad_Name" is invalid'],
])('says in one line what is wrong with %j', async (args, message) => {
  const text = await refused(...args);
  expect(text).toContain(`sandbox: ${message}`);
  expect(text.split('\n').length).toBe(2);
});
