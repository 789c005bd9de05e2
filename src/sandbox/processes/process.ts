import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { Guardian } from './guardian.ts';
import type { Program } from './images.ts';

/** How a process ended, as a container runtime reports it: 128 and the signal's number when a signal ended it. */
export interface Exit {
  exitCode: number;
  /** It could not even be started. */
  problem?: string;
}

/** A program that runs, leader of a process group of its own. */
export interface RunningProcess {
  readonly pid: number | undefined;
  /** Sends the signal to the program alone, SIGKILL to its whole group. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

export interface ProcessOptions {
  program: Program;
  args: string[];
  env: Record<string, string>;
  guardian: Guardian;
  output: (chunk: string) => void;
  /** Called once, when it has ended and all its output has been read. */
  exited: (exit: Exit) => void;
}

/** Starts a Node program. It sees of this machine's variables only PATH and those of its locale and temporary files. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const { program, args, env, guardian, output, exited } = options;
  const child = spawn(process.execPath, [program.file, ...(program.args ?? []), ...args], {
    env: { ...inherited(), ...program.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) guardian.watch(pid);
  // Absent when this machine has no more files for them; then an error follows.
  const streams: (Readable | undefined)[] = [child.stdout, child.stderr];
  for (const stream of streams) stream?.setEncoding('utf8').on('data', output);
  let problem: string | undefined;
  child.once('error', (error) => {
    problem = error.message;
    if (pid === undefined) exited({ exitCode: constants.errno.ENOENT, problem });
  });
  child.once('exit', () => {
    if (pid === undefined) return;
    // What it started itself goes with it, as in a container.
    killGroup(pid);
    guardian.forget(pid);
  });
  child.once('close', (code, signal) => {
    if (pid === undefined) return;
    exited({ exitCode: code ?? 128 + constants.signals[signal ?? 'SIGKILL'] });
  });
  return {
    pid,
    signal(name) {
      if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      if (name === 'SIGKILL') killGroup(pid);
      else child.kill(name);
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}

function inherited(): Record<string, string> {
  const names = ['PATH', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
