import assert from 'node:assert/strict';
import type { LoadRecord } from '../load/record.ts';
import { total } from '../load/record.ts';
import type { Stage } from './stage.ts';

/** Assertions that several cases share. */

/** Until promotion no pod of stable may come or go. */
export function samePods(before: string[], after: string[]): void {
  assert.deepEqual(after, before, 'pods of stable kept their names');
}

/** Connections that failed: none may be lost when a canary comes, goes, or a version rolls out. */
export function noLostRequests(record: LoadRecord, most = 0): void {
  const lost = total(record.failed);
  assert.ok(lost <= most, `${lost} requests were lost: ${JSON.stringify(record.failed)}`);
}

/** The load that ran through a whole case: nobody's request was lost. */
export async function checkBackground(stage: Stage, most = 2): Promise<void> {
  const record = await stage.background()?.stop();
  if (record !== undefined) noLostRequests(record, most);
}

/** What canaries served and failed and how many requests got no answer, over all loads of the case. */
export function noteLoads(stage: Stage): void {
  const records = stage.records();
  if (records.length === 0) return;
  const stats = records.flatMap(({ pods }) => Object.entries(pods));
  const canaries = stats.filter(([name]) => name.startsWith('shop-canary-')).map(([, pod]) => pod);
  const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0);
  Object.assign(stage.facts, {
    requests: sum(records.map((record) => record.requests)),
    'canary requests': sum(canaries.map((pod) => pod.requests)),
    'canary errors': sum(canaries.map((pod) => pod.errors)),
    lost: sum(records.map((record) => total(record.failed))),
  });
  const lag = lagOf(stage);
  if (lag !== undefined) stage.facts['load lag p99'] = lag;
}

/** How late the generator sent its requests, one in a hundred; undefined while it kept its rate. */
export function lagOf(stage: Stage): string | undefined {
  const late = stage.records().find((record) => record.void);
  return late === undefined ? undefined : `${Math.round(late.lag.p99 ?? 0)} ms`;
}

/** How long a version served and how much of the traffic it took, before the decision on it and after. */
export interface Timing {
  'requests to decision': number;
  'requests after decision': number;
  /** Absent when the canary never had a request. */
  's to decision'?: number;
  's to last request'?: number;
}

/** From the canary's first request to the decision, and from the decision (milliseconds) to its last request. */
export function timingOf(record: LoadRecord, version: string, decidedAt: number): Timing {
  const stats = record.versions[version];
  if (stats === undefined) return { 'requests to decision': 0, 'requests after decision': 0 };
  const second = (at: number): number => Math.round((at - record.startedAt) / 1000);
  const until = record.seconds
    .filter((line) => line.second < second(decidedAt))
    .reduce((sum, line) => sum + (line.versions[version]?.requests ?? 0), 0);
  return {
    's to decision': round(Math.max(0, decidedAt - stats.firstAt) / 1000),
    'requests to decision': until,
    's to last request': round(Math.max(0, stats.lastAt - decidedAt) / 1000),
    'requests after decision': Math.max(0, stats.requests - until),
  };
}

export function noteTiming(stage: Stage, record: LoadRecord, version: string, decidedAt: number): void {
  Object.assign(stage.facts, timingOf(record, version, decidedAt));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
