import { unlessAborted } from '../lib/abort.ts';
import { backoffDelay } from '../lib/backoff.ts';
import { type Clock, monotonicNow, sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { KubeApi, ListOptions, WatchEvent, WatchOptions } from './api.ts';
import { ApiError, isGone } from './errors.ts';
import { type ChangeHandler, createNotifier } from './notifier.ts';
import { type KubeObject, type Resource, withoutManagedFields } from './object.ts';
import { type Change, createStore, type Indexer, keyOf } from './store.ts';

/** Servers end watches between these, spread so that not all come back at once. */
const WATCH_SECONDS = { min: 290, max: 580 };
/** A quiet watch gets a bookmark a minute, the first one after two (measured on 1.36). */
const IDLE_MS = 150_000;
/** A watch-list whose end mark does not come within this time comes from a server that does not know the mark. */
const INITIAL_MS = 60_000;
/** A watch that ends sooner is a failure, even a clean one: it would be asked for in a tight loop. */
const HEALTHY_MS = 5_000;
const RELIST_MS = 900_000;
const BACKOFF = { baseMs: 800, maxMs: 30_000 };
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** What an informer tells of itself; see metrics.ts. */
export interface InformerMetrics {
  objects(resource: string, count: number): void;
  listed(resource: string): void;
  /** A watch ended: `end`, or the reason of its error. */
  watchEnded(resource: string, reason: string): void;
}

export interface InformerOptions<T extends KubeObject> {
  api: Pick<KubeApi, 'list' | 'watch'>;
  resource: Resource;
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  log: Logger;
  indexers?: Record<string, Indexer<T>>;
  /** What is kept of an object; all but `managedFields` if absent, which is often half of it. */
  keep?: (object: T) => T;
  metrics?: InformerMetrics;
  /** Silence after which a connection is taken for dead; 2.5 minutes if absent. */
  idleTimeoutMs?: number;
  /** Everything is read anew at the first end of a watch after so long; 15 minutes if absent. */
  relistMs?: number;
}

export interface InformerHealth {
  synced: boolean;
  /** Failures since it last worked; 0 when all is well. */
  failures: number;
  /** Of the last failure, until it works again. */
  error: unknown;
}

/** The objects of a resource as they are in the cluster, kept current by a watch. */
export interface Informer<T extends KubeObject> {
  /** Runs until the signal aborts, whatever happens; the promise never rejects. To be called once. */
  start(signal: AbortSignal): Promise<void>;
  /** Frozen: copy before you change. */
  get(namespace: string | undefined, name: string): T | undefined;
  list(): T[];
  /** Throws when there is no index of this name. */
  byIndex(index: string, key: string): T[];
  /** Everything there was at some moment after the start is in the cache. */
  hasSynced(): boolean;
  /** Resolves true when synced, false when it was stopped before. */
  whenSynced(): Promise<boolean>;
  health(): InformerHealth;
  /**
   * Calls `handler` for each change, and at once with ADDED for what is there already. What it throws is logged. A
   * replaced object (same name, other uid) is a DELETED and an ADDED. Returns a function that ends the calls.
   */
  onChange(handler: ChangeHandler<T>): () => void;
}

function isEndOfInitialEvents(event: WatchEvent): boolean {
  return event.object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true';
}

/** The server is behind the version asked for, and may stay so: its data were restored from a backup. */
function isFromTheFuture(error: unknown): boolean {
  const causes = error instanceof ApiError ? (error.details?.causes ?? []) : [];
  return causes.some(({ reason }) => reason === 'ResourceVersionTooLarge');
}

function noInitialEventsEnd({ plural }: Resource): ApiError {
  return new ApiError(0, 'NoInitialEventsEnd', `the watch of ${plural} does not say where its initial events end`);
}

/** The server cannot do a watch-list at all; other failures may pass. */
function refusesWatchList(error: unknown): boolean {
  return error instanceof ApiError && (error.reason === 'NoInitialEventsEnd' || [400, 405, 422].includes(error.status));
}

export function createInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  const { api, resource, clock, random, metrics } = options;
  const keep = options.keep ?? withoutManagedFields;
  const log = options.log.child({ resource: resource.plural });
  const store = createStore<T>(options.indexers);
  const notifier = createNotifier<T>(log);
  let resolveSynced: (synced: boolean) => void = () => undefined;
  const whenSynced = new Promise<boolean>((resolve) => {
    resolveSynced = resolve;
  });
  const state = { synced: false, failures: 0, error: undefined as unknown };
  const scope: ListOptions = {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
  };
  let resourceVersion: string | undefined;
  let watchList = true;
  let relistAt = 0;
  let watchingSince: number | undefined;

  function apply(changes: Change<T>[]): void {
    if (changes.length === 0) return;
    metrics?.objects(resource.plural, store.size());
    notifier.notify(changes);
  }

  function replaceAll(objects: Iterable<T>, version: string | undefined): void {
    resourceVersion = version;
    relistAt = monotonicNow(clock) + (options.relistMs ?? RELIST_MS);
    metrics?.listed(resource.plural);
    const changes = store.replaceAll(Array.from(objects, keep));
    state.synced = true;
    apply(changes);
    resolveSynced(true);
  }

  function watchOptions(signal: AbortSignal): WatchOptions {
    const seconds = WATCH_SECONDS.min + random() * (WATCH_SECONDS.max - WATCH_SECONDS.min);
    return {
      ...scope,
      timeoutSeconds: Math.floor(seconds),
      idleTimeoutMs: options.idleTimeoutMs ?? IDLE_MS,
      signal,
      ...(resourceVersion === undefined ? { sendInitialEvents: true } : { resourceVersion }),
    };
  }

  function follow(event: WatchEvent<T>): void {
    // The end mark of another run, and bookmarks in general, move the version only.
    if (event.type === 'DELETED') apply(store.remove(keep(event.object)));
    else if (event.type !== 'BOOKMARK') apply(store.put(keep(event.object)));
    resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
    // Work is seen to be done again only here: a list that succeeds does not end a row of failing watches.
    if (state.failures > 0 && aliveFor() >= HEALTHY_MS) recovered();
  }

  function aliveFor(): number {
    return watchingSince === undefined ? 0 : monotonicNow(clock) - watchingSince;
  }

  function recovered(): void {
    state.failures = 0;
    state.error = undefined;
  }

  async function watch(signal: AbortSignal): Promise<void> {
    watchingSince = monotonicNow(clock);
    for await (const event of api.watch<T>(resource, watchOptions(signal))) follow(event);
  }

  /** Takes the events of a watch-list; true from its end mark on. */
  function createCollector(): (event: WatchEvent<T>) => boolean {
    const collected = new Map<string, T>();
    let complete = false;
    return (event) => {
      if (complete) follow(event);
      else if (event.type === 'DELETED') collected.delete(keyOf(event.object.metadata));
      else if (event.type !== 'BOOKMARK') collected.set(keyOf(event.object.metadata), keep(event.object));
      else if (!isEndOfInitialEvents(event)) throw noInitialEventsEnd(resource);
      else {
        complete = true;
        watchingSince = monotonicNow(clock);
        replaceAll(collected.values(), event.object.metadata.resourceVersion);
        collected.clear();
      }
      return complete;
    };
  }

  /** Reads what there is from the watch itself, and goes on watching. Throws when the end mark does not come. */
  async function watchFromNothing(signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    const cancel = clock.after(INITIAL_MS, () => late.abort());
    const collect = createCollector();
    let complete = false;
    try {
      const either = AbortSignal.any([signal, late.signal]);
      for await (const event of api.watch<T>(resource, watchOptions(either))) {
        complete = collect(event);
        if (complete) cancel();
      }
      if (!complete && !signal.aborted) throw noInitialEventsEnd(resource);
    } catch (error) {
      if (!complete && refusesWatchList(error)) watchList = false;
      throw error;
    } finally {
      cancel();
    }
  }

  async function session(signal: AbortSignal): Promise<void> {
    watchingSince = undefined;
    if (monotonicNow(clock) >= relistAt) resourceVersion = undefined;
    // After a failure a plain list has its turn: some servers and proxies answer one and not the other.
    const fromNothing = watchList && state.failures % 2 === 0;
    if (resourceVersion === undefined && fromNothing) return watchFromNothing(signal);
    if (resourceVersion === undefined) {
      const list = await unlessAborted(api.list<T>(resource, scope), signal);
      replaceAll(list.items, list.metadata.resourceVersion);
    }
    return watch(signal);
  }

  /** Milliseconds to wait before the next session. */
  function delayAfter(error: unknown): number {
    const reason = error instanceof ApiError ? error.reason : error === undefined ? 'end' : 'Error';
    metrics?.watchEnded(resource.plural, reason);
    if (isGone(error) || isFromTheFuture(error)) resourceVersion = undefined;
    if (aliveFor() >= HEALTHY_MS) {
      recovered();
      log.debug({ error, reason }, 'watch ended');
      return error === undefined ? 0 : random() * BACKOFF.baseMs;
    }
    state.error = error ?? new Error(`the server ends the watch of ${resource.plural} at once`);
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const delayMs = Math.max(asked, backoffDelay(state.failures, random, BACKOFF));
    state.failures += 1;
    log.warn({ error: state.error, reason, failures: state.failures, delayMs }, 'watch failed, trying again');
    return delayMs;
  }

  return {
    async start(signal) {
      while (!signal.aborted) {
        const usedWatchList = watchList;
        const error: unknown = await session(signal).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (signal.aborted) break;
        const fallsBack = usedWatchList && !watchList;
        if (fallsBack) log.info({ error }, 'the server has no watch-list, listing instead');
        const delayMs = fallsBack ? 0 : delayAfter(error);
        if (delayMs > 0) await sleep(clock, delayMs, signal);
      }
      resolveSynced(false);
    },
    get: (namespace, name) => store.get(keyOf({ namespace, name })),
    list: () => store.list(),
    byIndex: (index, key) => store.byIndex(index, key),
    hasSynced: () => state.synced,
    whenSynced: () => whenSynced,
    health: () => ({ ...state }),
    onChange: (handler) => notifier.add(handler, store.list()),
  };
}
