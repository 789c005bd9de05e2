import { spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { binDir, logDir, netnsPath, pidDir } from './paths.ts';
import { pause } from './run.ts';

/** One program that `up` started. The start time and the boot make the id safe against reuse by another program. */
export interface Recorded {
  name: string;
  pid: number;
  program: string;
  startTicks: string;
  boot: string;
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

export function bootId(): string {
  return readOr('/proc/sys/kernel/random/boot_id', '').trim();
}

/** Start time of a process in clock ticks since boot; undefined when there is no such process or it is a zombie. */
export function startTicks(pid: number): string | undefined {
  const stat = readOr(`/proc/${pid}/stat`, '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || fields[0] === 'Z' ? undefined : fields[19];
}

/** The file a process runs; undefined when it is gone or a kernel thread. */
export function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

/** Ids of all processes of the machine. */
export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** True while the recorded id still belongs to the recorded program. */
export function isAlive(entry: Recorded): boolean {
  return (
    entry.boot === bootId() &&
    startTicks(entry.pid) === entry.startTicks &&
    programOf(entry.pid) === withoutLinks(entry.program)
  );
}

/** The kernel names the file itself; the path it was started by may lead over a link. */
function withoutLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export function recorded(): Recorded[] {
  try {
    return readdirSync(pidDir).map((file) => JSON.parse(readFileSync(join(pidDir, file), 'utf8')) as Recorded);
  } catch {
    return [];
  }
}

export function recordOf(name: string): Recorded | undefined {
  return recorded().find((entry) => entry.name === name);
}

/**
 * Starts a program inside the cluster's network namespace, with its output in logs/NAME.log, and records its id.
 * It outlives this process. `nsenter` becomes the program itself, so the id is the program's own.
 * Not `ip netns exec`: that mounts /sys anew and hides the cgroups.
 */
export async function startInside(name: string, program: string, args: string[]): Promise<void> {
  mkdirSync(logDir, { recursive: true });
  mkdirSync(pidDir, { recursive: true });
  const log = openSync(join(logDir, `${name}.log`), 'a');
  const child = spawn('nsenter', [`--net=${netnsPath}`, '--', program, ...args], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: `${binDir}:${process.env['PATH'] ?? ''}` },
  });
  closeSync(log);
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new ClusterError(`${name}: ${program} could not be started`);
  const ticks = startTicks(pid);
  const entry: Recorded = { name, pid, program, startTicks: ticks ?? '', boot: bootId() };
  writeFileSync(join(pidDir, `${name}.json`), JSON.stringify(entry));
  await becomes(entry);
}

async function becomes(entry: Recorded): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (isAlive(entry)) return;
    await pause(20);
  }
  throw new ClusterError(`${entry.name} ended at once; its last words:\n${lastWords(entry.name)}`);
}

/** Ends one recorded program: `signal` first, SIGKILL after `graceMs`. Does nothing when the id belongs to another program by now. */
export async function stopRecorded(entry: Recorded, signal: NodeJS.Signals = 'SIGTERM', graceMs = 5000): Promise<void> {
  const end = Date.now() + graceMs;
  if (isAlive(entry)) process.kill(entry.pid, signal);
  while (isAlive(entry)) {
    if (Date.now() > end) process.kill(entry.pid, 'SIGKILL');
    await pause(50);
  }
  rmSync(join(pidDir, `${entry.name}.json`), { force: true });
}

/** The last lines of a program's log, for an error message. */
export function lastWords(name: string, lines = 15): string {
  const file = join(logDir, `${name}.log`);
  const text = readOr(file, '').trim().split('\n').slice(-lines).join('\n');
  return text === '' ? `(nothing in ${file})` : `${text}\n(${file})`;
}
