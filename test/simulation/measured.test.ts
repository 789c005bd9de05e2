import { afterEach, describe, expect, it } from 'vitest';
import { SERVICE_ACCOUNT } from '../../src/api/names.ts';
import type { CanaryReleaseStatus, LedgerEntry } from '../../src/api/schema.ts';
import { type KubeObject, resources } from '../../src/kube/object.ts';
import { type FakeClock } from '../../src/lib/fake-clock.ts';
import { meterPods, type Version } from './metered.ts';
import { createRelease, deploy, named, openShop, operate, setTag } from './shop.ts';

/** Whole releases in virtual time with the real collector and the real judge: scrapes of 5 s, nothing is scripted. */

const versions: Record<string, Version> = {
  v1: {},
  good: {},
  slow: { latencySeconds: 0.26 },
  broken: { errorRate: 0.05 },
  hungry: { cpuPerRequest: 0.012 },
};

interface Shop {
  clock: FakeClock;
  /** Questions that the source was asked so far. */
  queries(): number;
  /** Requests of the operator so far, by verb and kind. */
  requests(): Record<string, number>;
  patchRelease(body: object): Promise<void>;
  status(): Promise<CanaryReleaseStatus>;
  events(): Promise<string[]>;
  release(tag: string): Promise<void>;
  until(what: string, check: (status: CanaryReleaseStatus) => boolean, seconds: number): Promise<CanaryReleaseStatus>;
}

const stop = { current: new AbortController() };
afterEach(() => stop.current.abort());

async function open(requestsPerSecond: number, analysis: object = {}): Promise<Shop> {
  stop.current = new AbortController();
  const shop = openShop();
  const { clock, sandbox, admin, status, until } = shop;
  await deploy(shop, 'v1');
  const version = (tag: string): Version => versions[tag] ?? {};
  const metered = meterPods({ sandbox, clock, namespace: 'shop', seed: 7, requestsPerSecond, version });
  let queries = 0;
  const source: typeof metered = {
    ...metered,
    query: (...question) => {
      queries += 1;
      return metered.query(...question);
    },
  };
  const requests: Record<string, number> = {};
  sandbox.observe(({ username, verb, resource }) => {
    const what = `${verb} ${resource?.plural ?? ''}`;
    if (username === SERVICE_ACCOUNT) requests[what] = (requests[what] ?? 0) + 1;
  });
  await clock.advance(330_000);
  const api = sandbox.api({ username: SERVICE_ACCOUNT, groups: ['system:serviceaccounts'] });
  operate(shop, stop.current.signal, { api, sources: [source] });
  await createRelease(shop, { gate: 'Paused', analysis: { minDuration: '4m', ...analysis } });
  await until('armed', (now) => now.phase === 'Idle' && now.stable !== undefined, 60);
  await clock.advance(20_000);
  return {
    clock,
    queries: () => queries,
    requests: () => ({ ...requests }),
    patchRelease: async (body) => {
      await admin.patch(resources.canaryReleases, named, body, { type: 'merge' });
    },
    status,
    until,
    events: async () => {
      const { items } = await admin.list<KubeObject & { reason?: string; note?: string }>(resources.events, {
        namespace: 'shop',
      });
      return items.map(({ reason, note }) => `${reason}: ${note}`);
    },
    release: async (tag) => {
      await setTag(shop, tag);
      await until(
        'the canary is ready',
        ({ canary }) => canary?.since !== undefined && canary.images[0] === `app=shop:${tag}`,
        60,
      );
    },
  };
}

function ended(outcome: string): (status: CanaryReleaseStatus) => boolean {
  return ({ ledger = [] }) => ledger.some((entry) => entry.outcome === outcome && entry.ended !== undefined);
}

function entryOf({ ledger = [] }: CanaryReleaseStatus, outcome: string): LedgerEntry | undefined {
  return ledger.find((entry) => entry.outcome === outcome);
}

describe('measured every 5 s and judged', { timeout: 120_000 }, () => {
  it('a good version is promoted by evidence, with plan and calibration', async () => {
    const shop = await open(100);
    await shop.release('good');
    await shop.clock.advance(180_000);
    const running = await shop.status();
    const metrics = running.analysis?.metrics ?? [];
    expect(metrics.map(({ name }) => name)).toEqual([
      'errors',
      'latency',
      'latency-p50',
      'latency-p95',
      'latency-slow',
      'cpu',
      'memory',
    ]);
    for (const metric of metrics) expect(metric).toMatchObject({ query: expect.stringMatching(/.+/) });
    expect(running.analysis?.planned?.length).toBeGreaterThan(8);
    expect(running.analysis?.planned?.every(({ within }) => /^(never|[\dhms]+)$/.test(within))).toBe(true);
    expect(running.analysis?.warnings?.join()).not.toContain('cannot arrive');

    const done = await shop.until('promoted', ended('Promoted'), 1200);
    expect(entryOf(done, 'Promoted')).toMatchObject({ verdict: 'Pass', reason: 'Passed' });
    expect(Number(done.calibration?.podSpread?.['latency-p95'])).toBeGreaterThan(0);
    expect(done.calibration?.pods?.['cpu']).toBe(6);
  });

  it.each([
    ['slow', /^latency/, 60],
    ['broken', /^errors$/, 60],
    ['hungry', /^cpu$/, 300],
  ])('a version that is %s is taken back', async (tag, reason, seconds) => {
    const shop = await open(100);
    await shop.release(tag);
    const done = await shop.until('taken back', ended('RolledBack'), seconds);
    const entry = entryOf(done, 'RolledBack');
    expect(entry).toMatchObject({ verdict: 'Regression', reason: expect.stringMatching(reason) });
    expect(entry?.sentence).toMatch(/canary.* stable.* over [1-9][\d,]* (requests|scrapes)/);
    expect(done.calibration?.revision).toBe(done.stable?.revision);
  });

  it('too little traffic is said with the remedies, and the deadline is longer', async () => {
    const shop = await open(0.3);
    await shop.release('good');
    const status = await shop.until('planned', ({ analysis }) => analysis?.planned !== undefined, 120);
    expect(status.analysis?.warnings?.[0]).toMatch(/^evidence cannot arrive in time: .*raise analysis.deadline/);
    const { since = '', until = '' } = status.analysis ?? {};
    expect(Date.parse(until) - Date.parse(since)).toBe(7_200_000);
    await shop.clock.advance(30_000);
    expect((await shop.events()).join('\n')).toContain('EvidenceTooSlow: evidence cannot arrive in time');
  });
});

describe('while no release has run', { timeout: 120_000 }, () => {
  const tooSlow = (events: string[]): string[] => events.filter((text) => text.startsWith('EvidenceTooSlow'));

  it('too little traffic is said once, and then the source is left alone', async () => {
    const shop = await open(0.3);
    const status = await shop.until('planned', ({ analysis }) => analysis?.planned !== undefined, 60);
    expect(status).toMatchObject({ phase: 'Idle', analysis: { planned: expect.any(Array) } });
    expect(Object.keys(status.analysis ?? {}).sort()).toEqual(['planned', 'warnings']);
    expect(status.analysis?.warnings).toEqual([
      expect.stringMatching(/^evidence cannot arrive in time: .*raise analysis.deadline/),
    ]);
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    expect(status.conditions?.find(({ type }) => type === 'EvidenceAvailable')?.reason).toBe('NoRelease');

    await shop.clock.advance(60_000);
    const [queries, requests] = [shop.queries(), shop.requests()];
    await shop.clock.advance(1_800_000);
    expect(shop.queries()).toBe(queries);
    const later = Object.entries(shop.requests()).filter(([what, count]) => count !== requests[what]);
    expect(later.filter(([what]) => !what.startsWith('watch'))).toEqual([]);
    expect(tooSlow(await shop.events())).toHaveLength(1);

    await shop.release('good');
    const running = await shop.until('planned anew', ({ analysis }) => analysis?.planned !== undefined, 120);
    expect(running.analysis?.since).toBeDefined();
  });

  it('enough traffic is planned without a warning, and anew for another spec', async () => {
    const shop = await open(100);
    const status = await shop.until('planned', ({ analysis }) => analysis?.planned !== undefined, 60);
    expect(status.analysis?.planned?.length).toBeGreaterThan(8);
    expect(status.analysis?.warnings).toBeUndefined();
    expect(tooSlow(await shop.events())).toEqual([]);

    await shop.patchRelease({ spec: { analysis: { minDuration: '1m', deadline: '2m' } } });
    const anew = await shop.until('planned anew', ({ analysis }) => analysis?.warnings !== undefined, 60);
    expect(anew.analysis?.warnings?.[0]).toContain('and the deadline is 2m');
  });

  it('without any request metric nothing is said, and it is not asked for ever', async () => {
    const shop = await open(100, { preset: 'micrometer' });
    await shop.clock.advance(180_000);
    const queries = shop.queries();
    expect(queries).toBeGreaterThan(0);
    await shop.clock.advance(1_800_000);
    expect(shop.queries()).toBe(queries);
    const status = await shop.status();
    expect(status.analysis).toBeUndefined();
    expect(status.phase).toBe('Idle');
  });
});
