import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { binDir } from './paths.ts';
import { allPids, programOf, type Recorded } from './process.ts';
import { tryRun } from './run.ts';

/** Programs the cluster calls, and the Debian package that brings each. */
const commands: Record<string, string> = {
  runc: 'runc',
  ip: 'iproute2',
  iptables: 'iptables',
  conntrack: 'conntrack',
  busybox: 'busybox-static',
  ethtool: 'ethtool',
  socat: 'socat',
  openssl: 'openssl',
};

/** The full path of a program in PATH or the system's own folders; undefined when there is none. */
export function which(command: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
}

export function missingPackages(): string[] {
  return Object.entries(commands)
    .filter(([command]) => !isUsable(which(command), command))
    .map(([, name]) => name);
}

/** The sandbox image holds busybox alone, so it must need no library: the package `busybox` brings another one. */
function isUsable(path: string | undefined, command: string): boolean {
  if (path === undefined) return false;
  return command !== 'busybox' || !readFileSync(path).includes('/ld-linux');
}

export function requireRoot(): void {
  if (process.platform !== 'linux') {
    throw new ClusterError(`the cluster runs on Linux only (here: ${process.platform}); use test/cluster/kind.sh`);
  }
  if (process.getuid?.() === 0) return;
  throw new ClusterError(
    'the cluster needs root (network namespaces, containers): run the same command with sudo -E, or use test/cluster/kind.sh',
  );
}

export function requirePackages(): void {
  const missing = missingPackages();
  if (missing.length === 0) return;
  throw new ClusterError(
    `missing Debian packages; install them with:\n  apt-get update && apt-get install -y ${missing.join(' ')}`,
  );
}

/** Compares dotted version numbers. */
export function atLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < 3; i += 1) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The `go` line of a go.mod file. */
export function goVersionOf(goMod: string): string {
  return /^go (\S+)/m.exec(readFileSync(goMod, 'utf8'))?.[1] ?? '0';
}

/** Throws unless a Go at least as new as every given go.mod asks for is in PATH. */
export function requireGo(goMods: string[]): void {
  const needs = goMods
    .map((file) => ({ file, version: goVersionOf(file) }))
    .sort((a, b) => (atLeast(a.version, b.version) ? -1 : 1));
  const most = needs[0];
  if (most === undefined) return;
  const get = 'Install it from https://go.dev/dl/ and put its bin folder first in PATH.';
  const path = which('go');
  if (path === undefined) throw new ClusterError(`Go is missing: ${most.file} asks for Go ${most.version}. ${get}`);
  const found = tryRun(path, ['env', 'GOVERSION'], { cwd: '/' }).stdout.trim().replace(/^go/, '');
  if (atLeast(found, most.version)) return;
  throw new ClusterError(`Go ${found} at ${path} is too old: ${most.file} asks for Go ${most.version}. ${get}`);
}

/** Programs of which a machine can run only one: they share sockets, ports or the /kubepods cgroup. */
const exclusive = ['containerd', 'kubelet', 'dockerd', 'crio', 'k3s'];

/** Throws, naming pid and program, when a container runtime or kubelet runs that is not among `ours`. */
export function refuseForeign(ours: Recorded[]): void {
  for (const pid of allPids()) {
    const program = programOf(pid);
    if (program === undefined || !exclusive.includes(basename(program))) continue;
    if (ours.some((entry) => entry.pid === pid)) continue;
    if (inContainer(pid)) continue;
    const whose = program.startsWith(binDir)
      ? 'a cluster of this checkout that left no record'
      : 'another container runtime or cluster';
    throw new ClusterError(
      `pid ${pid} (${program}) is running: ${whose}. Two cannot share the cgroup /kubepods and the containerd socket. ` +
        `End it first, or test against its cluster with TEST_KUBECONFIG or test/cluster/kind.sh.`,
    );
  }
}

function inContainer(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes('/kubepods');
  } catch {
    return true;
  }
}
