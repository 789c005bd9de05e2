/** Where CPU and memory come from, by preference. */
export interface ResourcePreset {
  name: string;
  cpu: string;
  memory: string;
  /** One series per container, to be summed over a pod. */
  perContainer: boolean;
}

export const resourcePresets: readonly ResourcePreset[] = [
  {
    name: 'cadvisor',
    cpu: 'container_cpu_usage_seconds_total',
    memory: 'container_memory_working_set_bytes',
    perContainer: true,
  },
  { name: 'process', cpu: 'process_cpu_seconds_total', memory: 'process_resident_memory_bytes', perContainer: false },
];

/** The labels that name a series' pod. */
export interface PodLabels {
  pod: string;
  namespace: string;
}

/** By preference; the last one is what Prometheus leaves of an exporter's own labels when they collide. */
export const podLabels: readonly PodLabels[] = [
  { pod: 'pod', namespace: 'namespace' },
  { pod: 'kubernetes_pod_name', namespace: 'kubernetes_namespace' },
  { pod: 'k8s_pod_name', namespace: 'k8s_namespace_name' },
  { pod: 'exported_pod', namespace: 'exported_namespace' },
];
