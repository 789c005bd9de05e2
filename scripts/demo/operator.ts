import { spawn } from 'node:child_process';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Guardian } from '../../src/sandbox/processes/guardian.ts';
import { DemoError } from './options.ts';

/** The operator as it runs in a cluster, in a process of its own. */
export interface RunningOperator {
  /** Resolves with why it ended by itself. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

export interface OperatorOptions {
  /** The bundled program. */
  program: string;
  kubeconfig: string;
  /** `HOST:PORT` of its dashboard. */
  dashboard: string;
  /** Where its configuration and its log go. */
  folder: string;
  guardian: Guardian;
}

/** Pods are processes of this machine here, which the operator scrapes only when it is told so. */
const configuration = 'podsSource: {allowLoopback: true}\n';

export function startOperator({ program, kubeconfig, dashboard, folder, guardian }: OperatorOptions): RunningOperator {
  const config = join(folder, 'operator.yaml');
  const logFile = join(folder, 'operator.log');
  writeFileSync(config, configuration);
  const flags = { kubeconfig, config, 'health-addr': '0', 'metrics-addr': '0', 'dashboard-addr': dashboard };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(process.execPath, [program, 'operator', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const { pid } = child;
  if (pid !== undefined) guardian.watch(pid);
  const log = createWriteStream(logFile);
  // Absent when this machine has no more files for them.
  const streams: (Readable | undefined)[] = [child.stdout, child.stderr];
  for (const stream of streams) stream?.pipe(log, { end: false });
  let stopping = false;
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => log.end(`${error.message}\n`, resolve));
    child.once('close', () => {
      if (pid !== undefined) guardian.forget(pid);
      log.end(resolve);
    });
  });
  return {
    ended: exited.then(() => (stopping ? 'stopped' : lastWords(logFile, child.exitCode))),
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(kill);
    },
  };
}

function lastWords(logFile: string, code: number | null): string {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
  return `the operator ended with ${code ?? 'a signal'}; its last words:\n${lines}`;
}

/** Rejects when the operator ends by itself. */
export async function unlessEnded<T>(operator: RunningOperator, work: Promise<T>): Promise<T> {
  const failed = operator.ended.then((why): never => {
    throw new DemoError(why);
  });
  return Promise.race([work, failed]);
}
