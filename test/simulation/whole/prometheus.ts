import { type Answer, failed } from '../../../src/evidence/answer.ts';
import type { PrometheusApi } from '../../../src/evidence/prometheus/client.ts';
import type { Series } from '../../../src/evidence/prometheus/schema.ts';
import { type Pod, resources } from '../../../src/kube/object.ts';
import type { FakeClock } from '../../../src/lib/fake-clock.ts';
import { isReady } from '../../../src/release/pods.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import { bounds, countOf, latencies, type Nature, versionOf } from './application.ts';
import type { Chance } from './chance.ts';
import { createMetricsStore } from './metrics-store.ts';
import type { Process } from './process.ts';
import type { Rates } from './rates.ts';

const TIMEOUT_MS = 15_000;

export interface PrometheusOptions {
  real: FakeClock;
  sandbox: Sandbox;
  chance: Chance;
  scrapeSeconds: number;
  rates(): Rates;
  natureOf(version: string): Nature;
  /** Requests a second that the target of a pod takes in all. */
  load(namespace: string, app: string): number;
  isDown(): boolean;
  fault(kind: string): void;
  /** A process asked: what became of it. */
  asked(process: string, source: string, query: string, outcome: 'value' | 'nodata' | 'failed'): void;
}

/** The application's pods under load, and a Prometheus that scrapes them. */
export interface Prometheus {
  source(process: Process, name: string, namespaces?: string[]): PrometheusApi;
  /** Requests that pods with a name have answered, and that a scrape has seen. */
  served(namespace: string, pod: string): number;
}

interface Counters {
  restarts: number;
  ok: number[];
  errors: number[];
  cpu: number;
}

function isRunning(pod: Pod): boolean {
  return (pod.status?.containerStatuses ?? []).some((status) => status.state?.running !== undefined);
}

function restartsOf(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount ?? 0));
}

function zeros(): number[] {
  return Array.from({ length: bounds.length + 1 }, () => 0);
}

function addTo(sums: number[], more: readonly number[]): void {
  for (const [index, value] of more.entries()) sums[index] = (sums[index] ?? 0) + value;
}

export function createPrometheus(options: PrometheusOptions): Prometheus {
  const { real, sandbox, chance, scrapeSeconds, fault } = options;
  const store = createMetricsStore();
  const counters = new Map<string, Counters>();
  const served = new Map<string, number>();

  function strikes(kind: keyof Rates): boolean {
    const hit = chance.happens(options.rates()[kind]);
    if (hit) fault(kind);
    return hit;
  }

  function countersOf(pod: Pod): Counters {
    const key = pod.metadata.uid ?? '';
    const known = counters.get(key);
    const restarts = restartsOf(pod);
    if (known !== undefined && known.restarts === restarts && !strikes('counterReset')) return known;
    const fresh = { restarts, ok: zeros(), errors: zeros(), cpu: 0 };
    counters.set(key, fresh);
    return fresh;
  }

  /** What the pod did since the last scrape. */
  function work(pod: Pod, share: number): number {
    const nature = options.natureOf(versionOf(pod));
    const own = countersOf(pod);
    const requests = countOf(share * scrapeSeconds, chance);
    const errors = Math.min(requests, countOf(requests * nature.errors, chance));
    addTo(own.ok, latencies(requests - errors, nature.slower, chance));
    addTo(own.errors, latencies(errors, 1, chance));
    own.cpu += 0.02 * scrapeSeconds + requests * nature.cpu * chance.between(0.9, 1.1);
    return requests;
  }

  function write(pod: Pod, at: number): void {
    const { name, namespace = '' } = pod.metadata;
    const own = counters.get(pod.metadata.uid ?? '');
    if (own === undefined) return;
    const target = { namespace, pod: name, job: 'pods', instance: `${name}:8080` };
    store.add({ __name__: 'up', ...target }, at, 1);
    for (const [status, buckets] of [
      ['200', own.ok],
      ['500', own.errors],
    ] as const) {
      let sum = 0;
      const labels = {
        __name__: 'http_request_duration_seconds_bucket',
        ...target,
        status_code: status,
        route: '/buy',
      };
      for (const [index, value] of buckets.entries()) {
        sum += value;
        store.add({ ...labels, le: String(bounds[index] ?? '+Inf') }, at, sum);
      }
    }
    store.add({ __name__: 'process_cpu_seconds_total', ...target }, at, own.cpu);
    store.add({ __name__: 'process_resident_memory_bytes', ...target }, at, 1e8 * chance.between(0.99, 1.01));
  }

  function scrape(): void {
    const now = real.now();
    const pods = sandbox.peek<Pod>(resources.pods).filter((pod) => isRunning(pod));
    const inService = pods.filter((pod) => isReady(pod) && pod.metadata.labels?.['app'] !== undefined);
    for (const pod of pods) {
      const { namespace = '', name, labels = {} } = pod.metadata;
      const app = labels['app'] ?? '';
      const peers = inService.filter(
        (other) => other.metadata.namespace === namespace && other.metadata.labels?.['app'] === app,
      );
      const load = peers.includes(pod) ? options.load(namespace, app) / peers.length : 0;
      const requests = work(pod, load);
      if (options.isDown() || strikes('scrapeMissed')) continue;
      served.set(`${namespace}/${name}`, (served.get(`${namespace}/${name}`) ?? 0) + requests);
      if (strikes('sampleLate')) {
        const copy = structuredClone(counters.get(pod.metadata.uid ?? ''));
        real.after(chance.between(1000, 30_000), () => {
          const current = counters.get(pod.metadata.uid ?? '');
          if (copy === undefined || current === undefined) return;
          counters.set(pod.metadata.uid ?? '', copy);
          write(pod, now);
          counters.set(pod.metadata.uid ?? '', current);
        });
      } else write(pod, now);
    }
    real.after(scrapeSeconds * 1000, scrape);
  }

  function answer(source: string, query: string, at: number): Answer<Series[]> {
    if (strikes('queryFails')) {
      const code = chance.pick(['Unavailable', 'Unreachable', 'Malformed', 'Partial'] as const);
      return failed(code, `Prometheus source ${source}: injected`);
    }
    if (strikes('queryEmpty')) return { kind: 'nodata' };
    const value = store.query(query, at);
    return value.length === 0 ? { kind: 'nodata' } : { kind: 'value', value: structuredClone(value) };
  }

  function ask(process: Process, source: string, query: string, at: number): Promise<Answer<Series[]>> {
    return new Promise((resolve) => {
      const slow = strikes('querySlow') ? chance.between(1000, 20_000) : chance.between(2, 40);
      const down = options.isDown() || slow >= TIMEOUT_MS;
      process.deliver(down ? Math.min(slow, TIMEOUT_MS) : slow, () => {
        const said = down
          ? failed('Unreachable', `Prometheus source ${source}: connection refused`)
          : answer(source, query, at);
        options.asked(process.name, source, query, said.kind);
        resolve(said);
      });
    });
  }

  real.after(scrapeSeconds * 1000, scrape);
  return {
    source: (process, name, namespaces) => ({
      name,
      allows: (namespace) => namespaces === undefined || namespaces.includes(namespace),
      query: async (query, at) => ask(process, name, query, at),
      close: async () => undefined,
    }),
    served: (namespace, pod) => served.get(`${namespace}/${pod}`) ?? 0,
  };
}
