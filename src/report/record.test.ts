import { describe, expect, it } from 'vitest';
import { judgeSequential } from '../judge/engine/judge-sequential.ts';
import { steady, usualSpec } from '../judge/engine/testing/steady.ts';
import { recordingOf } from '../judge/recording/write.ts';
import { resources } from '../kube/object.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createSandbox } from '../sandbox/sandbox.ts';
import { courseOf } from './course.ts';
import { listReports, readReports, recordKey, reportsName } from './kept.ts';
import { courseOfRecord, decodeRecord, encodeRecord, type ReleaseRecord } from './record.ts';
import { aRecord } from './testing/records.ts';

const start = Date.parse('2026-11-21T10:00:20Z');
const slow = {
  ...steady((slot, pod) => (slot >= 0 && pod.startsWith('canary') ? { latency: 0.2 } : {}), { slots: 40 }),
  startedAt: start,
};

describe('what somebody else wrote in place of records', () => {
  it('is not unpacked into memory: neither much text, nor many parts in little', () => {
    const parts = encodeRecord(aRecord({ recording: { x: Array.from({ length: 400_000 }, () => []) } }));
    expect(parts.length).toBeLessThan(10_000);
    expect(() => decodeRecord(parts)).toThrow('more than 300000 parts');
    const long = encodeRecord(aRecord({ sentence: 'x'.repeat(17 * 1024 * 1024) }));
    expect(() => decodeRecord(long)).toThrow();
  });

  it('is looked at no more than what is kept', async () => {
    const admin = createSandbox({ clock: createFakeClock(start), namespaces: ['shop'] }).api({ username: 'admin' });
    const broken = Buffer.from('x').toString('base64');
    const binaryData = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`ff.${i}.json.gz`, broken]));
    const metadata = { name: reportsName('checkout'), namespace: 'shop' };
    await admin.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, binaryData });
    expect((await readReports(admin, 'shop', 'checkout')).problems).toHaveLength(20);
  });
});

describe('the record of a release', () => {
  it('comes back as it was written', () => {
    const record = aRecord({ recording: recordingOf(slow, 'one') ?? {} });
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  it('replays its course at the times at which it was measured', () => {
    const measuredSince = '2026-11-21T10:00:20Z';
    const record = aRecord({ recording: recordingOf(slow, 'one') ?? {}, asked: usualSpec, measuredSince });

    const { metrics, foundAt } = courseOf(slow, usualSpec, Number.POSITIVE_INFINITY);
    expect(courseOfRecord(record)).toEqual({ metrics, foundAt });
    expect(metrics.length).toBeGreaterThan(3);
    expect(judgeSequential(slow, usualSpec, Number.POSITIVE_INFINITY).verdict).toBe('Regression');
    expect(foundAt).toBeGreaterThan(start);
  });

  it('has the course that was kept where its recording was dropped', () => {
    const { metrics, foundAt = 0 } = courseOf(slow, usualSpec, Number.POSITIVE_INFINITY, 5);
    const record = aRecord({ course: { metrics, foundAt } });
    expect(courseOfRecord(record)).toEqual({ metrics, foundAt });
    expect(courseOfRecord(aRecord({}))).toBeUndefined();
  });

  it('says why it cannot be read', () => {
    const newer = { ...aRecord({}), version: 2 } as unknown as ReleaseRecord;
    expect(() => decodeRecord(encodeRecord(newer))).toThrow('format 2');
    const broken = { ...aRecord({}), images: 'one' } as unknown as ReleaseRecord;
    expect(() => decodeRecord(encodeRecord(broken))).toThrow('images');
    expect(() => decodeRecord(Buffer.from('no gzip'))).toThrow();
  });
});

describe('the reports of a CanaryRelease', () => {
  it('are read newest first, whatever else lies beside them', async () => {
    const clock = createFakeClock(Date.UTC(2026, 10, 21));
    const admin = createSandbox({ clock, namespaces: ['shop'] }).api({ username: 'admin' });
    const records = [1, 3, 2].map((hour) =>
      aRecord({ started: `2026-11-21T0${hour}:00:00.000Z`, ended: `2026-11-21T0${hour}:10:00.000Z` }),
    );
    const entries = records.map((record) => [recordKey(record), encodeRecord(record).toString('base64')] as const);
    const broken = Buffer.from('x').toString('base64');
    const binaryData = { ...Object.fromEntries(entries), other: broken, 'ff.1.json.gz': broken };
    const metadata = { name: reportsName('checkout'), namespace: 'shop' };
    await admin.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, binaryData });

    const { records: read, problems } = await readReports(admin, 'shop', 'checkout');
    expect(read).toEqual([records[1], records[2], records[0]]);
    expect(problems).toEqual([expect.stringMatching(/^ff\.1\.json\.gz: /)]);
    expect(await listReports(admin, 'shop', 'checkout', (record) => record)).toEqual(read);
    expect(await listReports(admin, 'shop', 'cart', (record) => record)).toEqual([]);
  });
});
