import type { EvidenceRequest } from '../request.ts';
import type { FakeSeries } from './fake-prometheus.ts';

export const BOUNDS = ['0.05', '0.1', '0.25', '0.5', '1'];

export interface WorldPod {
  name: string;
  namespace?: string;
  /** Milliseconds of its scrapes. */
  scrapes: number[];
  /** Successful requests per scrape and per bucket, +Inf last. */
  perScrape?: number[];
  /** Errors per scrape by status. */
  errors?: Record<string, number>;
  route?: string;
}

/** The series that a prom-client application exports, with counters that start at 0. */
export function podSeries(pod: WorldPod): FakeSeries[] {
  const { name, namespace = 'shop', scrapes, perScrape = [5, 3, 1, 0, 0, 0], errors = {}, route = '/buy' } = pod;
  const target = { namespace, pod: name, job: 'pods', instance: `${name}:8080` };
  const series: FakeSeries[] = [{ labels: { __name__: 'up', ...target }, samples: scrapes.map((at) => [at, 1]) }];
  const histogram = (status: string, increments: readonly number[]): void => {
    let cumulative = 0;
    for (const [i, le] of [...BOUNDS, '+Inf'].entries()) {
      cumulative += increments[i] ?? 0;
      const each = cumulative;
      const labels = { __name__: 'http_request_duration_seconds_bucket', ...target, status_code: status, route, le };
      series.push({ labels, samples: scrapes.map((at, n) => [at, each * (n + 1)]) });
    }
  };
  histogram('200', perScrape);
  for (const [status, count] of Object.entries(errors)) histogram(status, [count]);
  return series;
}

/** cAdvisor's series of one container; samples at times of their own. */
export function containerSeries(
  pod: string,
  container: string,
  samples: { at: number; cpu: number; memory: number }[],
): FakeSeries[] {
  const labels = { namespace: 'shop', pod, container, job: 'kubelet', instance: 'node-1', id: `/${pod}/${container}` };
  return [
    {
      labels: { __name__: 'container_cpu_usage_seconds_total', ...labels, cpu: 'total' },
      samples: samples.map(({ at, cpu }) => [at, cpu]),
    },
    {
      labels: { __name__: 'container_memory_working_set_bytes', ...labels },
      samples: samples.map(({ at, memory }) => [at, memory]),
    },
  ];
}

/** Times from `from` (included) to `to` (excluded). */
export function every(ms: number, from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / ms)) }, (_, i) => from + i * ms);
}

export function requestOf(startedAt: number, changes: Partial<EvidenceRequest> = {}): EvidenceRequest {
  return {
    namespace: 'shop',
    source: 'default',
    preset: 'Auto',
    startedAt,
    canaryPods: [{ name: 'canary-0', startedAt: startedAt - 3000 }],
    stablePods: [
      { name: 'stable-0', startedAt: startedAt - 7_200_000 },
      { name: 'stable-1', startedAt: startedAt - 7_200_000 },
    ],
    errorCodes: ['5..'],
    ignoreRoutes: ['/healthz', '/metrics'],
    warmupSeconds: 60,
    historySeconds: 600,
    ...changes,
  };
}
