/** How one family of libraries names its HTTP metrics. A new one is only data. */
export interface HttpPreset {
  name: string;
  /** Base name of the histogram, without `_bucket`. */
  histogram: string;
  /** What its bounds are to be multiplied with to be seconds. */
  secondsPerUnit: number;
  /** Counters of requests, by preference, used where the histogram has no status or is absent. */
  counters: readonly string[];
  /** The first label of each list that is present counts. */
  statusLabels: readonly string[];
  routeLabels: readonly string[];
  /** What tells errors of one status apart. */
  classLabels: readonly string[];
}

/** In order of preference. */
export const httpPresets: readonly HttpPreset[] = [
  {
    name: 'otel-http',
    histogram: 'http_server_request_duration_seconds',
    secondsPerUnit: 1,
    counters: ['http_server_request_duration_seconds_count'],
    // The middleware of Ruby's client uses the same name with `code` and `path`.
    statusLabels: ['http_response_status_code', 'code'],
    routeLabels: ['http_route', 'path'],
    classLabels: ['error_type'],
  },
  {
    name: 'prom-http',
    histogram: 'http_request_duration_seconds',
    secondsPerUnit: 1,
    counters: ['http_requests_total', 'http_request_duration_seconds_count'],
    statusLabels: ['status_code', 'code', 'status'],
    routeLabels: ['route', 'path', 'handler', 'endpoint'],
    classLabels: ['error_type', 'exception', 'type', 'error'],
  },
  {
    name: 'micrometer',
    histogram: 'http_server_requests_seconds',
    secondsPerUnit: 1,
    counters: ['http_server_requests_seconds_count'],
    statusLabels: ['status'],
    routeLabels: ['uri'],
    classLabels: ['exception', 'error'],
  },
];

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
