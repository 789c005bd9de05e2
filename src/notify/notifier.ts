import { backoffDelay } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Decision } from '../release/decision.ts';
import type { Snapshot } from '../release/snapshot.ts';
import type { Receiver } from './config.ts';
import type { Delivery } from './deliver.ts';
import { type Notification, notificationsOf } from './notification.ts';

/** What waits for one receiver at the most; the oldest goes when it is more. */
const MOST_WAITING = 1000;
/** After this long a notification is given up. */
const GIVE_UP_MS = 24 * 3_600_000;
const BACKOFF = { baseMs: 1000, maxMs: 5 * 60_000 };
/** For the last attempts at a stop: a receiver that hangs must not keep the process. */
const LAST_MS = 5000;

export interface NotifierOptions {
  receivers: readonly Receiver[];
  /** Is to end, failed, when the signal aborts. */
  deliver(receiver: Receiver, notification: Notification, signal: AbortSignal): Promise<Delivery>;
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  log: Logger;
  /** Counts what became of notifications. */
  count?(receiver: string, outcome: NotificationOutcome): void;
}

export type NotificationOutcome = 'sent' | 'skipped' | 'refused' | 'retried' | 'dropped' | 'expired';

/** Tells receivers what happens to releases, in the background. */
export interface Notifier {
  /** Told of each pass after its status was written. Never throws and never waits. */
  observe(snapshot: Snapshot, decision: Decision): void;
  forget(key: string): void;
  /** Delivers until the signal aborts; then what waits is tried once more, for some seconds at most. */
  run(signal: AbortSignal): Promise<void>;
}

interface Waiting {
  notification: Notification;
  since: number;
  attempt: number;
}

/** The line in front of one receiver: one after the other, so that an end never overtakes its start. */
interface Line {
  receiver: Receiver;
  waiting: Waiting[];
  /** Ends the wait for something to do. */
  ring: () => void;
}

export function createNotifier(options: NotifierOptions): Notifier {
  const { clock, random, log } = options;
  const lines: Line[] = options.receivers.map((receiver) => ({ receiver, waiting: [], ring: () => undefined }));
  const seen = new Set<string>();
  const commits = new Map<string, string>();
  const count = (line: Line, outcome: NotificationOutcome): void => options.count?.(line.receiver.name, outcome);

  function observe(snapshot: Snapshot, decision: Decision): void {
    if (lines.length === 0) return;
    const { namespace = '', name } = snapshot.release.metadata;
    const key = `${namespace}/${name}`;
    const first = !seen.has(key);
    seen.add(key);
    for (const told of notificationsOf(snapshot, decision, first)) {
      const notification = withCommit(told);
      for (const line of lines) if (wants(line.receiver, notification)) add(line, notification);
    }
  }

  /** A version that another one has replaced ends when the target names the other one's commit already. */
  function withCommit(told: Notification): Notification {
    const version = `${told.namespace}/${told.release} ${told.revision}`;
    const commit = told.commit ?? commits.get(version);
    if (commit === undefined) return told;
    commits.delete(version);
    commits.set(version, commit);
    for (const oldest of commits.keys()) {
      if (commits.size <= MOST_WAITING) break;
      commits.delete(oldest);
    }
    return { ...told, commit };
  }

  function add(line: Line, notification: Notification): void {
    if (line.waiting.some((waiting) => waiting.notification.id === notification.id)) return;
    line.waiting.push({ notification, since: clock.now(), attempt: 0 });
    if (line.waiting.length > MOST_WAITING) {
      line.waiting.shift();
      count(line, 'dropped');
      log.warn({ receiver: line.receiver.name }, 'Too many notifications wait: the oldest was dropped');
    }
    line.ring();
  }

  /** Returns the milliseconds to wait before the next attempt; 0: go on at once. */
  async function attempt(line: Line, waiting: Waiting, over: AbortSignal): Promise<number> {
    const { receiver } = line;
    const { id, kind } = waiting.notification;
    const delivery = await options.deliver(receiver, waiting.notification, over);
    const leave = (outcome: NotificationOutcome): number => {
      line.waiting = line.waiting.filter((other) => other !== waiting);
      count(line, outcome);
      return 0;
    };
    if (delivery.outcome === 'sent' || delivery.outcome === 'skipped') return leave(delivery.outcome);
    const told = { receiver: receiver.name, id, kind, problem: delivery.problem };
    if (delivery.outcome === 'refused') {
      log.warn(told, 'A receiver refused a notification: look at its address and credentials');
      return leave('refused');
    }
    if (clock.now() - waiting.since > GIVE_UP_MS) {
      log.warn(told, 'A notification was given up');
      return leave('expired');
    }
    if (waiting.attempt === 0) log.warn(told, 'A notification failed and is tried again');
    count(line, 'retried');
    const own = backoffDelay(waiting.attempt, random, BACKOFF);
    waiting.attempt += 1;
    return Math.max(own, (delivery.afterSeconds ?? 0) * 1000);
  }

  async function work(line: Line, signal: AbortSignal, over: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [next] = line.waiting;
      if (next === undefined) await somethingToDo(line, signal);
      else await sleep(clock, await attempt(line, next, over), signal);
    }
    for (const waiting of line.waiting.slice()) if (!over.aborted) await attempt(line, waiting, over);
    const { length } = line.waiting;
    if (length > 0) log.warn({ receiver: line.receiver.name, waiting: length }, 'Notifications are left at the stop');
  }

  async function run(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    let cancel = (): void => undefined;
    const limit = (): void => {
      cancel = clock.after(LAST_MS, () => over.abort());
    };
    if (signal.aborted) limit();
    else signal.addEventListener('abort', limit, { once: true });
    await Promise.all(lines.map((line) => work(line, signal, over.signal)));
    signal.removeEventListener('abort', limit);
    cancel();
  }

  return {
    observe,
    forget: (key) => void seen.delete(key),
    run,
  };
}

function wants({ namespaces, kinds }: Receiver, { namespace, kind }: Notification): boolean {
  return namespaces?.includes(namespace) !== false && kinds?.includes(kind) !== false;
}

function somethingToDo(line: Line, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      line.ring = () => undefined;
      resolve();
    };
    line.ring = done;
    signal.addEventListener('abort', done, { once: true });
  });
}
