import { Readable, Writable } from 'node:stream';
import type { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { SERVICE_ACCOUNT } from '../../src/api/names.ts';
import type { CanaryReleaseStatus } from '../../src/api/schema.ts';
import { runJudge } from '../../src/cli/judge.ts';
import { type ReportOptions, report } from '../../src/cli/report.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { type ConfigMap, type KubeObject, resources } from '../../src/kube/object.ts';
import { type FakeClock } from '../../src/lib/fake-clock.ts';
import { listReports } from '../../src/report/kept.ts';
import { courseOfRecord, type ReleaseRecord } from '../../src/report/record.ts';
import type { SandboxApi } from '../../src/sandbox/api.ts';
import { type Call, type Fault, noAnswer } from '../../src/sandbox/faults.ts';
import { type Sandbox } from '../../src/sandbox/sandbox.ts';
import { meterPods, type Version } from './metered.ts';
import { createRelease, deploy, named, openShop, operate, setTag } from './shop.ts';
import { readManifests } from './whole/manifests.ts';

/** Whole releases in virtual time behind the real policies, and what is kept of them. */

const versions: Record<string, Version> = { v1: {}, good: {}, better: {}, slow: { latencySeconds: 0.26 } };
const kept = { namespace: 'shop', name: 'shop-tandem-reports' };

interface Shop {
  clock: FakeClock;
  sandbox: Sandbox;
  admin: SandboxApi;
  /** Ends the operator as SIGKILL does, and starts another one. */
  restart(): void;
  reports(): Promise<ReleaseRecord[]>;
  written(): Promise<Record<string, number>>;
  release(tag: string): Promise<void>;
  until(what: string, check: (status: CanaryReleaseStatus) => boolean, seconds: number): Promise<CanaryReleaseStatus>;
}

const stop = { current: new AbortController() };
afterEach(() => stop.current.abort());

const more = { env: [{ name: 'TOKEN', value: 'do-not-tell' }] };

async function open(analysis: object = {}): Promise<Shop> {
  const shop = openShop();
  const { clock, sandbox, admin, until } = shop;
  for (const text of readManifests()) sandbox.install(text);
  await deploy(shop, 'v1', more);
  const version = (tag: string): Version => versions[tag] ?? {};
  const source = meterPods({ sandbox, clock, namespace: 'shop', seed: 7, requestsPerSecond: 100, version });
  await clock.advance(330_000);
  let registry: Registry | undefined;
  let process: SandboxApi | undefined;
  const restart = (): void => {
    process?.kill();
    stop.current.abort();
    stop.current = new AbortController();
    process = sandbox.api({ username: SERVICE_ACCOUNT, groups: ['system:serviceaccounts', 'system:authenticated'] });
    registry = operate(shop, stop.current.signal, {
      api: process,
      sources: [source],
      reports: { keep: 2, version: '1.2.3', kubernetes: () => Promise.resolve('v1.36.3') },
    });
  };
  restart();
  await createRelease(shop, { analysis: { minDuration: '2m', ...analysis } });
  await until('armed', (now) => now.conditions?.some(({ reason }) => reason === 'Stable') === true, 60);
  await clock.advance(20_000);
  return {
    clock,
    sandbox,
    admin,
    restart,
    reports: () => listReports(admin, 'shop', 'shop', (record) => record),
    written: async () => {
      const values = (await registry?.getSingleMetric('tandem_reports_total')?.get())?.values ?? [];
      const counted = values.filter(({ value }) => value > 0);
      return Object.fromEntries(counted.map(({ labels, value }) => [String(labels['outcome']), value]));
    },
    until,
    release: async (tag) => {
      await setTag(shop, tag, more);
      const serves = ({ canary }: CanaryReleaseStatus): boolean =>
        canary?.since !== undefined && canary.images[0] === `app=shop:${tag}`;
      await until('the canary is ready', serves, 60);
    },
  };
}

function ended(outcome: string, tag = ''): (status: CanaryReleaseStatus) => boolean {
  return ({ ledger = [] }) =>
    ledger.some((one) => one.outcome === outcome && one.ended !== undefined && one.images[0]?.endsWith(tag) === true);
}

async function judged(line: string): Promise<unknown> {
  let answer = '';
  const stdout = new Writable({
    write: (chunk: Buffer, _, done) => {
      answer += chunk.toString();
      done();
    },
  });
  await runJudge({}, { stdin: Readable.from([line]), stdout, stderr: stdout });
  return JSON.parse(answer);
}

const toMap = ({ resource, verb }: Call): boolean => resource?.plural === 'configmaps' && verb !== 'get';

describe('the reports of releases that ended', { timeout: 120_000 }, () => {
  it('tell a promotion and a regression, with what was measured', async () => {
    const shop = await open();
    await shop.release('good');
    await shop.until('promoted', ended('Promoted'), 1200);
    await shop.clock.advance(5000);
    const [promoted] = await shop.reports();
    expect(promoted).toMatchObject({
      release: 'shop',
      target: 'shop',
      images: ['app=shop:good'],
      stable: { images: ['app=shop:v1'] },
      outcome: 'Promoted',
      verdict: 'Pass',
      by: '',
      environment: { tandem: '1.2.3', pods: { stable: 3, canary: 1 }, share: '25%', scrapeSeconds: 5 },
      lacks: [],
    });
    expect(promoted?.phases.map(({ phase }) => phase)).toEqual(['Starting', 'Analyzing', 'Promoting', 'Idle']);
    expect(promoted?.events.map(({ reason }) => reason)).toEqual(['CanaryStarted', 'Approved', 'Promoted']);
    expect(Date.parse(promoted?.decided ?? '')).toBeLessThan(Date.parse(promoted?.ended ?? ''));
    expect(promoted?.queries['requests']).toMatch(/.+/);

    await shop.release('slow');
    const status = await shop.until('taken back', ended('RolledBack'), 300);
    await shop.clock.advance(5000);
    const [rejected, before] = await shop.reports();
    expect(before).toEqual(promoted);
    const entry = status.ledger?.find(({ outcome }) => outcome === 'RolledBack');
    const { revision, reason, sentence, started, ended: endedAt } = entry ?? {};
    expect(reason).toMatch(/^latency/);
    const same = { revision, reason, sentence, started, ended: endedAt };
    expect(rejected).toMatchObject({
      ...same,
      outcome: 'RolledBack',
      verdict: 'Regression',
      stable: { images: ['app=shop:good'] },
    });
    expect(rejected?.analysis?.metrics?.length).toBeGreaterThan(4);

    const course = rejected === undefined ? undefined : courseOfRecord(rejected);
    const metric = course?.metrics.find(({ name }) => name === rejected?.reason);
    expect(metric?.verdict).toBe('Regression');
    expect(metric?.points[0]?.at).toBe(Date.parse(rejected?.measuredSince ?? ''));
    expect(metric?.query).toMatch(/.+/);
    expect(course?.foundAt).toBeLessThanOrEqual(Date.parse(rejected?.decided ?? ''));
    expect(JSON.stringify([rejected, before])).not.toContain('do-not-tell');
    const shortName = rejected?.reason.replace(/^latency-/, '');
    const printed = async (options: ReportOptions): Promise<string> => {
      const lines: string[] = [];
      const io = { stdout: (text: string) => void lines.push(text), stderr: (text: string) => void lines.push(text) };
      expect(await report(io, shop.admin, named, options)).toBe(0);
      return lines.join('');
    };
    const newest = await judged(await printed({ format: 'recording' }));
    expect(newest).toMatchObject({ verdict: 'Regression', reason: shortName });
    const earlier = { format: 'recording', revision: promoted?.revision ?? '' } as const;
    expect(await judged(await printed(earlier))).toMatchObject({ verdict: 'Pass' });
    expect(await printed({ format: 'html' })).toContain(rejected?.sentence.slice(0, 10));
    expect(await printed({})).toContain('## Both tracks over time');
    expect(await shop.written()).toEqual({ written: 2 });
  });

  it('are bounded, and go with the CanaryRelease', async () => {
    const shop = await open();
    for (const tag of ['good', 'slow', 'better']) {
      await shop.release(tag);
      await shop.until(tag, ended(tag === 'slow' ? 'RolledBack' : 'Promoted', tag), 1200);
      await shop.until('at rest', ({ phase }) => phase === 'Idle' || phase === 'Rejected', 60);
    }
    await shop.clock.advance(5000);
    expect((await shop.reports()).map(({ images }) => images[0])).toEqual(['app=shop:better', 'app=shop:slow']);

    await shop.admin.delete(resources.canaryReleases, named);
    await shop.clock.advance(60_000);
    await expect(shop.admin.get(resources.configMaps, kept)).rejects.toMatchObject({ status: 404 });
  });

  it('hold up no release where they cannot be written, and are written once they can', async () => {
    const shop = await open();
    let allowed = false;
    const forbid = (call: Call): Fault =>
      !allowed && toMap(call) ? new ApiError(403, 'Forbidden', 'configmaps is forbidden') : 'ok';
    shop.sandbox.faults.before(forbid, SERVICE_ACCOUNT);
    await shop.release('slow');
    await shop.until('taken back and at rest', ({ phase }) => phase === 'Rejected', 300);
    await shop.clock.advance(60_000);
    expect(await shop.reports()).toEqual([]);
    expect((await shop.written())['retried']).toBeGreaterThan(3);

    allowed = true;
    await shop.clock.advance(600_000);
    expect(await shop.reports()).toMatchObject([{ outcome: 'RolledBack', lacks: [], recording: expect.anything() }]);
  });

  it('are whole though an answer is lost and somebody else writes the same ConfigMap', async () => {
    const shop = await open();
    await shop.release('slow');
    let lost = 0;
    const lose = (call: Call): Fault => (toMap(call) && (lost += 1) === 1 ? { after: noAnswer() } : 'ok');
    shop.sandbox.faults.before(lose, SERVICE_ACCOUNT);
    await shop.until('taken back', ended('RolledBack'), 300);
    await shop.clock.advance(10_000);
    const first = await shop.reports();
    expect(first).toHaveLength(1);

    await shop.admin.patch(
      resources.configMaps,
      kept,
      { metadata: { labels: { 'team.example/a': 'b' } } },
      {
        type: 'merge',
      },
    );
    await shop.release('good');
    await shop.until('promoted', ended('Promoted', 'good'), 1200);
    await shop.clock.advance(10_000);
    expect((await shop.reports()).map(({ outcome }) => outcome)).toEqual(['Promoted', 'RolledBack']);
    const map = await shop.admin.get<ConfigMap>(resources.configMaps, kept);
    expect(map.metadata.labels).toMatchObject({ 'team.example/a': 'b', 'tandem.dev/reports': 'true' });
    expect(map.metadata['managedFields']).toEqual(
      expect.arrayContaining([expect.objectContaining({ manager: 'tandem' })]),
    );
  });

  it('are written by the next operator where one died between status and report', async () => {
    const shop = await open();
    await shop.release('slow');
    shop.sandbox.faults.before((call) => (toMap(call) ? 'crash' : 'ok'), SERVICE_ACCOUNT);
    await shop.until('taken back', ended('RolledBack'), 300);
    await shop.clock.advance(2000);
    expect(await shop.reports()).toEqual([]);

    shop.sandbox.faults.clear();
    shop.restart();
    await shop.until('at rest', ({ phase }) => phase === 'Rejected', 120);
    await shop.clock.advance(10_000);
    const [record, ...others] = await shop.reports();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ outcome: 'RolledBack', verdict: 'Regression', images: ['app=shop:slow'] });
    expect(record?.analysis?.metrics?.length).toBeGreaterThan(4);
    expect(record?.recording).toBeUndefined();
    expect(record?.lacks).toEqual([expect.stringContaining('status and ledger')]);

    shop.restart();
    await shop.clock.advance(60_000);
    expect(await shop.written()).toEqual({});
  });

  it('are whole after a restart in the middle, but for the events before it', async () => {
    const shop = await open();
    await shop.release('good');
    await shop.clock.advance(60_000);
    shop.restart();
    await shop.until('promoted', ended('Promoted'), 1200);
    await shop.clock.advance(10_000);
    const [record] = await shop.reports();
    expect(record?.phases.map(({ phase }) => phase)).toEqual(['Starting', 'Analyzing', 'Promoting', 'Idle']);
    expect(record?.events.map(({ reason }) => reason)).toEqual(['Approved', 'Promoted']);
    expect(record?.lacks).toEqual([expect.stringContaining('what happened before')]);
    expect(await judged(JSON.stringify(record?.recording))).toMatchObject({ verdict: 'Pass' });
  });

  it('say that the recording is gone where the operator was started anew in a promotion', async () => {
    const shop = await open();
    await shop.release('good');
    await shop.until('passed', ({ phase }) => phase === 'Promoting', 1200);
    shop.restart();
    await shop.until('promoted', ended('Promoted'), 1200);
    await shop.clock.advance(10_000);
    const [record] = await shop.reports();
    expect(record).toMatchObject({ outcome: 'Promoted', verdict: 'Pass', environment: { kubernetes: 'v1.36.3' } });
    expect(record?.recording).toBeUndefined();
    const gone = expect.stringContaining('the recording and the plots: the operator was started anew') as unknown;
    expect(record?.lacks).toEqual([expect.stringContaining('what happened before'), gone]);
  });

  it('leave a ConfigMap of somebody else alone', async () => {
    const shop = await open();
    const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: kept, data: { mine: 'yes' } };
    await shop.admin.create(resources.configMaps, theirs);
    await shop.release('slow');
    await shop.until('taken back', ended('RolledBack'), 300);
    await shop.clock.advance(60_000);
    const map = await shop.admin.get<ConfigMap>(resources.configMaps, kept);
    expect(map).toMatchObject({ data: { mine: 'yes' } });
    expect(map.binaryData).toBeUndefined();
    expect(await shop.written()).toEqual({ refused: 1 });
  });
});

describe('the fence of ConfigMaps', () => {
  it('lets the operator write reports alone', async () => {
    const shop = await open();
    const operator = shop.sandbox.api({ username: SERVICE_ACCOUNT });
    const map = (name: string, metadata: object = {}): KubeObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'shop', ...metadata },
    });
    const { uid = '' } = (await shop.admin.get(resources.canaryReleases, named)).metadata;
    const owner = { apiVersion: 'tandem.dev/v1alpha1', kind: 'CanaryRelease', name: 'shop', uid };
    const own = { labels: { 'tandem.dev/reports': 'true' }, ownerReferences: [owner] };
    await shop.admin.create(resources.configMaps, map('settings'));
    const { labels, ownerReferences } = own;
    for (const refused of [
      map('x', own),
      map('x-tandem-reports', { labels }),
      map('x-tandem-reports', { ownerReferences }),
    ])
      await expect(operator.create(resources.configMaps, refused)).rejects.toThrow('only ConfigMaps with reports');
    const settings = { namespace: 'shop', name: 'settings' };
    for (const change of [{ data: { a: 'b' } }, { metadata: own }])
      await expect(operator.patch(resources.configMaps, settings, change, { type: 'merge' })).rejects.toThrow(
        'Tandem may',
      );
    await operator.create(resources.configMaps, map('x-tandem-reports', own));
    const mine = { namespace: 'shop', name: 'x-tandem-reports' };
    await expect(operator.patch(resources.configMaps, mine, { data: { a: 'b' } }, { type: 'merge' })).rejects.toThrow(
      'nothing but reports',
    );
    await expect(operator.delete(resources.configMaps, mine)).rejects.toThrow('deletes no ConfigMap');
  });
});
