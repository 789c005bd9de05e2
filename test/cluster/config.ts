import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { binDir, containerdSocket, kubeconfigPath, nodeIp, podNetwork, registryPort, root, runDir } from './paths.ts';

export const pauseImage = 'registry.k8s.io/pause:3.10.1';
export const configFiles = {
  containerd: join(runDir, 'containerd.toml'),
  kubelet: join(runDir, 'kubelet.yaml'),
  prometheus: join(runDir, 'prometheus.yaml'),
  rules: join(runDir, 'rules.yaml'),
};

const cniDir = join(runDir, 'cni');
const registryDir = join(runDir, 'registries');
export const cniNetwork = 'tandem';

function cni(): unknown {
  const ipam = {
    type: 'host-local',
    dataDir: join(runDir, 'ipam'),
    ranges: [[{ subnet: podNetwork }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return {
    cniVersion: '1.0.0',
    name: cniNetwork,
    plugins: [
      { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: false, hairpinMode: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function containerd(): string {
  return `version = 3
root = "${runDir}/containerd"
state = "${runDir}/containerd-state"
[grpc]
  address = "${containerdSocket}"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = "${registryDir}"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "${pauseImage}"
[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE a score cannot be lowered.
  restrict_oom_score_adj = true
  # Pod network namespaces below the state folder, so that "down" finds exactly its own.
  netns_mounts_under_state_dir = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["${binDir}"]
    conf_dir = "${cniDir}"
`;
}

/** Images of this registry cannot be reached at all: nothing listens there. */
const unreachableRegistry = 'unreachable.test';

function registryHosts(port: number): string {
  const registry = `http://${nodeIp}:${port}`;
  return `server = "${registry}"\n[host."${registry}"]\n  capabilities = ["pull", "resolve"]\n`;
}

/** Every other registry is the empty one on the node: an image that was not loaded is "not found", as in real life. */
function writeRegistries(): void {
  const ports = { _default: registryPort, [unreachableRegistry]: 9 };
  for (const [name, port] of Object.entries(ports)) {
    mkdirSync(join(registryDir, name), { recursive: true });
    writeFileSync(join(registryDir, name, 'hosts.toml'), registryHosts(port));
  }
}

function kubelet(): unknown {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    // The machine may have the cgroup v1 hierarchy only.
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    // Nothing listens there: a look-up fails at once, and pods get no MissingClusterDNS events.
    clusterDNS: [nodeIp],
    clusterDomain: 'cluster.local',
    evictionHard: {},
    imageGCHighThresholdPercent: 100,
    oomScoreAdj: 0,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    volumePluginDir: join(runDir, 'volume-plugins'),
    podLogsDir: join(runDir, 'pod-logs'),
  };
}

const cadvisorSeries = [
  'container_cpu_usage_seconds_total',
  'container_cpu_cfs_periods_total',
  'container_cpu_cfs_throttled_periods_total',
  'container_memory_working_set_bytes',
  'container_memory_rss',
  'container_start_time_seconds',
  'machine_cpu_cores',
];

function prometheus(): unknown {
  const annotation = '__meta_kubernetes_pod_annotation_prometheus_io';
  const operator = 'tandem-system';
  return {
    global: { scrape_interval: '5s', scrape_timeout: '4s', evaluation_interval: '10s' },
    rule_files: [configFiles.rules],
    scrape_configs: [
      {
        job_name: 'pods',
        kubernetes_sd_configs: [{ role: 'pod', kubeconfig_file: kubeconfigPath('prometheus') }],
        relabel_configs: [
          { source_labels: ['__meta_kubernetes_namespace'], regex: operator, action: 'drop' },
          { source_labels: [`${annotation}_scrape`], regex: 'true', action: 'keep' },
          { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Pending|Succeeded|Failed', action: 'drop' },
          { source_labels: [`${annotation}_path`], regex: '(.+)', target_label: '__metrics_path__' },
          {
            source_labels: ['__address__', `${annotation}_port`],
            regex: '([^:]+)(?::\\d+)?;(\\d+)',
            replacement: '$1:$2',
            target_label: '__address__',
          },
          { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
          { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
        ],
      },
      {
        job_name: 'tandem',
        // As the ServiceMonitor of deploy/: the label namespace is the release's.
        honor_labels: true,
        kubernetes_sd_configs: [
          { role: 'pod', kubeconfig_file: kubeconfigPath('prometheus'), namespaces: { names: [operator] } },
        ],
        relabel_configs: [
          { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'metrics', action: 'keep' },
          { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
          { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
        ],
      },
      {
        job_name: 'cadvisor',
        scheme: 'https',
        tls_config: { insecure_skip_verify: true },
        metrics_path: '/metrics/cadvisor',
        static_configs: [{ targets: [`${nodeIp}:10250`] }],
        metric_relabel_configs: [
          { source_labels: ['__name__'], regex: cadvisorSeries.join('|'), action: 'keep' },
          // Totals of pods and of the machine's own cgroups.
          { source_labels: ['__name__', 'container'], regex: 'container_.*;(POD)?', action: 'drop' },
        ],
      },
    ],
  };
}

/** The alerts that users get, as a rule file of Prometheus itself. */
function alertRules(): unknown {
  const file = join(root, 'deploy/monitoring/prometheusrule.yaml');
  return (parse(readFileSync(file, 'utf8')) as { spec: unknown }).spec;
}

export function writeConfigs(): void {
  mkdirSync(cniDir, { recursive: true });
  writeFileSync(join(cniDir, '10-bridge.conflist'), JSON.stringify(cni(), null, 2));
  writeRegistries();
  writeFileSync(configFiles.containerd, containerd());
  writeFileSync(configFiles.kubelet, stringify(kubelet()));
  writeFileSync(configFiles.rules, stringify(alertRules()));
  writeFileSync(configFiles.prometheus, stringify(prometheus()));
}
