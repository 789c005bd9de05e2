import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { type Component, startComponent, stopOrder } from './components.ts';
import { writeConfigs } from './config.ts';
import { createCredentials } from './credentials.ts';
import { madeContainerdDir, sweep } from './down.ts';
import { answersHttp, tryKubectl } from './kubectl.ts';
import { importPauseImage } from './load-image.ts';
import { withLock } from './lock.ts';
import { registerMetricsApi } from './metrics-api.ts';
import { createNetwork, networkExists, removeNetwork } from './network.ts';
import { binDir, containerdDir, containerdSocket, lockFile, netns, nodeName, prometheusUrl, runDir } from './paths.ts';
import { refuseForeign, requirePackages, requireRoot } from './preflight.ts';
import { bootId, isAlive, lastWords, recorded, recordOf } from './process.ts';
import { tryRun, waitUntil } from './run.ts';

/** The programs that must live for the cluster to be up. */
export function missingComponents(): Component[] {
  const alive = new Set(
    recorded()
      .filter(isAlive)
      .map((entry) => entry.name),
  );
  return stopOrder.map(({ name }) => name).filter((name) => !alive.has(name));
}

function isUp(): boolean {
  const missing = missingComponents().filter((name) => name !== 'prometheus');
  return missing.length === 0 && tryKubectl(['get', '--raw', '/readyz']).status === 0;
}

/** Starts the cluster; what a killed run left is removed first. Does nothing when it is up. */
export async function up(log: (line: string) => void = console.log): Promise<void> {
  requireRoot();
  requirePackages();
  await withLock(lockFile, 'up', 90, async () => {
    if (isUp()) return log('up: the cluster is up already');
    refuseForeign(recorded().filter(isAlive));
    await sweep(log);
    refuseNamespace();
    await startAll(log);
  });
}

/** Ends the cluster and removes everything it made. */
export async function down(log: (line: string) => void = console.log): Promise<void> {
  requireRoot();
  await withLock(lockFile, 'down', 90, () => sweep(log));
}

/** A namespace of our name that processes still use belongs to someone else; an empty one is what a killed run left. */
function refuseNamespace(): void {
  if (!networkExists()) return;
  const users = tryRun('ip', ['netns', 'pids', netns]).stdout.trim().split('\n').filter(Boolean);
  if (users.length > 0) {
    throw new ClusterError(
      `the network namespace ${netns} is in use by pid ${users.join(', ')}: another cluster runs here; end it first`,
    );
  }
  removeNetwork();
}

async function startAll(log: (line: string) => void): Promise<void> {
  const begin = Date.now();
  mkdirSync(runDir, { recursive: true });
  if (!existsSync(containerdDir)) writeFileSync(madeContainerdDir, bootId());
  createNetwork();
  createCredentials();
  writeConfigs();
  for (const name of ['etcd', 'registry', 'containerd', 'kube-apiserver'] as const) await startComponent(name);
  await answers('containerd', () => tryRun(join(binDir, 'ctr'), ['-a', containerdSocket, 'version']).status === 0);
  importPauseImage();
  await answers('kube-apiserver', () => tryKubectl(['get', '--raw', '/readyz']).status === 0);
  log('up: the API server answers');
  for (const name of [
    'kube-controller-manager',
    'kube-scheduler',
    'kubelet',
    'kube-proxy',
    'prometheus',
    'metrics-server',
  ] as const) {
    await startComponent(name);
  }
  registerMetricsApi();
  await answers('kubelet', () => conditionOf(['node', nodeName], 'Ready') === 'True');
  await answers('prometheus', () => answersHttp(`${prometheusUrl}/-/ready`));
  await answers('kube-controller-manager', () => tryKubectl(['get', 'serviceaccount', 'default']).status === 0);
  await answers('metrics-server', () => conditionOf(['apiservice', 'v1beta1.metrics.k8s.io'], 'Available') === 'True');
  log(`up: ready in ${Math.round((Date.now() - begin) / 1000)} s; npm run cluster -- kubectl get pods -A`);
}

function conditionOf(object: string[], type: string): string {
  const path = `jsonpath={.status.conditions[?(@.type=="${type}")].status}`;
  return tryKubectl(['get', ...object, '-o', path]).stdout;
}

async function answers(name: Component, ready: () => boolean): Promise<void> {
  const entry = recordOf(name);
  await waitUntil(
    `${name} is ready`,
    () => {
      if (entry && !isAlive(entry)) throw new ClusterError(`${name} ended; its last words:\n${lastWords(name)}`);
      return ready();
    },
    90,
    () => `Its last words:\n${lastWords(name)}`,
  );
}
