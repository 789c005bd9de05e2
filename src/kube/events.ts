import { backoffDelay } from '../lib/backoff.ts';
import { type Clock, monotonicNow, sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { KubeApi } from './api.ts';
import { isNotFound, isRetryable } from './errors.ts';
import { type KubeObject, resources } from './object.ts';
import { microTime } from './time.ts';
import { createTokenBuckets } from './token-bucket.ts';

/** The API server's limit, in bytes. */
const NOTE_BYTES = 1024;
/** What repeats within this time is a series; client-go's. */
const SERIES_MS = 360_000;
/** The count of a series is written no more often. */
const PATCH_MS = 30_000;
/** Per object, as client-go: 25 events, then one every five minutes. */
const SPAM = { burst: 25, refillMs: 300_000, keys: 4_096 };
const MAX_SERIES = 4_096;
const MAX_QUEUE = 1_000;
const ATTEMPTS = 4;
const FLUSH_MS = 2_000;

export interface ObjectReference {
  apiVersion?: string;
  kind: string;
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
}

export interface EventRecord {
  regarding: ObjectReference;
  type: 'Normal' | 'Warning';
  /** PascalCase, one for each kind of thing. */
  reason: string;
  /** PascalCase: what was done about it. */
  action: string;
  /** For people; cut at 1024 bytes. */
  note: string;
  related?: ObjectReference;
}

/** What a recorder tells of itself; see metrics.ts. */
export interface EventMetrics {
  /** `written`, `filtered` (too many on one object), `dropped` (the queue is full) or `failed`. */
  event(outcome: 'written' | 'filtered' | 'dropped' | 'failed'): void;
}

export interface EventRecorderOptions {
  api: Pick<KubeApi, 'create' | 'patch'>;
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  log: Logger;
  /** Name of the pod or process. */
  reportingInstance: string;
  /** `tandem.dev/tandem` if absent. */
  reportingController?: string;
  metrics?: EventMetrics;
}

/** Writes events.k8s.io/v1 Events in the background, one after the other. */
export interface EventRecorder {
  /** Never throws and never waits. The same about the same object within six minutes becomes the count of a series. */
  record(event: EventRecord): void;
  /** Writes what waits, counts of series included, for at most `ms` (2 s if absent). Never rejects. */
  flush(ms?: number): Promise<void>;
}

interface Series {
  event: EventRecord;
  name: string;
  namespace: string;
  count: number;
  lastAt: { wall: number; monotonic: number };
  /** The count that was written last, and when. */
  written: { count: number; at: number };
  cancel: (() => void) | undefined;
}

/** Cuts a text to `limit` bytes of UTF-8 at a whole character, and says so. */
export function cutToBytes(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  const ellipsis = '...';
  let bytes = ellipsis.length;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > limit) break;
    end += character.length;
  }
  return `${text.slice(0, end)}${ellipsis}`;
}

function seriesKey(event: EventRecord): string {
  const object = (reference: ObjectReference | undefined): (string | undefined)[] =>
    reference === undefined ? [] : [reference.kind, reference.namespace, reference.name, reference.uid];
  return JSON.stringify([
    object(event.regarding),
    object(event.related),
    event.type,
    event.reason,
    event.action,
    event.note,
  ]);
}

function objectKey({ kind, namespace, name, uid }: ObjectReference): string {
  return JSON.stringify([kind, namespace, name, uid]);
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { api, clock, random, log, metrics } = options;
  const reportingController = options.reportingController ?? 'tandem.dev/tandem';
  const spam = createTokenBuckets(clock, SPAM);
  /** The one used longest ago first. */
  const known = new Map<string, Series>();
  const queue: (() => Promise<unknown>)[] = [];
  let draining: Promise<void> | undefined;

  function moment(): Series['lastAt'] {
    return { wall: clock.now(), monotonic: monotonicNow(clock) };
  }

  function toObject(series: Series): KubeObject {
    const { regarding, related, type, reason, action, note } = series.event;
    return {
      apiVersion: resources.events.apiVersion,
      kind: resources.events.kind,
      metadata: { name: series.name, namespace: series.namespace },
      eventTime: microTime(series.lastAt.wall),
      type,
      reason,
      action,
      note: cutToBytes(note, NOTE_BYTES),
      regarding,
      ...(related === undefined ? {} : { related }),
      reportingController,
      reportingInstance: options.reportingInstance,
    };
  }

  async function writeWithRetries(write: () => Promise<unknown>): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await write();
        metrics?.event('written');
        return;
      } catch (error) {
        if (isRetryable(error) && attempt + 1 < ATTEMPTS) {
          await sleep(clock, backoffDelay(attempt, random, { baseMs: 1_000, maxMs: 10_000 }));
          continue;
        }
        metrics?.event('failed');
        log.debug({ error }, 'event not written');
        return;
      }
    }
  }

  async function drain(): Promise<void> {
    for (let write = queue.shift(); write !== undefined; write = queue.shift()) await writeWithRetries(write);
    draining = undefined;
  }

  function enqueue(write: () => Promise<unknown>): void {
    if (queue.length >= MAX_QUEUE) {
      metrics?.event('dropped');
      return;
    }
    queue.push(write);
    draining ??= drain();
  }

  function remember(key: string, series: Series): void {
    known.delete(key);
    known.set(key, series);
    const oldest = known.entries().next();
    if (known.size <= MAX_SERIES || oldest.done === true) return;
    oldest.value[1].cancel?.();
    known.delete(oldest.value[0]);
  }

  function begin(key: string, event: EventRecord): void {
    if (!spam.take(objectKey(event.regarding))) {
      metrics?.event('filtered');
      log.debug(
        { regarding: event.regarding, reason: event.reason },
        'event left out, there are too many about this object',
      );
      return;
    }
    const at = moment();
    const unique = `${Math.floor(at.wall).toString(16)}${Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')}`;
    const series: Series = {
      event: structuredClone(event),
      name: `${event.regarding.name.slice(0, 200)}.${unique}`,
      namespace: event.regarding.namespace ?? 'default',
      count: 1,
      lastAt: at,
      written: { count: 1, at: Number.NEGATIVE_INFINITY },
      cancel: undefined,
    };
    remember(key, series);
    const object = toObject(series);
    enqueue(() => api.create(resources.events, object));
  }

  function writeCount(series: Series): void {
    series.cancel?.();
    series.cancel = undefined;
    if (series.count === series.written.count) return;
    const { count, lastAt, namespace, name } = series;
    series.written = { count, at: monotonicNow(clock) };
    const body = { series: { count, lastObservedTime: microTime(lastAt.wall) } };
    enqueue(async () => {
      try {
        await api.patch(resources.events, { namespace, name }, body, { type: 'merge' });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // It has outlived the server's retention of events.
        await api.create(resources.events, { ...toObject(series), ...body });
      }
    });
  }

  function repeat(key: string, series: Series): void {
    series.count += 1;
    series.lastAt = moment();
    remember(key, series);
    if (series.cancel !== undefined) return;
    const wait = series.written.at + PATCH_MS - monotonicNow(clock);
    if (wait <= 0) writeCount(series);
    else series.cancel = clock.after(wait, () => writeCount(series));
  }

  function record(event: EventRecord): void {
    const key = seriesKey(event);
    const series = known.get(key);
    const fresh = series !== undefined && monotonicNow(clock) - series.lastAt.monotonic < SERIES_MS;
    if (fresh) repeat(key, series);
    else begin(key, event);
  }

  return {
    record(event) {
      try {
        record(event);
      } catch (error) {
        log.error({ error, reason: event.reason }, 'event not recorded');
      }
    },
    async flush(ms = FLUSH_MS) {
      for (const series of known.values()) writeCount(series);
      if (draining === undefined) return;
      const done = new AbortController();
      await Promise.race([draining, sleep(clock, ms, done.signal)]);
      done.abort();
    },
  };
}
