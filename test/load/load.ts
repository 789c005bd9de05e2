import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundle } from '../../scripts/build.ts';
import { testCluster } from '../cluster/environment.ts';
import { insideCommand } from '../cluster/kubectl.ts';
import { networkExists } from '../cluster/network.ts';
import { type LoadMode, type LoadRecord, recordOf, type SecondLine } from './record.ts';

export interface LoadOptions {
  /** `http://ADDRESS[:PORT]`: the cluster IP of a Service, or loopback. */
  url: string;
  /** Requests a second, up to 1000. */
  rate: number;
  mode: LoadMode;
  /** How long it sends at most, up to 7200. */
  seconds: number;
  /** Asked in turn; `/fast` and `/slow` when absent. */
  paths?: string[];
  /** Begin when the target has answered a few times in a row; true when absent. */
  wait?: boolean;
  /** A process beside this one, or a pod of the cluster (where its Services cannot be reached from here). */
  runIn?: 'process' | 'pod';
}

export interface RunningLoad {
  /** Ends the load, waits for the answers under way, and gives the whole record. Rejects when the generator broke down. */
  stop(): Promise<LoadRecord>;
  /** The record up to the last full second. */
  snapshot(): LoadRecord;
}

/** Starts a generator of its own. Resolves when it begins to send; rejects with its words when it does not. */
export async function startLoad(options: LoadOptions): Promise<RunningLoad> {
  const { url, rate, mode, seconds, paths = ['/fast', '/slow'], wait = true } = options;
  const values = { url, rate, mode, seconds, paths: paths.join(',') };
  const args = [
    '--stdin',
    ...(wait ? ['--wait'] : []),
    ...Object.entries(values).map(([key, value]) => `--${key}=${value}`),
  ];
  const runIn = options.runIn ?? (testCluster().isOwn ? 'process' : 'pod');
  const child = runIn === 'pod' ? startPod(args) : await startProcess(args);
  return follow(child, { url, rate, mode });
}

async function startProcess(args: string[]): Promise<ChildProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-load-'));
  const program = join(folder, 'load.mjs');
  await bundle('test/load/main.ts', program);
  const inside = networkExists() && testCluster().isOwn;
  const [command, words] = inside
    ? insideCommand(process.execPath, [program, ...args])
    : [process.execPath, [program, ...args]];
  const child = spawn(command, words);
  child.once('close', () => void rm(folder, { recursive: true, force: true }));
  return child;
}

function startPod(args: string[]): ChildProcess {
  const { kubectl, kubeconfig, isOwn } = testCluster();
  const name = `load-${process.pid}-${Date.now().toString(36)}`;
  const pod = ['run', name, '--image=docker.io/library/shop:v1', '--image-pull-policy=IfNotPresent', '--restart=Never'];
  const words = [
    '--kubeconfig',
    kubeconfig,
    ...pod,
    '--rm',
    '-i',
    '--quiet',
    '--command',
    '--',
    'node',
    '/app/load.mjs',
    ...args,
  ];
  return isOwn ? spawn(...insideCommand(kubectl, words)) : spawn(kubectl, words);
}

async function follow(child: ChildProcess, run: Pick<LoadRecord, 'url' | 'rate' | 'mode'>): Promise<RunningLoad> {
  const lines: SecondLine[] = [];
  let startedAt: number | undefined;
  let words = '';
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', (error) => {
      words += error.message;
      resolve(null);
    });
  });
  child.stderr?.on('data', (data: Buffer) => {
    words += data.toString();
  });
  const started = new Promise<void>((resolve) => {
    if (!child.stdout) return resolve();
    createInterface({ input: child.stdout }).on('line', (text) => {
      if (!text.startsWith('{')) return;
      const line = JSON.parse(text) as SecondLine | { startedAt: number };
      if ('startedAt' in line) startedAt = line.startedAt;
      else lines.push(line);
      resolve();
    });
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.write('go\n');
  await Promise.race([started, ended]);
  const record = (): LoadRecord => recordOf({ ...run, startedAt: startedAt ?? 0 }, lines);
  const broken = (): Error => new Error(`the load generator broke down: ${words.trim()}`);
  if (startedAt === undefined) throw broken();
  return {
    snapshot: record,
    stop: async () => {
      child.stdin?.end();
      if ((await ended) !== 0) throw broken();
      return record();
    },
  };
}
