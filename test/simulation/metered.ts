import type { PrometheusApi } from '../../src/evidence/prometheus/client.ts';
import type { Series } from '../../src/evidence/prometheus/schema.ts';
import { matches, parseQuery } from '../../src/evidence/testing/selector.ts';
import { type Pod, resources } from '../../src/kube/object.ts';
import type { FakeClock } from '../../src/lib/fake-clock.ts';
import { isReady } from '../../src/release/pods.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { normalCdf, Random } from '../judge/random.ts';

const scrapeSeconds = 5;
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A server answers an instant query from samples of the last five minutes. */
const lookBack = 300_000;

/** What a version does. */
export interface Version {
  errorRate?: number;
  latencySeconds?: number;
  cpuPerRequest?: number;
}

interface Counters {
  ok: number[];
  errors: number;
  cpu: number;
}

/**
 * Applications under load in the sandbox, and the Prometheus that scrapes them: every ready pod of the namespace gets
 * its share of the requests and does what `version` says of its image tag.
 */
export function meterPods(options: {
  sandbox: Sandbox;
  clock: FakeClock;
  namespace: string;
  seed: number;
  requestsPerSecond: number;
  version(tag: string): Version;
}): PrometheusApi {
  const { sandbox, clock, namespace, requestsPerSecond, version } = options;
  const random = new Random(options.seed);
  const counters = new Map<string, Counters>();
  const series = new Map<string, Series>();

  function sample(labels: Record<string, string>, value: number): void {
    const key = JSON.stringify(labels);
    const known = series.get(key) ?? { labels, samples: [] };
    known.samples.push([clock.now(), value]);
    series.set(key, known);
  }

  function scrape(): void {
    const pods = sandbox.peek<Pod>(resources.pods, namespace).filter(isReady);
    for (const pod of pods) serve(pod, (requestsPerSecond * scrapeSeconds) / pods.length);
    clock.after(scrapeSeconds * 1000, scrape);
  }

  function serve(pod: Pod, expected: number): void {
    const { name } = pod.metadata;
    const { errorRate = 0, latencySeconds = 0.06, cpuPerRequest = 0.004 } = version(tagOf(pod));
    const counter = counters.get(name) ?? { ok: [...bounds, Infinity].map(() => 0), errors: 0, cpu: 0 };
    counters.set(name, counter);
    const requests = random.poisson(expected);
    const errors = Math.min(requests, random.poisson(expected * errorRate));
    const wander = 1 + 0.02 * random.normal();
    let below = 0;
    for (const [i, bound] of [...bounds, Infinity].entries()) {
      const upTo = normalCdf(Math.log(bound / (latencySeconds * wander)) / 0.5);
      counter.ok[i] = (counter.ok[i] ?? 0) + random.poisson((requests - errors) * (upTo - below));
      below = upTo;
    }
    counter.errors += errors;
    counter.cpu += (0.02 * scrapeSeconds + requests * cpuPerRequest) * wander;
    expose(name, counter);
  }

  function expose(name: string, { ok, errors, cpu }: Counters): void {
    const target = { namespace, pod: name, job: 'pods', instance: `${name}:8080` };
    const histogram = { __name__: 'http_request_duration_seconds_bucket', ...target, route: '/buy' };
    let sum = 0;
    for (const [i, le] of [...bounds.map(String), '+Inf'].entries()) {
      sum += ok[i] ?? 0;
      sample({ ...histogram, status_code: '200', le }, sum);
      if (errors > 0) sample({ ...histogram, status_code: '500', le }, errors);
    }
    sample({ __name__: 'up', ...target }, 1);
    sample({ __name__: 'process_cpu_seconds_total', ...target }, cpu);
    sample({ __name__: 'process_resident_memory_bytes', ...target }, 1e8 * (1 + 0.005 * random.normal()));
  }

  scrape();
  return {
    name: 'default',
    allows: () => true,
    query: (query, at) => Promise.resolve({ kind: 'value', value: evaluate([...series.values()], query, at) }),
    close: () => Promise.resolve(),
  };
}

function tagOf(pod: Pod): string {
  return pod.spec.containers[0]?.image?.split(':')[1] ?? '';
}

function evaluate(all: readonly Series[], text: string, at: number): Series[] {
  const query = parseQuery(text);
  const since = at - (query.windowMs ?? lookBack);
  const found = all
    .filter(({ labels }) => matches(labels, query))
    .map(({ labels, samples }) => ({ labels, samples: samples.filter(([time]) => time > since && time <= at) }))
    .filter(({ samples }) => samples.length > 0);
  if (query.countBy !== undefined) return countBy(found, query.countBy, at);
  return query.windowMs === undefined ? found.map((one) => ({ ...one, samples: one.samples.slice(-1) })) : found;
}

function countBy(found: readonly Series[], names: readonly string[], at: number): Series[] {
  const groups = new Map<string, Series>();
  for (const { labels } of found) {
    const kept = Object.fromEntries(
      names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]] as const])),
    );
    const key = JSON.stringify(kept);
    const count = groups.get(key)?.samples[0]?.[1] ?? 0;
    groups.set(key, { labels: kept, samples: [[at, count + 1]] });
  }
  return [...groups.values()];
}
