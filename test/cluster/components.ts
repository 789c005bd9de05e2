import { join } from 'node:path';
import { configFiles } from './config.ts';
import { certDir } from './credentials.ts';
import {
  binDir,
  kubeconfigPath,
  nodeIp,
  nodeName,
  podNetwork,
  registryPort,
  root,
  runDir,
  serviceNetwork,
} from './paths.ts';
import { startInside } from './process.ts';

export type Component =
  | 'etcd'
  | 'kube-apiserver'
  | 'containerd'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kube-proxy'
  | 'prometheus'
  | 'metrics-server'
  | 'registry';

/** The order in which `down` ends them; the API server goes hard, a gentle stop waits a minute for etcd. */
export const stopOrder: { name: Component; signal: NodeJS.Signals }[] = [
  { name: 'kube-proxy', signal: 'SIGTERM' },
  { name: 'kubelet', signal: 'SIGTERM' },
  { name: 'metrics-server', signal: 'SIGTERM' },
  { name: 'prometheus', signal: 'SIGTERM' },
  { name: 'kube-controller-manager', signal: 'SIGTERM' },
  { name: 'kube-scheduler', signal: 'SIGTERM' },
  { name: 'kube-apiserver', signal: 'SIGKILL' },
  { name: 'containerd', signal: 'SIGTERM' },
  { name: 'etcd', signal: 'SIGTERM' },
  { name: 'registry', signal: 'SIGTERM' },
];

const etcdUrl = 'http://127.0.0.1:2379';
const etcdPeerUrl = 'http://127.0.0.1:2380';

function certificate(name: string): string {
  return join(certDir, name);
}

/** Flags as `--key value`; written as pairs so that they read as a table. */
function flags(pairs: Record<string, string>): string[] {
  return Object.entries(pairs).map(([key, value]) => `--${key}=${value}`);
}

function etcdFlags(): string[] {
  return flags({
    'data-dir': join(runDir, 'etcd'),
    'listen-client-urls': etcdUrl,
    'advertise-client-urls': etcdUrl,
    'listen-peer-urls': etcdPeerUrl,
    'initial-advertise-peer-urls': etcdPeerUrl,
    'initial-cluster': `default=${etcdPeerUrl}`,
    'unsafe-no-fsync': 'true',
  });
}

function apiServerFlags(): string[] {
  return flags({
    'etcd-servers': etcdUrl,
    'secure-port': '6443',
    'advertise-address': nodeIp,
    'tls-cert-file': certificate('apiserver.crt'),
    'tls-private-key-file': certificate('apiserver.key'),
    'service-account-key-file': certificate('service-account.key'),
    'service-account-signing-key-file': certificate('service-account.key'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-cluster-ip-range': serviceNetwork,
    'token-auth-file': certificate('tokens.csv'),
    'authorization-mode': 'Node,RBAC',
    'kubelet-preferred-address-types': 'InternalIP',
    'allow-privileged': 'true',
    'requestheader-client-ca-file': certificate('front-proxy-ca.crt'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': certificate('front-proxy-client.crt'),
    'proxy-client-key-file': certificate('front-proxy-client.key'),
    // The aggregated API is reached at its endpoint: no kube-proxy has to be up for it.
    'enable-aggregator-routing': 'true',
  });
}

function controllerManagerFlags(): string[] {
  return flags({
    kubeconfig: kubeconfigPath('manager'),
    'service-account-private-key-file': certificate('service-account.key'),
    'root-ca-file': certificate('ca.crt'),
    'leader-elect': 'false',
    // A busy machine must not look like a lost node.
    'node-monitor-grace-period': '2m',
    // An autoscaler that answers within a test.
    'horizontal-pod-autoscaler-sync-period': '5s',
    'horizontal-pod-autoscaler-downscale-stabilization': '20s',
    'horizontal-pod-autoscaler-initial-readiness-delay': '5s',
    'horizontal-pod-autoscaler-cpu-initialization-period': '10s',
  });
}

function kubeletFlags(): string[] {
  return flags({
    kubeconfig: kubeconfigPath('kubelet'),
    config: configFiles.kubelet,
    'root-dir': join(runDir, 'kubelet'),
    'cert-dir': join(runDir, 'kubelet-certs'),
    'hostname-override': nodeName,
    'node-ip': nodeIp,
    'housekeeping-interval': '5s',
  });
}

function kubeProxyFlags(): string[] {
  return flags({
    kubeconfig: kubeconfigPath('kubelet'),
    'hostname-override': nodeName,
    'cluster-cidr': podNetwork,
    'proxy-mode': 'iptables',
    // The conntrack limits are the machine's, not the namespace's: leave them.
    'conntrack-max-per-core': '0',
    'conntrack-tcp-timeout-established': '0',
    'conntrack-tcp-timeout-close-wait': '0',
  });
}

function prometheusFlags(): string[] {
  return flags({
    'config.file': configFiles.prometheus,
    'storage.tsdb.path': join(runDir, 'tsdb'),
    'storage.tsdb.retention.time': '12h',
    'web.listen-address': `${nodeIp}:9090`,
  });
}

function metricsServerFlags(): string[] {
  return flags({
    kubeconfig: kubeconfigPath('metrics'),
    'authentication-kubeconfig': kubeconfigPath('metrics'),
    'authorization-kubeconfig': kubeconfigPath('metrics'),
    'cert-dir': join(runDir, 'metrics-certs'),
    'bind-address': nodeIp,
    'secure-port': '4443',
    'kubelet-preferred-address-types': 'InternalIP',
    'kubelet-insecure-tls': 'true',
    'metric-resolution': '10s',
    'kubelet-request-timeout': '8s',
  });
}

function commandOf(name: Component): { program: string; args: string[] } {
  const go = (program: string, args: string[]) => ({ program: join(binDir, program), args });
  switch (name) {
    case 'etcd':
      return go('etcd', etcdFlags());
    case 'kube-apiserver':
      return go('kube-apiserver', apiServerFlags());
    case 'containerd':
      return go('containerd', ['--config', configFiles.containerd]);
    case 'kube-controller-manager':
      return go('kube-controller-manager', controllerManagerFlags());
    case 'kube-scheduler':
      return go('kube-scheduler', flags({ kubeconfig: kubeconfigPath('scheduler'), 'leader-elect': 'false' }));
    case 'kubelet':
      return go('kubelet', kubeletFlags());
    case 'kube-proxy':
      return go('kube-proxy', kubeProxyFlags());
    case 'prometheus':
      return go('prometheus', prometheusFlags());
    case 'metrics-server':
      return go('metrics-server', metricsServerFlags());
    case 'registry':
      return {
        program: process.execPath,
        args: [join(root, 'test/cluster/empty-registry.mjs'), nodeIp, String(registryPort)],
      };
  }
}

export async function startComponent(name: Component): Promise<void> {
  const { program, args } = commandOf(name);
  await startInside(name, program, args);
}
