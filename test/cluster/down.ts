import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopOrder } from './components.ts';
import { cniNetwork } from './config.ts';
import { removeOwnNetwork } from './network.ts';
import { binDir, containerdDir, runDir } from './paths.ts';
import { allPids, bootId, isAlive, programOf, recorded, recordOf, stopRecorded } from './process.ts';
import { pause, tryRun } from './run.ts';

const taskDir = join(runDir, 'containerd-state', 'io.containerd.runtime.v2.task', 'k8s.io');
const cniResults = '/var/lib/cni/results';
const cgroupRoot = '/sys/fs/cgroup';
/** Holds the boot in which `up` made /run/containerd; absent when the folder was there before. */
export const madeContainerdDir = join(runDir, 'made-containerd-dir');

/**
 * Ends what `up` recorded and removes what it made: programs by id, containers by the cgroups of their bundles, mounts
 * below the run folder, the namespace. Also right for what a killed run left; touches nothing else.
 */
export async function sweep(log: (line: string) => void): Promise<void> {
  const alive = recorded().filter(isAlive);
  if (alive.length > 0) log(`down: ending ${alive.map((entry) => `${entry.name} (${entry.pid})`).join(', ')}`);
  const hadKubelet = recordOf('kubelet')?.boot === bootId();
  for (const { name, signal } of stopOrder) {
    if (name === 'containerd') await endContainers(containerCgroups());
    const entry = recordOf(name);
    if (entry) await stopRecorded(entry, signal);
  }
  for (const entry of recorded()) await stopRecorded(entry);
  unmountBelow(runDir);
  removeCniResults();
  if (hadKubelet) removeKubeletCgroups();
  removeOwnNetwork();
  if (existsSync(madeContainerdDir) && readFileSync(madeContainerdDir, 'utf8') === bootId())
    rmSync(containerdDir, { recursive: true, force: true });
  rmSync(runDir, { recursive: true, force: true });
}

/** The cgroup of every container, as its bundle names it: `/kubepods/burstable/podUID/ID`. */
function containerCgroups(): string[] {
  if (!existsSync(taskDir)) return [];
  return readdirSync(taskDir).flatMap((id) => {
    try {
      const bundle = JSON.parse(readFileSync(join(taskDir, id, 'config.json'), 'utf8')) as {
        linux?: { cgroupsPath?: string };
      };
      const path = bundle.linux?.cgroupsPath;
      return path?.startsWith('/kubepods') ? [path] : [];
    } catch {
      return [];
    }
  });
}

/** Roots of the cgroup hierarchies: one for each controller in version 1, a single one in version 2. */
function hierarchies(): string[] {
  if (existsSync(join(cgroupRoot, 'cgroup.controllers'))) return [cgroupRoot];
  return readdirSync(cgroupRoot).map((name) => join(cgroupRoot, name));
}

function pidsIn(cgroup: string): number[] {
  const pids = hierarchies().flatMap((hierarchy) => {
    try {
      return readFileSync(join(hierarchy, cgroup, 'cgroup.procs'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map(Number);
    } catch {
      return [];
    }
  });
  return [...new Set(pids)];
}

async function endContainers(cgroups: string[]): Promise<void> {
  const shim = join(binDir, 'containerd-shim-runc-v2');
  const pids = [...cgroups.flatMap(pidsIn), ...allPids().filter((pid) => programOf(pid) === shim)];
  for (const pid of pids) kill(pid);
  for (let tries = 0; tries < 50 && pids.some((pid) => programOf(pid) !== undefined); tries += 1) await pause(100);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

/** The CNI library keeps a result for each interface outside the run folder; those of the loopback bear no network's name. */
function removeCniResults(): void {
  if (!existsSync(cniResults)) return;
  const own = readdirSync(cniResults).filter((name) => name.startsWith(`${cniNetwork}-`));
  for (const name of own) {
    const container = name.slice(cniNetwork.length + 1).replace(/-[^-]+$/, '');
    for (const file of [name, `cni-loopback-${container}-lo`]) rmSync(join(cniResults, file), { force: true });
  }
}

function unmountBelow(folder: string): void {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .sort()
    .reverse();
  for (const path of mounts) tryRun('umount', ['-l', path]);
}

/** Removes the cgroups that the kubelet made, deepest first; one that still holds a process stays. */
function removeKubeletCgroups(): void {
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, 'kubepods'));
}

function removeTree(cgroup: string): void {
  if (!existsSync(cgroup)) return;
  for (const child of readdirSync(cgroup, { withFileTypes: true })) {
    if (child.isDirectory()) removeTree(join(cgroup, child.name));
  }
  try {
    rmdirSync(cgroup);
  } catch {
    // In use: not ours to remove.
  }
}
