import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventMetrics } from './events.ts';
import type { InformerMetrics } from './informer.ts';
import type { LeaderMetrics } from './leader.ts';
import type { QueueMetrics } from './queue.ts';
import type { ClientMetrics } from './sender.ts';

/** client-go's buckets of request durations, in seconds. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export interface KubeMetrics {
  client: ClientMetrics;
  informer: InformerMetrics;
  leader: LeaderMetrics;
  events: EventMetrics;
  /** One queue's part, told apart by the label `name`. */
  queue(name: string): QueueMetrics;
}

function clientMetrics(registers: Registry[]): ClientMetrics {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the Kubernetes API by status code and method; <error> where no answer came.',
    labelNames: ['code', 'method'],
    registers,
  });
  const durations = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Seconds until the head of the answer of the Kubernetes API, by method.',
    labelNames: ['verb'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  return {
    request(method, code, seconds) {
      requests.inc({ code, method });
      durations.observe({ verb: method }, seconds);
    },
  };
}

function informerMetrics(registers: Registry[]): InformerMetrics {
  const labelNames = ['resource'] as const;
  const objects = new Gauge({ name: 'tandem_cache_objects', help: 'Objects in a cache.', labelNames, registers });
  const lists = new Counter({
    name: 'tandem_cache_lists_total',
    help: 'How often everything of a resource was read anew.',
    labelNames,
    registers,
  });
  const ends = new Counter({
    name: 'tandem_cache_watch_ends_total',
    help: 'Watches that ended, by reason: end is the regular one.',
    labelNames: ['resource', 'reason'],
    registers,
  });
  return {
    objects: (resource, count) => objects.set({ resource }, count),
    listed: (resource) => lists.inc({ resource }),
    watchEnded: (resource, reason) => ends.inc({ resource, reason }),
  };
}

function queueMetrics(registers: Registry[]): (name: string) => QueueMetrics {
  const labelNames = ['name'] as const;
  // client-go's: 10 ns to 10 s, and beyond for work that waits on a slow API.
  const buckets = exponentialBuckets(1e-6, 10, 9);
  const depth = new Gauge({ name: 'workqueue_depth', help: 'Keys that wait for work.', labelNames, registers });
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys added.', labelNames, registers });
  const retries = new Counter({ name: 'workqueue_retries_total', help: 'Keys added again.', labelNames, registers });
  const waits = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'Seconds that a key waits for work.',
    labelNames,
    buckets,
    registers,
  });
  const works = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'Seconds that work on a key takes.',
    labelNames,
    buckets,
    registers,
  });
  return (name) => ({
    depth: (count) => depth.set({ name }, count),
    added: () => adds.inc({ name }),
    waited: (seconds) => waits.observe({ name }, seconds),
    worked: (seconds) => works.observe({ name }, seconds),
    retried: () => retries.inc({ name }),
  });
}

function leaderMetrics(registers: Registry[]): LeaderMetrics {
  const leading = new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process holds the lease: 1 or 0.',
    labelNames: ['name'],
    registers,
  });
  return { leading: (name, holds) => leading.set({ name }, holds ? 1 : 0) };
}

function eventMetrics(registers: Registry[]): EventMetrics {
  const events = new Counter({
    name: 'tandem_events_total',
    help: 'Kubernetes Events by outcome: written, filtered, dropped or failed.',
    labelNames: ['outcome'],
    registers,
  });
  return { event: (outcome) => events.inc({ outcome }) };
}

/** Metrics of src/kube in a registry of the caller's, under client-go's names where it has some. */
export function createKubeMetrics(registry: Registry): KubeMetrics {
  const registers = [registry];
  return {
    client: clientMetrics(registers),
    informer: informerMetrics(registers),
    leader: leaderMetrics(registers),
    events: eventMetrics(registers),
    queue: queueMetrics(registers),
  };
}
