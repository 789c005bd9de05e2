import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordKey, reportsName } from '../report/kept.ts';
import { encodeRecord, type ReleaseRecord } from '../report/record.ts';
import { aRecord } from '../report/testing/records.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { release } from './testing/fixtures.ts';

let cluster: TestCluster;
const older = aRecord({
  revision: 'aaaaaaaaaa1111111111222222222233',
  started: '2026-11-20T10:00:00.000Z',
  ended: '2026-11-20T10:10:00.000Z',
  outcome: 'Promoted',
  recording: { id: 'one', scrape_s: 15 },
});
const newer = aRecord({ lacks: ['the recording: it made room for newer releases'] });

beforeEach(async () => {
  cluster = await startCluster();
  cluster.releases.set('checkout', release());
});

afterEach(() => cluster.close());

function keep(records: ReleaseRecord[], more: Record<string, string> = {}): void {
  const entries = records.map((record) => [recordKey(record), encodeRecord(record).toString('base64')]);
  const metadata = { name: reportsName('checkout'), namespace: 'shop' };
  cluster.others[`/api/v1/namespaces/shop/configmaps/${metadata.name}`] = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    binaryData: { ...Object.fromEntries(entries), ...more },
  };
}

describe('report', () => {
  it('prints the newest release, as Markdown', async () => {
    keep([older, newer]);
    expect(await cluster.run('report', 'crel/checkout')).toBe(0);
    expect(cluster.out).toMatch(/^# checkout in shop: RolledBack\n/);
    expect(cluster.err).toBe('');
  });

  it('prints another one in the form that is asked for', async () => {
    keep([older, newer]);
    expect(await cluster.run('report', 'checkout', '--revision', 'aaaaaaaaaa1', '--format', 'json')).toBe(0);
    expect(JSON.parse(cluster.out)).toEqual(older);
    cluster.out = '';
    expect(await cluster.run('report', 'checkout', '--revision', older.revision, '--format', 'recording')).toBe(0);
    expect(cluster.out).toBe('{"id":"one","scrape_s":15}\n');
    cluster.out = '';
    expect(await cluster.run('report', 'checkout', '--format', 'html')).toBe(0);
    expect(cluster.out).toMatch(/^<!doctype html>/);
  });

  it('writes a file', async () => {
    keep([newer]);
    const folder = await mkdtemp(join(tmpdir(), 'report-'));
    const file = join(folder, 'report.html');
    try {
      expect(await cluster.run('report', 'checkout', '--format', 'html', '--out', file)).toBe(0);
      expect([cluster.out, cluster.err]).toEqual(['', `wrote ${file}\n`]);
      expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
      expect(await cluster.run('report', 'checkout', '--out', join(folder, 'no', 'where'))).toBe(1);
      expect(cluster.err).toContain('ENOENT');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('says which there are, where the one that is asked for is not kept', async () => {
    keep([older, newer]);
    expect(await cluster.run('report', 'checkout', '--revision', 'bbbbbbbbbb')).toBe(4);
    expect(cluster.err).toBe(
      'error: revision bbbbbbbbbb has no report\n' +
        '  there are: 0123456789 (RolledBack, 2026-11-21T10:10:00.000Z); aaaaaaaaaa (Promoted, 2026-11-20T10:10:00.000Z)\n',
    );
  });

  it('says why there is no recording', async () => {
    keep([newer]);
    expect(await cluster.run('report', 'checkout', '--format', 'recording')).toBe(4);
    expect(cluster.err).toBe(
      'error: the report of 0123456789 has no recording\n  it lacks the recording: it made room for newer releases\n',
    );
  });

  it('says that none is kept yet, or that there is no such release', async () => {
    expect(await cluster.run('report', 'checkout')).toBe(4);
    expect(cluster.err).toContain('no release of checkout in namespace shop has a report');
    expect(cluster.err).toContain('reports.keep');
    cluster.err = '';
    expect(await cluster.run('report', 'nothing')).toBe(4);
    expect(cluster.err).toContain('no CanaryRelease nothing in namespace shop');
  });

  it('warns of what it cannot read, and shows the rest', async () => {
    keep([newer], { 'ff.5.json.gz': Buffer.from('x').toString('base64') });
    expect(await cluster.run('report', 'checkout')).toBe(0);
    expect(cluster.err).toMatch(/^warning: a report cannot be read: ff\.5\.json\.gz: /);
  });

  it('refuses forms that it does not know', async () => {
    expect(await cluster.run('report', 'checkout', '--format', 'pdf')).toBe(64);
    expect(await cluster.run('report', 'checkout', '--revision', 'x')).toBe(64);
  });
});
