import { addTo, type Buckets, bucketOf, quantile } from './histogram.ts';

/** `connection`: a connection per request. `keepalive`: 20 connections that live as long as the run. */
export type LoadMode = 'connection' | 'keepalive';

/** What one pod answered in one second. */
interface Group {
  version: string;
  pod: string;
  requests: number;
  /** Answers of 500 and above, by status. */
  errors: Record<string, number>;
  buckets: [bucket: number, count: number][];
  /** Milliseconds since the epoch at which its first and last request were sent. */
  firstAt: number;
  lastAt: number;
}

/** One line of the generator's output: one second. */
export interface SecondLine {
  second: number;
  groups: Group[];
  /** Requests without an answer, by error code. */
  failed: Record<string, number>;
  /** Requests that were sent a second time because the server had closed an idle connection. */
  retried: number;
  lag: [bucket: number, count: number][];
}

export interface Stats {
  requests: number;
  errors: number;
  /** Errors by status. */
  statuses: Record<string, number>;
  /** Latency quantiles in milliseconds; undefined without requests. */
  p50: number | undefined;
  p95: number | undefined;
  p99: number | undefined;
  /** Milliseconds since the epoch at which the first and the last request were sent. */
  firstAt: number;
  lastAt: number;
}

export interface PodStats extends Stats {
  version: string;
}

export interface SecondRecord {
  second: number;
  versions: Record<string, Stats>;
  pods: Record<string, PodStats>;
  failed: Record<string, number>;
}

export interface LoadRecord {
  url: string;
  rate: number;
  mode: LoadMode;
  /** Milliseconds since the epoch of second 0. */
  startedAt: number;
  /** Answers of any status. */
  requests: number;
  errors: number;
  failed: Record<string, number>;
  retried: number;
  versions: Record<string, Stats>;
  pods: Record<string, PodStats>;
  seconds: SecondRecord[];
  /** How late requests were sent, in milliseconds. */
  lag: { p50: number | undefined; p99: number | undefined };
  /** The generator itself could not keep its rate: the run says nothing about the server, it is neither red nor green. */
  void: boolean;
}

/** A run whose requests were later than this, in one of a hundred, is void. */
export const maxLagMs = 200;

/** One request as the generator saw it end. */
export type Outcome =
  | { kind: 'answer'; version: string; pod: string; status: number; sentAt: number; latencyMs: number }
  | { kind: 'failed'; code: string; sentAt: number };

interface Counting extends Group {
  counts: Buckets;
}

function emptyGroup(version: string, pod: string, sentAt: number): Counting {
  return { version, pod, requests: 0, errors: {}, buckets: [], counts: new Map(), firstAt: sentAt, lastAt: sentAt };
}

/** Gathers outcomes and gives them back as one line a second. */
export class Tally {
  private readonly groups = new Map<string, Counting>();
  private failed: Record<string, number> = {};
  private retried = 0;
  private readonly lag: Buckets = new Map();

  sent(lagMs: number): void {
    addTo(this.lag, bucketOf(lagMs));
  }

  retry(): void {
    this.retried += 1;
  }

  ended(outcome: Outcome): void {
    if (outcome.kind === 'failed') {
      this.failed[outcome.code] = (this.failed[outcome.code] ?? 0) + 1;
      return;
    }
    const { version, pod, status, sentAt, latencyMs } = outcome;
    const key = `${version} ${pod}`;
    const group = this.groups.get(key) ?? emptyGroup(version, pod, sentAt);
    this.groups.set(key, group);
    group.requests += 1;
    if (status >= 500) group.errors[status] = (group.errors[status] ?? 0) + 1;
    addTo(group.counts, bucketOf(latencyMs));
    group.firstAt = Math.min(group.firstAt, sentAt);
    group.lastAt = Math.max(group.lastAt, sentAt);
  }

  /** The line of the second that ends now; counting starts again from zero. */
  take(second: number): SecondLine {
    const groups = [...this.groups.values()].map(({ counts, ...group }) => ({ ...group, buckets: [...counts] }));
    const line = { second, groups, failed: this.failed, retried: this.retried, lag: [...this.lag] };
    this.groups.clear();
    this.lag.clear();
    this.failed = {};
    this.retried = 0;
    return line;
  }
}

function stats(groups: Group[]): Stats {
  const buckets: Buckets = new Map();
  for (const group of groups) for (const [bucket, count] of group.buckets) addTo(buckets, bucket, count);
  const statuses = sumAll(groups.map((group) => group.errors));
  return {
    requests: groups.reduce((sum, group) => sum + group.requests, 0),
    errors: total(statuses),
    statuses,
    p50: quantile(buckets, 0.5),
    p95: quantile(buckets, 0.95),
    p99: quantile(buckets, 0.99),
    firstAt: Math.min(...groups.map((group) => group.firstAt)),
    lastAt: Math.max(...groups.map((group) => group.lastAt)),
  };
}

function sumAll(counts: Record<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of counts) for (const [key, count] of Object.entries(one)) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

/** The sum of all counts. */
export function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function groupBy(groups: Group[], keyOf: (group: Group) => string): Map<string, Group[]> {
  const grouped = new Map<string, Group[]>();
  for (const group of groups) grouped.set(keyOf(group), [...(grouped.get(keyOf(group)) ?? []), group]);
  return grouped;
}

function byVersion(groups: Group[]): Record<string, Stats> {
  const grouped = groupBy(groups, (group) => group.version);
  return Object.fromEntries([...grouped].map(([version, own]) => [version, stats(own)]));
}

function byPod(groups: Group[]): Record<string, PodStats> {
  const grouped = groupBy(groups, (group) => group.pod);
  return Object.fromEntries([...grouped].map(([pod, own]) => [pod, { ...stats(own), version: own[0]?.version ?? '' }]));
}

/** The whole run from its lines. */
export function recordOf(
  run: Pick<LoadRecord, 'url' | 'rate' | 'mode' | 'startedAt'>,
  lines: SecondLine[],
): LoadRecord {
  const groups = lines.flatMap((line) => line.groups);
  const lag: Buckets = new Map();
  for (const line of lines) for (const [bucket, count] of line.lag) addTo(lag, bucket, count);
  const all = stats(groups);
  return {
    ...run,
    requests: all.requests,
    errors: all.errors,
    failed: sumAll(lines.map((line) => line.failed)),
    retried: lines.reduce((sum, line) => sum + line.retried, 0),
    versions: byVersion(groups),
    pods: byPod(groups),
    seconds: lines.map((line) => ({
      second: line.second,
      versions: byVersion(line.groups),
      pods: byPod(line.groups),
      failed: line.failed,
    })),
    lag: { p50: quantile(lag, 0.5), p99: quantile(lag, 0.99) },
    void: isVoid(lag),
  };
}

/** True when one request of a hundred or more was sent later than `maxLagMs` after its time. */
export function isVoid(lag: Buckets): boolean {
  return (quantile(lag, 0.99) ?? 0) > maxLagMs;
}
