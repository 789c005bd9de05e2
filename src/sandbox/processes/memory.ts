import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { asText } from '../json.ts';

const pageBytes = 4096;

/** Resident memory of processes of this machine in bytes; those that are gone are left out. */
export async function residentMemory(pids: readonly number[]): Promise<Map<number, number>> {
  if (pids.length === 0) return new Map();
  return process.platform === 'linux' ? fromProc(pids) : fromPs(pids);
}

async function fromProc(pids: readonly number[]): Promise<Map<number, number>> {
  const sizes = new Map<number, number>();
  for (const pid of pids) {
    try {
      const text = await readFile(`/proc/${pid}/statm`, 'utf8');
      sizes.set(pid, Number(text.split(' ')[1]) * pageBytes);
    } catch {
      // It has ended meanwhile.
    }
  }
  return sizes;
}

function fromPs(pids: readonly number[]): Promise<Map<number, number>> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'pid=,rss=', '-p', pids.join(',')], (_error, output) => {
      const rows = output
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/).map(Number));
      resolve(new Map(rows.map(([pid = 0, kilobytes = 0]) => [pid, kilobytes * 1024])));
    });
  });
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
