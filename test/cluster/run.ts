import { spawnSync } from 'node:child_process';
import { ClusterError } from './cluster-error.ts';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: string;
  /** The child writes straight to the terminal; nothing is returned. */
  show?: boolean;
}

export interface RunResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end and returns what it said; never throws for an exit code. */
export function tryRun(program: string, args: string[], options: RunOptions = {}): RunResult {
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: options.show ? ['inherit', 'inherit', 'inherit'] : ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (done.error) return { status: 127, stdout: '', stderr: done.error.message };
  return { status: done.status ?? 128, stdout: done.stdout ?? '', stderr: done.stderr ?? '' };
}

/** Runs a program and returns its standard output. Throws ClusterError with its last words when it fails. */
export function run(program: string, args: string[], options: RunOptions = {}): string {
  const result = tryRun(program, args, options);
  if (result.status === 0) return result.stdout;
  const words = result.stderr.trim().split('\n').slice(-8).join('\n');
  throw new ClusterError(`${program} ${args.join(' ')} ended with ${result.status}${words ? `:\n${words}` : ''}`);
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Asks every 200 ms until `ready` says true. Throws ClusterError with `what` and the text of `why` when `seconds` are over. */
export async function waitUntil(
  what: string,
  ready: () => boolean | Promise<boolean>,
  seconds: number,
  why: () => string = () => '',
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await ready())) {
    if (Date.now() > end) throw new ClusterError(`${what}: not within ${seconds} s. ${why()}`);
    await pause(200);
  }
}
