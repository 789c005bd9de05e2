import type { KubeApi } from '../kube/api.ts';
import { isForbidden } from '../kube/errors.ts';
import { createWorkQueue } from '../kube/queue.ts';
import { aborted } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Decision } from '../release/decision.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { missedRecords, type Origin, recordOf, withMeasured } from './build.ts';
import { recordKey, reportsName } from './kept.ts';
import { encodeRecord, type ReleaseRecord } from './record.ts';
import { follow, type Judged, type Running } from './running.ts';
import { type Owner, storeRecords } from './store.ts';

/** What became of reports; `retried` counts attempts that failed. */
export type ReportOutcome = (typeof reportOutcomes)[number];
export const reportOutcomes = ['written', 'retried', 'refused', 'dropped'] as const;

export interface ReportsOptions {
  /** Its writes are refused while this process does not lead. */
  api: KubeApi;
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  log: Logger;
  /** Releases of each CanaryRelease, at least one. */
  keep: number;
  /** Of this program. */
  version: string;
  /** Version of the API server: v1.36.3. What it cannot tell is left out. */
  kubernetes?(): Promise<string | undefined>;
  /** What the last verdict on the release rests on. */
  judged(key: string): Judged | undefined;
  count?(outcome: ReportOutcome): void;
}

/** Keeps reports of releases that have ended, in the background. */
export interface Reports {
  /** Told of each pass after its status was written, and before its evidence is dropped. Never throws and never waits. */
  observe(snapshot: Snapshot, decision: Decision): void;
  /** A release is gone, and its reports with it. */
  forget(key: string): void;
  /** Another replica acts: what it does is not seen here. */
  standBy(key: string): void;
  /** Writes until the signal aborts; then what waits is tried once more. */
  run(signal: AbortSignal): Promise<void>;
}

interface Waiting {
  key: string;
  record: ReleaseRecord;
  judged: Judged | undefined;
  onlyIfAbsent: boolean;
  /** Once they were made, what they were made from is given up. */
  bytes?: Buffer;
}

interface Line {
  owner: Owner;
  waiting: Waiting[];
}

/** What waits for the API at the most, over all releases; the oldest goes when it is more. */
const MOST_WAITING = 100;
const BACKOFF = { baseMs: 1000, maxMs: 5 * 60_000 };

export function createReports(options: ReportsOptions): Reports {
  const { api, clock, random, log, keep } = options;
  const seen = new Map<string, Running | undefined>();
  const lines = new Map<string, Line>();
  const queue = createWorkQueue({ clock, random, log, workers: 1, backoff: BACKOFF, process });

  function observe(snapshot: Snapshot, decision: Decision): void {
    try {
      take(snapshot, decision);
    } catch (error) {
      // A report is never worth a release.
      log.error({ err: error, release: keyOf(snapshot) }, 'A report could not be made');
    }
  }

  function take(snapshot: Snapshot, decision: Decision): void {
    const key = keyOf(snapshot);
    const first = !seen.has(key);
    const judged = snapshot.measurement === undefined ? undefined : options.judged(key);
    const { running, ended } = follow(seen.get(key), snapshot, decision, judged);
    seen.set(key, running);
    const origin = originOf(snapshot, options.version);
    const made = ended.map((end) => waitingOf(recordOf(origin, end), end.running?.judged, false));
    const known = new Set(made.map((one) => one.key));
    const missed = first ? missedRecords(origin, decision.status, keep) : [];
    const absent = missed.map((record) => waitingOf(record, undefined, true)).filter((one) => !known.has(one.key));
    if (made.length + absent.length === 0) return;
    add(key, { namespace: origin.namespace, name: origin.release, uid: snapshot.release.metadata.uid ?? '' }, [
      ...absent,
      ...made,
    ]);
  }

  function add(key: string, owner: Owner, more: Waiting[]): void {
    const line = lines.get(key);
    const all = new Map((line?.owner.uid === owner.uid ? line.waiting : []).map((one) => [one.key, one]));
    for (const one of more) if (!one.onlyIfAbsent || !all.has(one.key)) all.set(one.key, one);
    // The newest of what waits is all that would be kept.
    const waiting = [...all.values()].toSorted((a, b) => startedAt(a) - startedAt(b)).slice(-keep);
    lines.delete(key);
    lines.set(key, { owner, waiting });
    dropOldest();
    queue.add(key);
  }

  function dropOldest(): void {
    let count = [...lines.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
    for (const [key, { waiting }] of lines) {
      if (count <= MOST_WAITING) return;
      count -= waiting.length;
      lines.delete(key);
      log.warn({ release: key, reports: waiting.length }, 'Too many reports wait: the oldest were dropped');
      for (const _ of waiting) options.count?.('dropped');
    }
  }

  async function process(key: string): Promise<void> {
    const line = lines.get(key);
    if (line === undefined) return;
    const taken = [...line.waiting];
    const kubernetes = await options.kubernetes?.().catch(() => undefined);
    const records = taken.map((one) => ({
      key: one.key,
      bytes: bytesOf(one, kubernetes),
      onlyIfAbsent: one.onlyIfAbsent,
    }));
    try {
      const stored = await storeRecords(api, line.owner, records, keep);
      if (stored === 'Refused') refuse(key, line.owner);
      if (stored === 'Written') options.count?.('written');
    } catch (error) {
      options.count?.('retried');
      throw isForbidden(error) ? new Error(forbidden, { cause: error }) : error;
    }
    const now = lines.get(key);
    if (now === undefined) return;
    now.waiting = now.waiting.filter((one) => !taken.includes(one));
    if (now.waiting.length === 0) lines.delete(key);
  }

  function refuse(key: string, { namespace, name }: Owner): void {
    options.count?.('refused');
    const text =
      'A report was not kept: a ConfigMap of somebody else has its name: delete it, or rename the CanaryRelease';
    log.warn({ release: key, configMap: `${namespace}/${reportsName(name)}` }, text);
  }

  async function run(signal: AbortSignal): Promise<void> {
    queue.start();
    await aborted(signal);
    await queue.shutdown();
    for (const key of lines.keys()) {
      await process(key).catch((error: unknown) => log.warn({ err: error, release: key }, 'A report was not written'));
    }
  }

  return {
    observe,
    forget: (key) => {
      seen.delete(key);
      lines.delete(key);
    },
    standBy: (key) => void seen.delete(key),
    run,
  };
}

const forbidden =
  'the operator may not write the ConfigMaps of reports: apply deploy/kustomize/base/rbac.yaml of its version, or set reports.keep to 0 in its configuration';

function bytesOf(one: Waiting, kubernetes: string | undefined): Buffer {
  one.bytes ??= encodeRecord(withKubernetes(withMeasured(one.record, one.judged), kubernetes));
  one.judged = undefined;
  return one.bytes;
}

/** Of a release that nobody watched it is not known which version the cluster had. */
function withKubernetes(record: ReleaseRecord, kubernetes: string | undefined): ReleaseRecord {
  if (kubernetes === undefined || record.phases.length === 0) return record;
  return { ...record, environment: { ...record.environment, kubernetes } };
}

function waitingOf(record: ReleaseRecord, judged: Judged | undefined, onlyIfAbsent: boolean): Waiting {
  return { key: recordKey(record), record, judged, onlyIfAbsent };
}

function startedAt({ record }: Waiting): number {
  return Date.parse(record.started);
}

function keyOf({ release: { metadata } }: Snapshot): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function originOf({ release }: Snapshot, version: string): Origin {
  const { namespace = '', name } = release.metadata;
  return { namespace, release: name, target: release.spec.targetRef.name, version };
}
