import type { WatchEvent, WatchOptions } from '../../../src/kube/api.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { attempt, onTheWay, type Sent, type WireOptions } from './attempt.ts';

interface Inbox<T> {
  put(item: T): void;
  next(): Promise<T>;
}

function createInbox<T>(): Inbox<T> {
  const items: T[] = [];
  let wake: (() => void) | undefined;
  return {
    put(item) {
      items.push(item);
      wake?.();
      wake = undefined;
    },
    async next() {
      while (items.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return items.shift() as T;
    },
  };
}

type Item<T extends KubeObject> = { event: WatchEvent<T> } | { end: Error | undefined };

/** Less than the silence after which an informer takes a connection for dead. */
const LONGEST_SILENCE_MS = 100_000;
const MOST_BEHIND_MS = 180_000;

/** Carries the events of a watch to the process: late, twice, cut off with 410, or into a connection that is dead. */
class Carrier<T extends KubeObject> {
  readonly #options: WireOptions;
  readonly #inbox: Inbox<Item<T>>;
  readonly #stop: () => void;
  /** Nothing overtakes on one connection. */
  #free = 0;
  #dead = false;
  /** On their way, oldest first. */
  readonly #sent: Item<T>[] = [];
  /** Milliseconds by which everything on it comes late. */
  #behind = 0;

  constructor(options: WireOptions, inbox: Inbox<Item<T>>, stop: () => void) {
    this.#options = options;
    this.#inbox = inbox;
    this.#stop = stop;
  }

  async carry(events: AsyncIterable<WatchEvent<T>>): Promise<void> {
    try {
      for await (const event of events) this.#event(event);
      this.#send({ end: undefined });
    } catch (error) {
      this.#send({ end: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #strikes(kind: 'watchHalfOpen' | 'watchGone' | 'watchDoubled' | 'watchDelayed' | 'watchBehind'): boolean {
    const hit = this.#options.chance.happens(this.#options.rates()[kind]);
    if (hit) this.#options.fault(kind);
    return hit;
  }

  #event(event: WatchEvent<T>): void {
    if (this.#dead) return;
    if (this.#strikes('watchHalfOpen')) {
      this.#dead = true;
      return;
    }
    if (this.#strikes('watchGone')) {
      this.#send({ end: new ApiError(410, 'Expired', 'too old resource version') });
      this.#dead = true;
      this.#stop();
      this.#options.expire();
      return;
    }
    if (this.#behind < MOST_BEHIND_MS && this.#strikes('watchBehind'))
      this.#behind += this.#options.chance.between(5000, LONGEST_SILENCE_MS);
    const delay = this.#strikes('watchDelayed') ? this.#options.chance.between(50, 20_000) : 0;
    this.#send({ event }, delay);
    if (this.#strikes('watchDoubled')) this.#send({ event: structuredClone(event) });
  }

  #send(item: Item<T>, delay = 0): void {
    if (this.#dead) return;
    const now = this.#options.real.monotonic();
    this.#free = Math.max(this.#free, now + this.#behind + delay + onTheWay(this.#options));
    this.#sent.push(item);
    this.#options.process.deliver(this.#free - now, () => {
      const oldest = this.#sent.shift();
      if (oldest !== undefined) this.#inbox.put(oldest);
    });
  }
}

/** One watch: see KubeApi.watch. Its silence is measured by the process's own clock. */
export async function* watchOverWire<T extends KubeObject>(
  resource: Resource,
  watch: WatchOptions,
  options: WireOptions,
): AsyncGenerator<WatchEvent<T>> {
  const { signal, idleTimeoutMs, ...asked } = watch;
  if (signal?.aborted) return;
  const { process, api } = options;
  const part = { namespace: watch.namespace, name: undefined, subresource: undefined, dryRun: false, body: undefined };
  const sent: Sent = { process: process.name, verb: 'watch', resource, ...part };
  const inner = new AbortController();
  const inbox = createInbox<Item<T>>();
  const carrier = new Carrier<T>(options, inbox, () => inner.abort());
  const leave = (): void => inbox.put({ end: undefined });
  signal?.addEventListener('abort', leave, { once: true });
  try {
    await attempt(sent, options, async () => {
      void carrier.carry(api.watch<T>(resource, { ...asked, signal: inner.signal }));
    });
    for (;;) {
      const limit = idleTimeoutMs ?? Number.POSITIVE_INFINITY;
      const silent = { end: new ApiError(0, 'IdleTimeout', `the watch was silent for ${limit / 1000} s`) };
      const cancel = Number.isFinite(limit) ? process.clock.after(limit, () => inbox.put(silent)) : () => undefined;
      const item = await inbox.next();
      cancel();
      if (signal?.aborted) return;
      if ('event' in item) yield item.event;
      else if (item.end === undefined) return;
      else throw item.end;
    }
  } finally {
    signal?.removeEventListener('abort', leave);
    inner.abort();
  }
}
