import { type Clock, monotonicNow, sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { KubeApi } from './api.ts';
import { ApiError, isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import { type KubeObject, resources } from './object.ts';
import { microTime } from './time.ts';

const LEASE_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;
/** client-go's: candidates ask after 1 to 2.2 times the retry period, so that they do not ask together. */
const JITTER = 1.2;
const RELEASE_MS = 3_000;

interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
    [field: string]: unknown;
  };
}

/** What an elector tells of itself; see metrics.ts. */
export interface LeaderMetrics {
  leading(lease: string, leading: boolean): void;
}

export interface LeaderOptions {
  /** Not guarded: the elector's own writes decide who may write. */
  api: Pick<KubeApi, 'get' | 'create' | 'replace'>;
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  log: Logger;
  namespace: string;
  name: string;
  /** Of this process alone: not the name of a pod, whose container may start twice. */
  identity: string;
  /** Others take over after so long without a renewal; 15 s if absent. */
  leaseMs?: number;
  /** The leader stops so long after the start of its last good renewal; 10 s if absent. Shorter than `leaseMs`. */
  renewDeadlineMs?: number;
  /** 2 s if absent. */
  retryMs?: number;
  metrics?: LeaderMetrics;
  /** Called when the lease is won. */
  onStarted?: () => void;
  /** Called when it is lost or given back; the next attempt to win, and giving back, wait for it. */
  onStopped?: () => void | Promise<void>;
}

/**
 * Who of several replicas acts, by a Lease that the leader renews. All judgements are by the own clock since the own
 * last look: the times in the record are for people. See docs/architecture.md, invariant 7.
 */
export interface LeaderElector {
  /** Takes part until the signal aborts, then gives the lease back. Never rejects. To be called once. */
  run(signal: AbortSignal): Promise<void>;
  /** Turns false by its own deadline, whatever hangs. */
  isLeader(): boolean;
  /** Whether a write may be started now: see guardWrites. */
  canWrite(): boolean;
  /** Identity of the leader as last seen; undefined when there is none. */
  holder(): string | undefined;
}

/** A moment on both clocks. */
interface Moment {
  wall: number;
  monotonic: number;
}

export function createLeaderElector(options: LeaderOptions): LeaderElector {
  const { api, clock, log, namespace, name, identity } = options;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const renewDeadlineMs = options.renewDeadlineMs ?? RENEW_DEADLINE_MS;
  const retryMs = options.retryMs ?? RETRY_MS;
  if (renewDeadlineMs >= leaseMs || retryMs >= renewDeadlineMs) {
    throw new Error(
      `leader election needs retryMs < renewDeadlineMs < leaseMs, not ${retryMs}, ${renewDeadlineMs}, ${leaseMs}`,
    );
  }
  /** The lease as last read or written, and when its record was last seen to change. */
  let seen: { lease: Lease; record: string; at: number } | undefined;
  /** Start of the last good renewal, while leading. */
  let renewed: Moment | undefined;
  let cancelDeadline = (): void => undefined;
  let stopping: Promise<void> | undefined;
  let ended = false;

  function moment(): Moment {
    return { wall: clock.now(), monotonic: monotonicNow(clock) };
  }

  /**
   * The longer of what the two clocks say: the monotonic one stands still while a machine sleeps, the other may be set
   * back. For one's own right to write the pessimist is right.
   */
  function elapsedSince(from: Moment): number {
    const now = moment();
    return Math.max(now.wall - from.wall, now.monotonic - from.monotonic);
  }

  function isLeader(): boolean {
    return renewed !== undefined && elapsedSince(renewed) < renewDeadlineMs;
  }

  function observe(lease: Lease): void {
    const record = JSON.stringify(lease.spec ?? {});
    // Counted from the arrival of the answer: the renewal that it shows began before.
    const at = seen?.record === record ? seen.at : monotonicNow(clock);
    if (lease.spec?.holderIdentity !== seen?.lease.spec?.holderIdentity) {
      log.info({ holder: lease.spec?.holderIdentity ?? '' }, 'leader seen');
    }
    seen = { lease, record, at };
  }

  function call(handler: (() => void | Promise<void>) | undefined): Promise<void> {
    return new Promise<void>((resolve) => resolve(handler?.())).catch((error: unknown) =>
      log.error({ error }, 'handler of a change of leader failed'),
    );
  }

  function lose(reason: string): void {
    if (renewed === undefined) return;
    renewed = undefined;
    cancelDeadline();
    options.metrics?.leading(name, false);
    log.warn({ identity, reason }, 'leadership lost');
    const mine = call(options.onStopped).then(() => {
      if (stopping === mine) stopping = undefined;
    });
    stopping = mine;
  }

  function hold(began: Moment): void {
    // An answer that comes too late gives no right; the record is asked for again.
    const left = renewDeadlineMs - elapsedSince(began);
    const older = renewed !== undefined && began.monotonic < renewed.monotonic;
    if (left <= 0 || older || ended) return;
    const won = renewed === undefined;
    renewed = began;
    cancelDeadline();
    cancelDeadline = clock.after(left, () => lose('not renewed in time'));
    if (!won) return;
    options.metrics?.leading(name, true);
    log.info({ identity }, 'leadership won');
    void call(options.onStarted);
  }

  function record(previous: Lease | undefined): NonNullable<Lease['spec']> {
    const now = microTime(clock.now());
    const mine = previous?.spec?.holderIdentity === identity;
    const transitions = previous?.spec?.leaseTransitions ?? 0;
    return {
      ...previous?.spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      acquireTime: (mine ? previous.spec?.acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: mine || previous === undefined ? transitions : transitions + 1,
    };
  }

  async function write(previous: Lease | undefined): Promise<void> {
    const began = moment();
    const { apiVersion, kind } = resources.leases;
    const written =
      previous === undefined
        ? await api.create<Lease>(resources.leases, {
            apiVersion,
            kind,
            metadata: { name, namespace },
            spec: record(previous),
          })
        : await api.replace<Lease>(resources.leases, { ...previous, spec: record(previous) });
    observe(written);
    hold(began);
  }

  /** Whether the lease as last seen has no other holder, or one who has not renewed it for long enough. */
  function mayTake(): boolean {
    if (seen === undefined) return true;
    const { holderIdentity, leaseDurationSeconds = 0 } = seen.lease.spec ?? {};
    if (!holderIdentity || holderIdentity === identity) return true;
    return monotonicNow(clock) - seen.at >= Math.max(leaseMs, leaseDurationSeconds * 1000);
  }

  async function readAndTake(): Promise<void> {
    const lease = await api.get<Lease>(resources.leases, { namespace, name }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (lease !== undefined) observe(lease);
    if (lease?.spec?.holderIdentity !== identity) lose(`${lease?.spec?.holderIdentity || 'nobody'} holds the lease`);
    // A lease that somebody deleted leaves its holder the time that it had.
    if (stopping === undefined && mayTake()) await write(lease);
  }

  async function attempt(): Promise<void> {
    // A jump of the wall clock ends a term without its timer.
    if (!isLeader()) lose('not renewed in time');
    if (stopping !== undefined) return;
    if (renewed === undefined || seen === undefined) return readAndTake();
    try {
      await write(seen.lease);
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
      await readAndTake();
    }
  }

  /** An attempt that hangs is left to itself: what it brings too late gives no right. */
  async function attemptInTime(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const late = sleep(clock, renewDeadlineMs / 3, AbortSignal.any([over.signal, signal]));
    const done = attempt().catch((error: unknown) => {
      const race = isConflict(error) || isAlreadyExists(error);
      if (race) log.debug({ error }, 'another candidate was faster');
      else
        log.warn(
          { error, reason: error instanceof ApiError ? error.reason : 'Error' },
          'leader election failed, trying again',
        );
    });
    await Promise.race([done, late]);
    over.abort();
  }

  async function release(lease: Lease): Promise<void> {
    const now = microTime(clock.now());
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    await api.replace<Lease>(resources.leases, { ...lease, spec });
  }

  /** A renewal that was under way when the end came may have changed the lease since. */
  async function releaseCurrent(lease: Lease): Promise<void> {
    try {
      await release(lease);
    } catch (error) {
      if (!isConflict(error)) throw error;
      const current = await api.get<Lease>(resources.leases, { namespace, name });
      if (current.spec?.holderIdentity === identity) await release(current);
    }
  }

  async function giveBack(): Promise<void> {
    await stopping;
    ended = true;
    cancelDeadline();
    const led = renewed !== undefined;
    // Work that runs may still end under the lease, which is renewed no more.
    if (led) await call(options.onStopped);
    renewed = undefined;
    options.metrics?.leading(name, false);
    const mine = seen?.lease;
    if (!led || mine?.spec?.holderIdentity !== identity) return;
    const over = new AbortController();
    const released = releaseCurrent(mine).then(
      () => log.info({ identity }, 'lease given back'),
      (error: unknown) => log.warn({ error }, 'the lease could not be given back; it runs out by itself'),
    );
    await Promise.race([released, sleep(clock, RELEASE_MS, over.signal)]);
    over.abort();
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        await attemptInTime(signal);
        const factor = isLeader() ? 1 : 1 + JITTER * options.random();
        await sleep(clock, retryMs * factor, signal);
      }
      await giveBack();
    },
    isLeader,
    canWrite: isLeader,
    holder: () => seen?.lease.spec?.holderIdentity || undefined,
  };
}
