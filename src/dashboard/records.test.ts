import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../api/schema.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { aRecord } from '../report/testing/records.ts';
import { createDashboard } from './app.ts';
import { loadAssets } from './assets.ts';
import { idOf } from './records.ts';
import { courseAfter, createFakeSource, type FakeSource, releaseOf } from './testing/source.ts';

const assets = await loadAssets();
const { foundAt, metrics } = courseAfter(30);
const record = aRecord({
  course: { metrics, ...(foundAt === undefined ? {} : { foundAt }) },
  sentence: 'p95 <b>is late</b>',
  analysis: { verdict: 'Regression', since: '2026-11-21T10:00:20Z', metrics: [] },
});
const entry: LedgerEntry = {
  revision: record.revision,
  images: record.images,
  generation: 2,
  verdict: 'Regression',
  outcome: 'RolledBack',
  by: '',
  reason: 'latency-p95',
  sentence: record.sentence,
  started: record.started,
  ended: record.ended,
};

function open(kept = [record]) {
  const source: FakeSource = createFakeSource([
    releaseOf('shop', 'checkout', { phase: 'Rejected', ledger: [entry], analysis: { since: '2026-11-21T10:00:20Z' } }),
  ]);
  delete source.all[0]!.status!.canary;
  source.kept = kept;
  const clock = createFakeClock();
  const { app } = createDashboard({ source, assets, clock, version: '1', hosts: [] });
  const get = async (path: string) => app.request(`http://localhost${path}`, { headers: { host: 'localhost' } });
  return { source, clock, get, text: async (path: string) => (await get(path)).text() };
}

describe('the page of a release that has ended', () => {
  const path = `/releases/shop/checkout/${idOf(record)}`;

  it('tells what its record keeps, with its plots', async () => {
    const { text, get } = open();
    const page = await text(path);
    for (const told of [
      'Regression',
      'checkout:1.42.0',
      'checkout:1.41.0',
      'CanaryStarted',
      'RollingBack',
      '25%',
      'a past release',
    ])
      expect(page).toContain(told);
    expect(page).toContain('p95 &lt;b&gt;is late&lt;/b&gt;');
    expect(page).not.toContain('data-live');
    expect(page).toContain(`data-course="../../../data/shop/checkout/${idOf(record)}"`);
    const data = (await (await get(`/data/shop/checkout/${idOf(record)}`)).json()) as { metrics: unknown[] };
    expect(data.metrics).toHaveLength(metrics.length);
  });

  it('is found by revision too, and by its first digits', async () => {
    const { text } = open();
    expect(await text(`/releases/shop/checkout/${record.revision.slice(0, 10)}`)).toContain('1.42.0');
  });

  it('says what a record lacks', async () => {
    const { course: _, ...bare } = record;
    const page = await open([{ ...bare, lacks: ['the recording was larger than what is kept'] }]).text(path);
    expect(page).toContain('the recording was larger');
    expect(page).toContain('has no measurements');
  });

  it('is not there for another name, or after the release was deleted', async () => {
    const { source, get } = open();
    expect((await get('/releases/shop/checkout/ffff')).status).toBe(404);
    expect((await get('/data/shop/checkout/ffff')).status).toBe(404);
    source.all = [];
    expect((await get(path)).status).toBe(404);
  });
});

describe('records', () => {
  it('are linked from the history, and their plots stand for the last release after a restart', async () => {
    const page = await open().text('/releases/shop/checkout');
    expect(page).toContain(`href="checkout/${idOf(record)}"`);
    expect(page).toContain('id="plots"');
    expect(await open([]).text('/releases/shop/checkout')).not.toContain(`href="checkout/${idOf(record)}"`);
  });

  it('are read once for all who look, soon again while the newest end has none, and seldom after', async () => {
    const { source, clock, text } = open([]);
    await Promise.all(Array.from({ length: 100 }, () => text('/releases/shop/checkout')));
    expect(source.read).toBe(1);
    await clock.advance(4000);
    await text('/releases/shop/checkout');
    expect(source.read).toBe(1);
    await clock.advance(2000);
    source.kept = [record];
    expect(await text('/releases/shop/checkout')).toContain(`href="checkout/${idOf(record)}"`);
    // Once for the list, and once for the measurements to draw.
    expect(source.read).toBe(3);
    await clock.advance(300_000);
    await text('/releases/shop/checkout');
    expect(source.read).toBe(3);
    source.all[0]!.status!.ledger = [{ ...entry, started: '2026-11-21T12:00:00Z' }, entry];
    await text('/releases/shop/checkout');
    expect(source.read).toBe(4);
  });

  it('that could not be read for their plots once are read again', async () => {
    const { source, get } = open();
    const whole = source.record;
    source.record = async (...words) => {
      source.record = whole;
      throw new Error(`timed out: ${words[0]}`);
    };
    const data = `/data/shop/checkout/${idOf(record)}`;
    expect((await get(data)).status).toBe(404);
    expect((await get(data)).status).toBe(200);
  });

  it('that cannot be read cost no page', async () => {
    const { source, get } = open();
    source.records = async () => {
      throw new Error('forbidden');
    };
    expect((await get('/releases/shop/checkout')).status).toBe(200);
  });
});
