import { describe, expect, it } from 'vitest';
import { API_VERSION, KIND } from '../api/names.ts';
import type { CanaryReleaseStatus, LedgerEntry } from '../api/schema.ts';
import { resources } from '../kube/object.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { silentLogger } from '../lib/log.ts';
import type { Decision } from '../release/decision.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { createSandbox } from '../sandbox/sandbox.ts';
import { createReports } from './keeper.ts';
import { readReports } from './kept.ts';

const start = Date.UTC(2026, 10, 21);
const clockTime = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();

function ended(minutes: number): LedgerEntry {
  return {
    revision: minutes.toString(16).padStart(32, '0'),
    images: ['app=shop:v1'],
    generation: 1,
    verdict: '',
    outcome: 'Untested',
    by: '',
    reason: 'NoPods',
    sentence: 'the target had no pods when it came',
    started: clockTime(minutes),
    ended: clockTime(minutes),
  };
}

/** A pass over a release that has this status from now on. */
function pass(
  name: string,
  uid: string,
  before: CanaryReleaseStatus | undefined,
  status: CanaryReleaseStatus,
): [Snapshot, Decision] {
  const release = {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace: 'shop', uid },
    spec: { targetRef: { name } },
    ...(before === undefined ? {} : { status: before }),
  };
  const snapshot = { now: start, release, measurement: undefined } as unknown as Snapshot;
  return [snapshot, { status, actions: [], events: [], wakeAt: undefined }];
}

function withLedger(...minutes: number[]): CanaryReleaseStatus {
  return { observedGeneration: 1, phase: 'Idle', ledger: minutes.toReversed().map(ended) };
}

describe('what waits to be written', () => {
  it('is bounded over all releases, and per release by what is kept', async () => {
    const clock = createFakeClock(start);
    const sandbox = createSandbox({ clock, namespaces: ['shop'] });
    const api = sandbox.api({ username: 'operator' });
    const counts: Record<string, number> = {};
    const reports = createReports({
      api,
      clock,
      random: () => 0.5,
      log: silentLogger,
      keep: 5,
      version: '1.2.3',
      judged: () => undefined,
      count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
    });
    const uids = new Map<string, string>();
    for (let i = 0; i < 25; i += 1) {
      const name = `shop-${i}`;
      const made = await api.create(resources.canaryReleases, {
        apiVersion: API_VERSION,
        kind: KIND,
        metadata: { name, namespace: 'shop' },
        spec: { targetRef: { name } },
      });
      uids.set(name, made.metadata.uid ?? '');
      reports.observe(...pass(name, made.metadata.uid ?? '', undefined, withLedger(1, 2, 3, 4, 5, 6, 7)));
    }
    expect(counts).toEqual({ dropped: 25 });

    const stop = new AbortController();
    const running = reports.run(stop.signal);
    await clock.advance(60_000);
    expect((await readReports(api, 'shop', 'shop-0')).records).toEqual([]);
    const { records } = await readReports(api, 'shop', 'shop-24');
    expect(records.map((record) => record.started)).toEqual([7, 6, 5, 4, 3].map(clockTime));
    expect(records[0]?.environment).toEqual({ tandem: '1.2.3' });

    const next = pass('shop-24', uids.get('shop-24') ?? '', withLedger(6, 7), withLedger(6, 7, 8));
    reports.observe(...next);
    reports.observe(...pass('shop-23', uids.get('shop-23') ?? '', withLedger(7), withLedger(7, 9)));
    reports.forget('shop/shop-23');
    stop.abort();
    await running;
    expect((await readReports(api, 'shop', 'shop-24')).records[0]?.started).toBe(clockTime(8));
    expect((await readReports(api, 'shop', 'shop-23')).records[0]?.started).toBe(clockTime(7));
  });

  it('never throws into a pass', () => {
    const reports = createReports({
      api: createSandbox({ clock: createFakeClock(start) }).api({ username: 'operator' }),
      clock: createFakeClock(start),
      random: () => 0.5,
      log: silentLogger,
      keep: 5,
      version: '1.2.3',
      judged: () => {
        throw new Error('broken');
      },
    });
    const [snapshot, decision] = pass('shop', 'uid', undefined, withLedger(1));
    expect(() => reports.observe({ ...snapshot, measurement: {} as never }, decision)).not.toThrow();
  });
});
