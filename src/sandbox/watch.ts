import type { WatchEvent, WatchOptions } from '../kube/api.ts';
import { ApiError } from '../kube/errors.ts';
import type { KubeObject, Resource } from '../kube/object.ts';
import type { Clock } from '../lib/clock.ts';
import { clone } from './json.ts';
import { type Match, parseSelectors } from './selectors.ts';
import { expired } from './server/failures.ts';
import type { Store, StoreEvent } from './store/store.ts';

const BOOKMARK_MS = 60_000;
const DEFAULT_TIMEOUT_SECONDS = 1800;

/** What becomes of an event on its way to a watcher. `gone` ends the watch with 410. */
export type WatchFault = 'ok' | 'drop' | 'duplicate' | 'gone' | 'close' | { delayMs: number };

export interface WatchSource {
  store: Store;
  clock: Clock;
  resource: Resource;
  fault: (event: WatchEvent) => WatchFault;
}

/** How a change looks to a watcher that sees only what `match` selects; undefined when it sees nothing. */
function seen(event: StoreEvent, match: Match): WatchEvent | undefined {
  const now = event.type !== 'DELETED' && match(event.object);
  const before = event.before !== undefined && match(event.before);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: event.object };
  if (!before) return undefined;
  const { resourceVersion } = event.object.metadata;
  const last = event.before ?? event.object;
  return {
    type: 'DELETED',
    object: { ...last, metadata: { ...last.metadata, resourceVersion: resourceVersion ?? '' } },
  };
}

/** A queue from the store to one reader; everything is in it in the order in which it is sent. */
interface Channel {
  send(event: WatchEvent): void;
  end(error?: Error): void;
  /** Resolves with the next event, undefined at the end. */
  next(): Promise<WatchEvent | undefined>;
}

function createChannel(): Channel {
  const queue: WatchEvent[] = [];
  let ended: { error: Error | undefined } | undefined;
  let wake: (() => void) | undefined;
  const signal = (): void => {
    wake?.();
    wake = undefined;
  };
  return {
    send(event) {
      if (ended !== undefined) return;
      queue.push(event);
      signal();
    },
    end(error) {
      ended ??= { error };
      signal();
    },
    async next() {
      while (queue.length === 0 && ended === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const event = queue.shift();
      if (event === undefined && ended?.error !== undefined) throw ended.error;
      return event;
    },
  };
}

function bookmark(resource: Resource, version: number, initial: boolean): WatchEvent {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  const metadata = { name: '', resourceVersion: String(version), ...(initial ? { annotations } : {}) };
  return { type: 'BOOKMARK', object: { apiVersion: resource.apiVersion, kind: resource.kind, metadata } };
}

/** What is sent first: the present objects, or what changed after the version asked for. Throws 410. */
function backlog(source: WatchSource, options: WatchOptions, match: Match): WatchEvent[] {
  const { store, resource } = source;
  const version = options.resourceVersion ?? '';
  const initial = options.sendInitialEvents === true;
  if (initial || version === '' || version === '0') {
    const present = store.list(resource, options.namespace).filter(match);
    const added = present.map((object): WatchEvent => ({ type: 'ADDED', object }));
    return initial ? [...added, bookmark(resource, store.version(), true)] : added;
  }
  const changes = store.since(resource, Number(version));
  if (changes === undefined) throw expired(Number(version));
  return changes.flatMap((event) => (inNamespace(event, options.namespace) ? (seen(event, match) ?? []) : []));
}

function inNamespace(event: StoreEvent, namespace: string | undefined): boolean {
  return namespace === undefined || event.object.metadata.namespace === namespace;
}

function takeEffect(channel: Channel, event: WatchEvent, fault: WatchFault): void {
  if (fault === 'drop') return;
  if (fault === 'gone') return channel.end(expired(Number(event.object.metadata.resourceVersion)));
  if (fault === 'close') return channel.end();
  channel.send(event);
  if (fault === 'duplicate') channel.send(event);
}

/** Sends events with their faults. What comes after a delayed event waits for it: a watch does not change the order. */
function createDelivery(source: WatchSource, channel: Channel): (event: WatchEvent) => void {
  let free = 0;
  return (event) => {
    const fault = source.fault(event);
    const now = source.clock.now();
    const due = Math.max(free, now + (typeof fault === 'object' ? fault.delayMs : 0));
    if (due <= now) return takeEffect(channel, event, fault);
    free = due;
    source.clock.after(due - now, () => takeEffect(channel, event, fault));
  };
}

interface Watching {
  channel: Channel;
  stop: () => void;
}

function begin(source: WatchSource, options: WatchOptions): Watching {
  const { store, clock, resource } = source;
  const match = parseSelectors(options);
  const channel = createChannel();
  const deliver = createDelivery(source, channel);
  for (const event of backlog(source, options, match)) deliver(event);
  const unsubscribe = store.subscribe((event) => {
    if (event.resource.plural !== resource.plural || event.resource.apiVersion !== resource.apiVersion) return;
    if (!inNamespace(event, options.namespace)) return;
    const change = seen(event, match);
    if (change !== undefined) deliver(change);
  });
  const marks = (): void => {
    deliver(bookmark(resource, store.version(), false));
    cancelMark = clock.after(BOOKMARK_MS, marks);
  };
  let cancelMark = clock.after(BOOKMARK_MS, marks);
  const cancelEnd = clock.after((options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000, () => channel.end());
  const abort = (): void => channel.end();
  options.signal?.addEventListener('abort', abort, { once: true });
  const stop = (): void => {
    unsubscribe();
    cancelMark();
    cancelEnd();
    options.signal?.removeEventListener('abort', abort);
  };
  return { channel, stop };
}

/** The next event, or a failure when none comes for `idleMs`: the reader's own watchdog, as the HTTP client has it. */
async function nextWithin(clock: Clock, channel: Channel, idleMs: number | undefined): Promise<WatchEvent | undefined> {
  if (idleMs === undefined) return channel.next();
  const cancel = clock.after(idleMs, () => {
    channel.end(new ApiError(0, 'IdleTimeout', `the watch was silent for ${idleMs / 1000} s`));
  });
  try {
    return await channel.next();
  } finally {
    cancel();
  }
}

/** One watch over the store: see KubeApi.watch. `killed` breaks it off with the error it rejects with. */
export async function* watchStore<T extends KubeObject>(
  source: WatchSource,
  options: WatchOptions,
  killed: (end: (error: Error) => void) => () => void,
): AsyncGenerator<WatchEvent<T>> {
  if (options.signal?.aborted) return;
  const { channel, stop } = begin(source, options);
  const forget = killed((error) => channel.end(error));
  try {
    for (;;) {
      const event = await nextWithin(source.clock, channel, options.idleTimeoutMs);
      if (event === undefined || options.signal?.aborted) return;
      yield clone(event) as WatchEvent<T>;
    }
  } finally {
    stop();
    forget();
  }
}
