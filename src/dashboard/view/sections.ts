import type { LedgerEntry, StatusMetric } from '../../api/schema.ts';
import { formatCount, formatInterval, formatRevision, formatValue } from '../../cli/format.ts';
import { type Html, html, type Part } from '../../lib/html.ts';
import type { EventMark } from '../source.ts';
import { badge, icon, moment, type Tone, table, verdictBadge } from './pieces.ts';
import { took } from './timeline.ts';
import { metricTitle, shortImage } from './words.ts';

type TrackName = 'stable' | 'canary' | 'baseline';

/** The versions side by side. */
export function tracks(status: Partial<Record<TrackName, Track>>): Html {
  const cards = (['stable', 'canary', 'baseline'] as const).flatMap((name) => {
    const track = status[name];
    return track === undefined ? [] : [trackCard(name, track)];
  });
  return html`<h2 class="sr">Tracks</h2><ul class="tracks" aria-label="Tracks">${cards}</ul>`;
}

export interface Track {
  revision: string;
  images: readonly string[];
  /** Pods asked for; absent where that is not known any more. */
  replicas?: number | undefined;
  ready?: number | undefined;
  share?: string | undefined;
  since?: string | undefined;
  message?: string | undefined;
}

function trackCard(name: TrackName, { revision, images, replicas, ready, share, since, message }: Track): Html {
  const facts: [string, Part][] = [
    ready === undefined ? ['Pods', replicas] : ['Pods ready', `${ready} of ${replicas ?? 0}`],
    ['Share of pods', share || undefined],
    ['Revision', html`<code>${formatRevision(revision)}</code>`],
    ['Serves since', since && moment(since)],
  ];
  const shown = facts.filter(([, is]) => is !== undefined && is !== '');
  return html`<li class="track ${name}"><h3>${name}</h3>
${images.map((image) => html`<p class="image" title="${image}">${shortImage(image)}</p>`)}
<dl>${shown.map(([term, is]) => html`<div><dt>${term}</dt><dd>${is}</dd></div>`)}</dl>${
    message && html`<p class="aside">${message}</p>`
  }</li>`;
}

/** All comparisons as a table, by status: every replica has it, and it needs no script. */
export function comparisons(metrics: readonly StatusMetric[]): Html {
  if (metrics.length === 0) return html`<p class="empty">No comparison yet.</p>`;
  const head = [
    'Metric',
    'Stable',
    'Canary',
    'Difference',
    'Interval',
    'Limit',
    'Samples',
    'For a rollback',
    'Verdict',
  ];
  const rows = metrics.map(
    (metric) =>
      html`<tr><th scope="row">${metricTitle(metric.name)}</th><td>${formatValue(metric.stable, metric.unit)}</td><td>${formatValue(metric.canary, metric.unit)}</td><td>${metric.difference || '–'}</td><td>${formatInterval(metric.interval)}</td><td>${metric.limit || '–'}</td><td>${metric.samples === undefined ? '–' : formatCount(metric.samples)}</td><td>${evidenceOf(metric.evidence)}</td><td>${
        metric.verdict === 'Undecided' ? badge('busy', 'open') : verdictBadge(metric.verdict)
      }</td></tr>`,
  );
  return table('Comparisons', head, rows, 'numbers');
}

/** Percent of the evidence that a rollback needs, as a bar and a number. */
function evidenceOf(percent: number | undefined): Html {
  if (percent === undefined) return html`\u2013`;
  const width = Math.min(100, Math.max(0, Math.round(percent)));
  return html`<span class="evidence"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="bar-all" width="100" height="8"/><rect class="bar" width="${width}" height="8"/></svg>${width}%</span>`;
}

/** What stands behind the figures. */
export function queries(metrics: readonly { name: string; query?: string }[]): Html {
  const known = metrics.filter(({ query }) => query !== undefined && query !== '');
  if (known.length === 0) return html``;
  const items = known.map(
    ({ name, query }) =>
      html`<dt>${metricTitle(name)}</dt><dd><pre tabindex="0" role="region" aria-label="Query of ${metricTitle(name)}"><code>${query}</code></pre></dd>`,
  );
  return html`<details id="queries"><summary>Queries behind the figures</summary><dl class="queries">${items}</dl></details>`;
}

export function warnings(texts: readonly string[]): Html {
  if (texts.length === 0) return html``;
  return html`<ul class="warnings" aria-label="Warnings">${texts.map((text) => html`<li>${icon('notice')}<span>${text}</span></li>`)}</ul>`;
}

export function events(marks: readonly EventMark[]): Html {
  const items = marks.map(
    ({ at, type, reason, note }) =>
      html`<li class="${type === 'Warning' ? 'notice' : 'quiet'}">${icon(type === 'Warning' ? 'notice' : 'quiet')}<p><b>${reason}</b>${
        type === 'Warning' ? html` <span class="aside">warning</span>` : ''
      } ${moment(at)}</p><p class="said">${note}</p></li>`,
  );
  return html`<ol class="events">${items}</ol>`;
}

const outcomeTones: Partial<Record<LedgerEntry['outcome'], Tone>> = {
  Promoted: 'good',
  Promoting: 'busy',
  RollingBack: 'bad',
  RolledBack: 'bad',
  Aborted: 'notice',
  NotProven: 'notice',
};

export function outcomeTone(outcome: LedgerEntry['outcome']): Tone {
  return outcomeTones[outcome] ?? 'quiet';
}

/** The ledger, newest first. `pageOf` names the page of a release whose record is kept. */
export function history(
  entries: readonly LedgerEntry[],
  pageOf: (entry: LedgerEntry) => string | undefined = () => undefined,
): Html {
  if (entries.length === 0) return html`<p class="empty">Nothing has ended yet.</p>`;
  const rows = entries.map((entry) => {
    const { revision, images, outcome, verdict, started, ended, by, sentence } = entry;
    const version = images.map(shortImage).join(', ') || formatRevision(revision);
    const page = pageOf(entry);
    return html`<tr><th scope="row">${page === undefined ? version : html`<a href="${page}">${version}</a>`}<code class="aside">${formatRevision(revision)}</code></th><td>${badge(outcomeTone(outcome), outcome)}</td><td>${verdictBadge(verdict)}</td><td>${ended === undefined ? '–' : took(started, ended)}</td><td>${moment(ended ?? started)}</td><td class="long">${sentence}${by === '' ? '' : html` <span class="aside">by ${by}</span>`}</td></tr>`;
  });
  return table('History', ['Version', 'Outcome', 'Verdict', 'Took', 'Ended', 'Why'], rows);
}
