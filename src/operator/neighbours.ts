import type { KubeApi } from '../kube/api.ts';
import { createInformer, type Informer, type InformerMetrics } from '../kube/informer.ts';
import { type Deployment, type Pod, type ReplicaSet, resources } from '../kube/object.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { selectorText, type WatchedObjects } from '../release/gather.ts';

/**
 * The ReplicaSets and pods that a target selects, its canary's among them, watched while its release runs and no longer:
 * a release at rest costs no connection.
 */
export interface Neighbours {
  /** Watches for this target from now on; a target with another selector replaces what was watched. */
  follow(key: string, target: Deployment): void;
  leave(key: string): void;
  /** As last seen; undefined until everything has been read once. */
  watched(key: string): WatchedObjects | undefined;
  /** Ends all watches; what is to be followed afterwards, by a pass that still runs, is not. */
  close(): Promise<void>;
}

export interface NeighboursOptions {
  api: Pick<KubeApi, 'list' | 'watch'>;
  clock: Clock;
  random: () => number;
  log: Logger;
  metrics?: InformerMetrics;
  /** Something changed: the release is to be looked at. */
  onChange(key: string): void;
}

interface Followed {
  id: string;
  selector: string;
  replicaSets: Informer<ReplicaSet>;
  pods: Informer<Pod>;
  abort: AbortController;
  running: Promise<unknown>;
}

export function createNeighbours(options: NeighboursOptions): Neighbours {
  const followed = new Map<string, Followed>();
  const ending = new Set<Promise<unknown>>();
  let closed = false;

  function follow(key: string, target: Deployment): void {
    if (closed) return;
    const selector = selectorText(target.spec.selector);
    const id = `${target.metadata.namespace} ${selector}`;
    if (followed.get(key)?.id === id) return;
    leave(key);
    followed.set(key, begin(key, id, selector, target.metadata.namespace));
  }

  function begin(key: string, id: string, selector: string, namespace: string | undefined): Followed {
    const { api, clock, random, log, metrics } = options;
    const common = {
      api,
      clock,
      random,
      log,
      labelSelector: selector,
      ...(namespace === undefined ? {} : { namespace }),
      ...(metrics === undefined ? {} : { metrics }),
    };
    const replicaSets = createInformer<ReplicaSet>({ ...common, resource: resources.replicaSets });
    const pods = createInformer<Pod>({ ...common, resource: resources.pods });
    const abort = new AbortController();
    const wake = (): void => {
      if (!abort.signal.aborted) options.onChange(key);
    };
    replicaSets.onChange(wake);
    pods.onChange(wake);
    const running = Promise.all([replicaSets.start(abort.signal), pods.start(abort.signal)]);
    return { id, selector, replicaSets, pods, abort, running };
  }

  function leave(key: string): void {
    const entry = followed.get(key);
    if (entry === undefined) return;
    followed.delete(key);
    entry.abort.abort();
    const ended = entry.running.finally(() => ending.delete(ended));
    ending.add(ended);
  }

  function watched(key: string): WatchedObjects | undefined {
    const entry = followed.get(key);
    if (entry === undefined || !entry.replicaSets.hasSynced() || !entry.pods.hasSynced()) return undefined;
    return { selector: entry.selector, replicaSets: entry.replicaSets.list(), pods: entry.pods.list() };
  }

  async function close(): Promise<void> {
    closed = true;
    for (const key of followed.keys()) leave(key);
    await Promise.all(ending);
  }

  return { follow, leave, watched, close };
}
