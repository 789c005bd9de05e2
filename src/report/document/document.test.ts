import { describe, expect, it } from 'vitest';
import { steady, usualSpec } from '../../judge/engine/testing/steady.ts';
import { recordingOf } from '../../judge/recording/write.ts';
import type { ReleaseRecord } from '../record.ts';
import { aRecord } from '../testing/records.ts';
import { markdownReport } from './markdown.ts';
import { htmlReport } from './page.ts';
import { valuesPlot } from './plot.ts';

const measuredSince = '2026-11-21T10:00:20.000Z';
const slow = steady(
  (slot, pod) =>
    slot >= 0 && pod.startsWith('canary') ? { latency: 0.2, ...(slot === 6 ? { missed: true } : {}) } : {},
  { slots: 12 },
);
const measured = aRecord({
  measuredSince,
  asked: usualSpec,
  recording: recordingOf({ ...slow, startedAt: Date.parse(measuredSince) }, 'one', usualSpec) ?? {},
  decided: '2026-11-21T10:02:00.000Z',
  analysis: {
    verdict: 'Regression',
    since: measuredSince,
    source: 'Prometheus',
    requests: { stable: 3600, canary: 1200 },
    metrics: [
      {
        name: 'latency-p95',
        unit: 's',
        stable: '0.08',
        canary: '0.2',
        difference: '+150%',
        interval: ['+120%', null],
        limit: '+20%',
        samples: 4800,
        verdict: 'Regression',
      },
    ],
  },
});

/** Everything that a cluster, a user or an application can put into a record. */
const evil = `</style></title><script>alert(1)</script><img src=x onerror=alert(1)>" onload='x' | [x](javascript:alert(1)) \`\`\`\n# h`;
const hostile = aRecord({
  namespace: evil,
  release: evil,
  target: evil,
  images: [evil],
  stable: { revision: evil, images: [evil] },
  sentence: evil,
  reason: evil,
  by: evil,
  started: evil,
  ended: evil,
  phases: [{ phase: 'Starting', at: evil }],
  events: [{ at: evil, type: 'Warning', reason: evil, note: evil }],
  queries: { [evil]: evil },
  environment: { tandem: evil, share: evil },
  analysis: {
    warnings: [evil],
    source: evil,
    preset: evil,
    metrics: [{ name: evil, unit: evil, difference: evil, verdict: 'Pass' }],
  },
  course: {
    metrics: [
      {
        name: evil,
        unit: evil,
        counted: evil,
        limit: 0.2,
        query: evil,
        verdict: 'Pass',
        points: [
          { at: 0, stable: 1, canary: 2, difference: 1, lower: null, upper: null, samples: 3, evidence: 0 },
          { at: 15_000, stable: null, canary: 2, difference: null, lower: 0.1, upper: null, samples: 3, evidence: 0 },
        ],
      },
    ],
  },
  lacks: [evil],
});

function tagsIn(page: string): string[] {
  return [...new Set(Array.from(page.matchAll(/<([a-z!][a-z0-9]*)/gi), ([, name = '']) => name.toLowerCase()))];
}

describe('the page of a release', () => {
  const page = htmlReport(measured);

  it('has a plot of both tracks and of the difference for each metric, with the limit and the moment of decision', () => {
    const figures = page.split('<figure>').slice(1);
    const p95 = figures.find((figure) => figure.includes('<strong>latency-p95</strong>')) ?? '';
    expect(p95.match(/<svg /g)).toHaveLength(2);
    expect(p95).toContain('aria-label="latency-p95 of stable and canary"');
    for (const kind of ['track stable', 'track canary', 'band', 'limit', 'moment'])
      expect(p95, kind).toContain(`class="${kind}"`);
    expect(p95).toContain('limit +20%');
    expect(p95).toContain('decided: RolledBack');
    expect(p95).toContain('regression shown');
    expect(p95).toContain('<caption>latency-p95 over time</caption>');
    expect(figures.length).toBeGreaterThan(4);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('breaks a line where there was no value', () => {
    const metric = hostile.course?.metrics[0];
    const [first, second] = metric?.points ?? [];
    if (metric === undefined || first === undefined || second === undefined) throw new Error('no course');
    const points = [first, second, { ...first, at: 30_000 }];
    const paths = Array.from(valuesPlot({ ...metric, points }, []).text.matchAll(/ d="([^"]*)"/g), ([, path]) => path);
    expect(paths.map((path) => path?.replace(/[^ML]/g, ''))).toEqual(['MM', 'MLL']);
  });

  it('tells all that is kept', () => {
    for (const text of [
      measured.sentence,
      measured.revision,
      'CanaryStarted',
      'http_requests_total',
      '10:00:20Z',
      '25%',
      '0.1.0',
      'minDurationSeconds',
      '+120% ..',
    ])
      expect(page).toContain(text);
  });

  it('needs nothing from anywhere, and runs nothing', () => {
    for (const text of [page, htmlReport(hostile)]) {
      expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`.replaceAll("'", '&#39;'));
      expect(tagsIn(text).filter((tag) => ['script', 'img', 'link', 'iframe', 'object', 'a'].includes(tag))).toEqual(
        [],
      );
      expect(text).not.toMatch(/url\(|@import|https?:\/\//);
    }
  });

  it('escapes whatever stands in the record', () => {
    expect(tagsIn(htmlReport(hostile)).toSorted()).toEqual(tagsIn(htmlReport(tame())).toSorted());
    expect(htmlReport(hostile)).not.toContain('<img');
    expect(htmlReport(hostile)).toContain('&lt;script&gt;');
  });

  it('does without anything measured', () => {
    const bare = htmlReport(aRecord({ phases: [], events: [], queries: {}, lacks: ['the recording: it was lost'] }));
    expect(bare).toContain('Not here: the recording: it was lost');
    expect(bare).not.toContain('<figure');
  });
});

/** The same record with harmless texts. */
function tame(): ReleaseRecord {
  return JSON.parse(JSON.stringify(hostile).replaceAll(JSON.stringify(evil).slice(1, -1), 'text')) as ReleaseRecord;
}

describe('the Markdown of a release', () => {
  it('tells all that is kept', () => {
    const text = markdownReport(measured);
    expect(text).toMatch(/^# checkout in shop: RolledBack\n\nlatency-p95 of the canary/);
    expect(text).toContain('| latency-p95 | 80 ms | 200 ms | +150% | +120% .. | +20% | 4800 | Regression |');
    expect(text).toMatch(/latency-p95 \(.* to .*, limit \+20%\)\n {2}stable {2}[▁-█ ]{12}\n {2}canary {2}[▁-█ ]{12}\n/);
    expect(text).toContain('10:02:00.000Z decided: RolledBack');
    expect(text).toContain('http_requests_total');
    expect(text).not.toMatch(/NaN|undefined/);
  });

  it('lets no text be more than text', () => {
    const text = markdownReport(hostile);
    const fences = Array.from(text.matchAll(/^(`{3,})[a-z]*$/gm));
    expect(fences.length % 2).toBe(0);
    const outside = text.replace(/^(`{3,})[a-z]*\n[\s\S]*?\n\1$/gm, '');
    expect(outside).not.toMatch(/(?<!\\)<script/);
    expect(outside).not.toMatch(/(?<!\\)\[x/);
    expect(outside.match(/^# /gm)).toHaveLength(1);
    for (const sentence of ['---', '- one', '+ two', '1. three', '=== four', '12) five']) {
      const [, , line = ''] = markdownReport(aRecord({ sentence })).split('\n');
      expect(line).not.toMatch(/^\s*([-+=]|\d+[.)])/);
    }
    expect(markdownReport(aRecord({ sentence: 'a\u001b[2J$x$' }))).toContain('a\ufffd\\[2J\\$x\\$');
  });
});
