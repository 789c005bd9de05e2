import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { bundle } from '../../../scripts/build.ts';
import type { Question, Served } from './served.ts';

const MANIFEST = 'deploy/kustomize/base/deployment.yaml';

/** What the operator's process says of itself. */
export interface Memory {
  /** Bytes: of the process, and of these the heap that is in use and what is kept outside of it. */
  rss: number;
  heapUsed: number;
  external: number;
  arrayBuffers: number;
  heapTotal: number;
  /** Seconds since its start. */
  cpu: number;
}

/** The API and the source in one process, the operator's bundled program in another. */
export interface ScaleProcesses {
  memory(): Promise<Memory>;
  /** The same after a garbage collection. */
  collected(): Promise<Memory>;
  ask(): Promise<{ phases: Record<string, number>; requests: Record<string, number>; queries: number }>;
  release(count: number, version: string): void;
  snapshot(file: string): Promise<void>;
  stop(): Promise<void>;
}

/** Answers over the channel to the bench, with nothing loaded beside the program. */
const probe = `
import v8 from 'node:v8';
import vm from 'node:vm';
v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
process.on('message', async ({ collect, snapshot }) => {
  if (collect) gc();
  if (snapshot) v8.writeHeapSnapshot(snapshot);
  const { user, system } = process.cpuUsage();
  process.send({ ...process.memoryUsage(), cpu: (user + system) / 1e6 });
});
process.channel.unref();
process.once('disconnect', () => process.exit(0));
`;

interface Container {
  args: string[];
  env: { name: string; value: string }[];
}

/** Flags and environment as the manifests have them; addresses and files are the bench's. */
function fromManifest(config: string): { args: string[]; env: Record<string, string> } {
  const manifest = parse(readFileSync(MANIFEST, 'utf8')) as {
    spec: { template: { spec: { containers: [Container] } } };
  };
  const [{ args, env }] = manifest.spec.template.spec.containers;
  const own = args.map((arg) => (arg.startsWith('--config=') ? `--config=${config}` : arg));
  return { args: own, env: Object.fromEntries(env.map(({ name, value }) => [name, value])) };
}

export interface ProcessOptions {
  releases: number;
  /** Where the operator's log goes; a file that is removed if absent. */
  nodeOptions?: string | undefined;
}

export async function startProcesses({ releases, nodeOptions }: ProcessOptions): Promise<ScaleProcesses> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-scale-'));
  const program = join(folder, 'tandem.mjs');
  await bundle('src/main.ts', program);
  const api = fork(join(import.meta.dirname, 'served.ts'), [String(releases)], { execArgv: ['--import', 'tsx'] });
  const [{ kubeconfig, prometheus }] = (await once(api, 'message')) as [Extract<Served, { kubeconfig: string }>];
  writeFileSync(join(folder, 'kubeconfig'), kubeconfig, { mode: 0o600 });
  writeFileSync(join(folder, 'config.yaml'), `prometheus:\n- name: default\n  url: ${prometheus}\n`);
  const { args, env } = fromManifest(join(folder, 'config.yaml'));
  const preload = `data:text/javascript,${encodeURIComponent(probe)}`;
  const flags = ['--import', preload, program, ...args];
  const operator = spawn(
    process.execPath,
    [...flags, `--kubeconfig=${join(folder, 'kubeconfig')}`, '--metrics-addr=0', '--health-addr=0'],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env['PATH'] ?? '',
        ...env,
        ...(nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions }),
      },
    },
  );

  async function tell<T>(child: ChildProcess, message: object): Promise<T> {
    const answer = once(child, 'message') as Promise<[T]>;
    child.send(message);
    return (await answer)[0];
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await exited;
    clearTimeout(kill);
  }

  return {
    memory: () => tell(operator, {}),
    collected: () => tell(operator, { collect: true }),
    ask: () => tell(api, { phases: true } satisfies Question),
    release: (count, version) => void api.send({ release: count, version } satisfies Question),
    snapshot: async (file) => void (await tell(operator, { snapshot: file })),
    async stop() {
      await end(operator);
      await end(api);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
