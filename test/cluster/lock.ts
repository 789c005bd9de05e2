import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ClusterError } from './cluster-error.ts';
import { bootId, startTicks } from './process.ts';
import { pause } from './run.ts';

interface Holder {
  pid: number;
  startTicks: string;
  boot: string;
  what: string;
}

function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function holds(holder: Holder): boolean {
  return holder.boot === bootId() && startTicks(holder.pid) === holder.startTicks;
}

function take(file: string, what: string): boolean {
  const mine: Holder = { pid: process.pid, startTicks: startTicks(process.pid) ?? '', boot: bootId(), what };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    // A link appears whole or not at all, so nobody reads a lock that is half written.
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Runs `task` while no other process holds `file`. A lock whose holder was killed is taken over.
 * Waits up to `waitSeconds` for a living holder, then throws ClusterError that names its pid.
 */
export async function withLock<T>(file: string, what: string, waitSeconds: number, task: () => Promise<T>): Promise<T> {
  const end = Date.now() + waitSeconds * 1000;
  while (!take(file, what)) {
    const holder = holderOf(file);
    if (holder === undefined || !holds(holder)) {
      rmSync(file, { force: true });
      continue;
    }
    if (Date.now() > end) {
      throw new ClusterError(
        `"cluster ${holder.what}" is running as pid ${holder.pid} (lock ${file}); wait for it, then try again`,
      );
    }
    await pause(250);
  }
  try {
    return await task();
  } finally {
    rmSync(file, { force: true });
  }
}
