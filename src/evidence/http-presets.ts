/** How one family of libraries names its metrics of requests. A new one is only data. */
export interface HttpPreset {
  name: string;
  /** Who exports these names; for the reference. */
  libraries: string;
  /** Who measures: the application itself, or the proxy beside it. */
  place: 'application' | 'sidecar';
  /** Base names of what measures durations, without `_bucket`, by preference: histogram, native histogram or summary. */
  durations: readonly string[];
  /** What durations are to be multiplied with to be seconds. */
  secondsPerUnit: number;
  /** Counters of requests, by preference, used where the histogram has no status or is absent. */
  counters: readonly string[];
  /** The first label of each list that is present counts; `a+b` is a route of two labels, `/A/B`. */
  statusLabels: readonly string[];
  /** More labels that make a request an error, whatever the status says. */
  failureLabels?: readonly string[];
  routeLabels: readonly string[];
  /** What tells errors of one status apart. */
  classLabels: readonly string[];
  /** A counter of exceptions by type, without the types that are answers and no errors. */
  exceptions?: { counter: string; labels: readonly string[]; ignore?: readonly string[] };
  /** Label and value that a series must have. */
  only?: Readonly<Record<string, string>>;
  /** One of these labels must be there, where another family uses the same names. */
  marks?: readonly string[];
  /** Base name that must be there, where another family uses the other names. */
  signature?: string;
  /** For the reference: what to know. */
  note?: string;
}

/** In order of preference among those that carry equally far. */
export const httpPresets: readonly HttpPreset[] = [
  {
    name: 'otel-http',
    libraries: 'OpenTelemetry, stable HTTP conventions; ASP.NET Core 8 and newer',
    place: 'application',
    durations: ['http_server_request_duration_seconds'],
    secondsPerUnit: 1,
    counters: ['http_server_request_duration_seconds_count'],
    statusLabels: ['http_response_status_code'],
    routeLabels: ['http_route'],
    classLabels: ['error_type'],
    marks: ['http_response_status_code', 'http_request_method', 'http_route'],
  },
  {
    name: 'otel-http-old',
    libraries: 'OpenTelemetry before the stable HTTP conventions',
    place: 'application',
    durations: ['http_server_duration_milliseconds', 'http_server_duration'],
    secondsPerUnit: 0.001,
    counters: ['http_server_duration_milliseconds_count', 'http_server_duration_count'],
    statusLabels: ['http_status_code'],
    routeLabels: ['http_route', 'http_target'],
    classLabels: [],
  },
  {
    name: 'micrometer',
    libraries: 'Spring Boot, Quarkus, Micronaut',
    place: 'application',
    durations: ['http_server_requests_seconds'],
    secondsPerUnit: 1,
    counters: ['http_server_requests_seconds_count'],
    statusLabels: ['status'],
    routeLabels: ['uri'],
    classLabels: ['exception', 'error'],
    note: 'Quantiles need `management.metrics.distribution.percentiles-histogram.http.server.requests=true`; else the mean.',
  },
  {
    name: 'fastapi-instrumentator',
    libraries: 'prometheus-fastapi-instrumentator',
    place: 'application',
    durations: ['http_request_duration_highr_seconds', 'http_request_duration_seconds'],
    secondsPerUnit: 1,
    counters: ['http_requests_total'],
    statusLabels: ['status'],
    routeLabels: ['handler'],
    classLabels: [],
    signature: 'http_request_duration_highr_seconds',
    note: 'Exports the class of the status (`5xx`) unless should_group_status_codes=False: name codes as `5..`. The latency has no labels: it counts failed requests and probes too.',
  },
  {
    name: 'prom-http',
    libraries: 'prom-client, express-prom-bundle, fastify-metrics, Go services, prometheus-net',
    place: 'application',
    durations: ['http_request_duration_seconds'],
    secondsPerUnit: 1,
    counters: ['http_requests_total', 'http_requests_received_total', 'http_request_duration_seconds_count'],
    statusLabels: ['status_code', 'code', 'status'],
    routeLabels: ['route', 'path', 'handler', 'endpoint', 'controller+action'],
    classLabels: ['error_type', 'exception', 'type', 'error'],
    note: 'express-prom-bundle needs includePath: true for the route.',
  },
  {
    name: 'django',
    libraries: 'django-prometheus',
    place: 'application',
    durations: ['django_http_requests_latency_seconds_by_view_method'],
    secondsPerUnit: 1,
    counters: [
      'django_http_responses_total_by_status_view_method_total',
      'django_http_responses_total_by_status_total',
    ],
    statusLabels: ['status'],
    routeLabels: ['view'],
    classLabels: [],
    exceptions: {
      counter: 'django_http_exceptions_total_by_type_total',
      labels: ['type'],
      ignore: ['Http404', 'PermissionDenied', 'BadRequest', 'SuspiciousOperation', 'DisallowedHost'],
    },
    note: 'The latency has no status: it counts failed requests too.',
  },
  {
    name: 'flask',
    libraries: 'prometheus-flask-exporter',
    place: 'application',
    durations: ['flask_http_request_duration_seconds'],
    secondsPerUnit: 1,
    counters: ['flask_http_request_total'],
    statusLabels: ['status'],
    routeLabels: ['path', 'url_rule', 'endpoint'],
    classLabels: [],
    exceptions: { counter: 'flask_http_request_exceptions_total', labels: ['exception', 'status'] },
  },
  {
    name: 'rack',
    libraries: "Ruby's prometheus-client",
    place: 'application',
    durations: ['http_server_request_duration_seconds'],
    secondsPerUnit: 1,
    counters: ['http_server_requests_total'],
    statusLabels: ['code'],
    routeLabels: ['path'],
    classLabels: [],
    exceptions: { counter: 'http_server_exceptions_total', labels: ['exception'] },
    marks: ['code', 'method', 'path'],
    note: 'Told from otel-http, whose name the histogram shares, by its labels. The latency has no status: it counts failed requests too.',
  },
  {
    name: 'ruby-prometheus-exporter',
    libraries: "Ruby's prometheus_exporter",
    place: 'application',
    durations: ['ruby_http_request_duration_seconds', 'ruby_http_duration_seconds'],
    secondsPerUnit: 1,
    counters: ['ruby_http_requests_total', 'ruby_http_requests'],
    statusLabels: ['status'],
    routeLabels: ['controller+action'],
    classLabels: [],
    note: 'A summary unless run with --histogram: only the mean is compared.',
  },
  {
    name: 'axum',
    libraries: 'axum-prometheus',
    place: 'application',
    durations: ['axum_http_requests_duration_seconds'],
    secondsPerUnit: 1,
    counters: ['axum_http_requests_total'],
    statusLabels: ['status'],
    routeLabels: ['endpoint'],
    classLabels: [],
  },
  {
    name: 'grpc',
    libraries: 'go-grpc-middleware, go-grpc-prometheus, java-grpc-prometheus, py-grpc-prometheus',
    place: 'application',
    durations: ['grpc_server_handling_seconds', 'grpc_server_handled_latency_seconds'],
    secondsPerUnit: 1,
    counters: ['grpc_server_handled_total'],
    statusLabels: ['grpc_code', 'code'],
    routeLabels: ['grpc_service+grpc_method'],
    classLabels: [],
    note: 'The histogram is off by default: `WithServerHandlingTimeHistogram()` or EnableHandlingTimeHistogram(). Routes are /SERVICE/METHOD.',
  },
  {
    name: 'istio',
    libraries: 'Istio sidecars',
    place: 'sidecar',
    durations: ['istio_request_duration_milliseconds'],
    secondsPerUnit: 0.001,
    counters: ['istio_requests_total'],
    statusLabels: ['response_code'],
    failureLabels: ['grpc_response_status'],
    routeLabels: [],
    classLabels: ['response_flags'],
    only: { reporter: 'destination' },
  },
  {
    name: 'linkerd',
    libraries: 'Linkerd proxies',
    place: 'sidecar',
    durations: ['response_latency_ms'],
    secondsPerUnit: 0.001,
    counters: ['response_total'],
    statusLabels: ['status_code'],
    failureLabels: ['classification', 'grpc_status'],
    routeLabels: [],
    classLabels: [],
    only: { direction: 'inbound' },
    note: 'The latency is the time to the first byte.',
  },
];
