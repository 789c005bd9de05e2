import { join, resolve } from 'node:path';

/** Where the cluster keeps its things and which addresses it uses; every other file takes them from here. */
export const root = resolve(import.meta.dirname, '../..');
export const stateDir = join(root, '.state');
export const binDir = join(stateDir, 'bin');
/** All that lives as long as one cluster; `down` removes it. */
export const runDir = join(stateDir, 'run');
export const logDir = join(runDir, 'logs');
export const pidDir = join(runDir, 'pids');

/** Machine-wide, because two checkouts must not run a cluster at the same time. */
export const lockFile = '/run/tandem-cluster.lock';
export const netns = 'tandem';
export const netnsPath = `/run/netns/${netns}`;
/** cAdvisor inside the kubelet looks for containerd at this path and nowhere else. */
export const containerdDir = '/run/containerd';
export const containerdSocket = `${containerdDir}/containerd.sock`;

export const nodeName = 'node0';
export const nodeIp = '10.99.0.1';
export const nodeNetwork = '10.99.0.0/24';
export const podNetwork = '10.97.0.0/16';
export const serviceNetwork = '10.98.0.0/24';
/** The first address of the service network: the API server, as pods see it. */
export const kubernetesServiceIp = '10.98.0.1';
export const apiServer = `https://${nodeIp}:6443`;
export const prometheusUrl = `http://${nodeIp}:9090`;
export const registryPort = 5000;

export type User = 'admin' | 'manager' | 'scheduler' | 'kubelet' | 'metrics' | 'prometheus' | 'alice';

export function kubeconfigPath(user: User): string {
  return join(runDir, `${user}.kubeconfig`);
}
