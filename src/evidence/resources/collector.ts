import type { KubeApi } from '../../kube/api.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { type Clock, monotonicNow, sleep } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { EvidenceMetrics } from '../collector.ts';
import { eachLimited } from '../limited.ts';
import { podMetrics, readPodMetrics } from './pod-metrics.ts';
import { addReading, noUsage, type PodUsage } from './usage.ts';

/** What is known of the pods of a release. */
export interface Usage {
  /** By name of pod; empty while nothing was read. */
  pods: ReadonlyMap<string, PodUsage>;
  /** Why nothing can be read now; undefined: the last question was answered. */
  problem: string | undefined;
  /** Grows with every reading, for all namespaces. */
  version: number;
}

/** Reads the CPU and memory of pods from metrics.k8s.io, for the releases that have them from nowhere else. */
export interface UsageCollector {
  /** Wants the figures of these pods from now on; known pods that are not named any more are kept. */
  want(key: string, namespace: string, pods: readonly string[]): void;
  leave(key: string): void;
  /** undefined for a release that wants nothing. */
  usage(key: string): Usage | undefined;
  /** One list for each namespace that a release wants something of. */
  poll(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

export interface UsageCollectorOptions {
  api: Pick<KubeApi, 'list'>;
  clock: Clock;
  log: Logger;
  metrics?: EvidenceMetrics;
}

/** Shorter than the windows of any server, so that none is missed: metrics-server has no less than 10 s. */
const ROUND_MS = 5000;
/** A server may be installed, or allowed, later than Tandem. */
const ABSENT_MS = 300_000;
const PARALLEL = 4;

interface Wanted {
  namespace: string;
  pods: Map<string, PodUsage>;
}

interface Standing {
  problem: string | undefined;
  /** Not asked before; milliseconds. */
  notBefore: number;
}

export function createUsageCollector({ api, clock, log, metrics }: UsageCollectorOptions): UsageCollector {
  const wanted = new Map<string, Wanted>();
  const standings = new Map<string, Standing>();
  let version = 0;
  let round: Promise<void> | undefined;

  function want(key: string, namespace: string, pods: readonly string[]): void {
    const known = wanted.get(key);
    const entry = known?.namespace === namespace ? known : { namespace, pods: new Map<string, PodUsage>() };
    for (const name of pods) if (!entry.pods.has(name)) entry.pods.set(name, noUsage());
    wanted.set(key, entry);
  }

  function usage(key: string): Usage | undefined {
    const entry = wanted.get(key);
    if (entry === undefined) return undefined;
    return { pods: entry.pods, problem: standings.get(entry.namespace)?.problem, version };
  }

  async function readNamespace(namespace: string): Promise<void> {
    const started = monotonicNow(clock);
    const count = (outcome: 'value' | 'nodata' | 'failed'): void =>
      metrics?.query('metrics.k8s.io', outcome, (monotonicNow(clock) - started) / 1000);
    try {
      const { items } = await api.list(podMetrics, { namespace });
      count(items.length === 0 ? 'nodata' : 'value');
      standings.set(namespace, { problem: undefined, notBefore: 0 });
      take(namespace, items);
    } catch (error) {
      count('failed');
      const standing = standingAfter(error, namespace, clock.now());
      if (standings.get(namespace)?.problem !== standing.problem)
        log.warn({ namespace, err: error }, 'No resource figures');
      standings.set(namespace, standing);
    }
    version += 1;
  }

  function take(namespace: string, items: readonly KubeObject[]): void {
    const owners = [...wanted.values()].filter((entry) => entry.namespace === namespace);
    for (const reading of items.map(readPodMetrics)) {
      if (reading === undefined) continue;
      for (const { pods } of owners) {
        const known = pods.get(reading.pod);
        if (known !== undefined) addReading(known, reading);
      }
    }
  }

  async function pollDue(): Promise<void> {
    const namespaces = new Set([...wanted.values()].map(({ namespace }) => namespace));
    for (const name of standings.keys()) if (!namespaces.has(name)) standings.delete(name);
    const due = [...namespaces].filter((name) => (standings.get(name)?.notBefore ?? 0) <= clock.now());
    await eachLimited(due, PARALLEL, readNamespace);
  }

  /** A round that is still under way is not started twice. */
  function poll(): Promise<void> {
    round ??= pollDue().finally(() => {
      round = undefined;
    });
    return round;
  }

  return {
    want,
    leave: (key) => void wanted.delete(key),
    usage,
    poll,
    run: async (signal) => {
      while (!signal.aborted) {
        await poll().catch((error: unknown) => log.error({ err: error }, 'Round of resource figures failed'));
        await sleep(clock, ROUND_MS, signal);
      }
    },
  };
}

/** A source that is not there is no failure: it is said, and looked for now and then. */
function standingAfter(error: unknown, namespace: string, now: number): Standing {
  if (isNotFound(error)) return { problem: 'metrics.k8s.io is not served by this cluster', notBefore: now + ABSENT_MS };
  if (isForbidden(error)) {
    const problem = `the operator may not list pods of metrics.k8s.io in namespace ${namespace}`;
    return { problem, notBefore: now + ABSENT_MS };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { problem: `metrics.k8s.io does not answer: ${message}`, notBefore: 0 };
}
