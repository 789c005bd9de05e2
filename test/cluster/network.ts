import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { netns, netnsPath, nodeIp, runDir } from './paths.ts';
import { bootId } from './process.ts';
import { run, tryRun } from './run.ts';

/** Says which namespace `up` made, so that another one of the same name is left alone. */
const ownMark = join(runDir, 'network');

/**
 * The cluster's own network namespace. Its default route ends at an address that nobody has, so no packet of a test
 * leaves the machine; the route exists only because kube-apiserver and kubelet look for one.
 */
export function createNetwork(): void {
  run('ip', ['netns', 'add', netns]);
  writeFileSync(ownMark, `${bootId()} ${inodeOf(netnsPath)}`);
  const ip = (...args: string[]): string => run('ip', ['-n', netns, ...args]);
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'node0', 'type', 'bridge');
  ip('addr', 'replace', `${nodeIp}/24`, 'dev', 'node0');
  ip('link', 'set', 'node0', 'up');
  ip('route', 'replace', 'default', 'via', '10.99.0.254', 'dev', 'node0');
  run('nsenter', [`--net=${netnsPath}`, '--', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
}

export function networkExists(): boolean {
  return inodeOf(netnsPath) !== undefined;
}

export function removeNetwork(): void {
  tryRun('ip', ['netns', 'delete', netns]);
}

/** Removes the namespace if it is the one that this checkout's `up` made. */
export function removeOwnNetwork(): void {
  if (existsSync(ownMark) && readFileSync(ownMark, 'utf8') === `${bootId()} ${inodeOf(netnsPath)}`) removeNetwork();
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** True when this process already runs in the cluster's namespace. */
export function isInside(): boolean {
  const own = /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0];
  return own !== undefined && Number(own) === inodeOf(netnsPath);
}
