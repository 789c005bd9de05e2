import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { asText } from '../json.ts';

/**
 * Resident memory of processes of this machine in bytes; those that are gone are left out. `platform`: of Node; only
 * Linux has /proc, and ps is the same on all others.
 */
export async function residentMemory(
  pids: readonly number[],
  platform: NodeJS.Platform = process.platform,
): Promise<Map<number, number>> {
  if (pids.length === 0) return new Map();
  return platform === 'linux' ? fromProc(pids) : fromPs(pids);
}

async function fromProc(pids: readonly number[]): Promise<Map<number, number>> {
  const sizes = new Map<number, number>();
  for (const pid of pids) {
    try {
      const bytes = residentIn(await readFile(`/proc/${pid}/status`, 'utf8'));
      if (bytes !== undefined) sizes.set(pid, bytes);
    } catch {
      // It has ended meanwhile.
    }
  }
  return sizes;
}

/**
 * Bytes by the text of /proc/PID/status: it counts in kB, where statm counts in pages, whose size differs between
 * machines. undefined: the process has ended and waits for its parent.
 */
export function residentIn(status: string): number | undefined {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** One column to each `-o`: to the ps of macOS all that follows the first `=` is the title of that one column. */
export function psArguments(pids: readonly number[]): string[] {
  return ['-o', 'pid=', '-o', 'rss=', '-p', pids.join(',')];
}

function fromPs(pids: readonly number[]): Promise<Map<number, number>> {
  return new Promise((resolve) => {
    // It fails when one of them is gone, and tells of the others all the same.
    execFile('ps', psArguments(pids), (_error, output) => resolve(residentByPid(output)));
  });
}

/** Bytes by process id from lines of process id and kB. */
export function residentByPid(output: string): Map<number, number> {
  const rows = [...output.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm)];
  return new Map(rows.map(([, pid, kilobytes]) => [Number(pid), Number(kilobytes) * 1024]));
}

const units: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
};

/** Bytes of a quantity as `128Mi`; undefined when it is absent or none. */
export function bytesOf(quantity: unknown): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|[kMGT])?$/.exec(asText(quantity));
  return parts === null ? undefined : Number(parts[1]) * (units[parts[2] ?? ''] ?? 1);
}
