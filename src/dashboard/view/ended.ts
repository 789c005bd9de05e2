import { formatCount } from '../../cli/format.ts';
import { type Html, html, type Part } from '../../lib/html.ts';
import type { PlotData } from '../plot-data.ts';
import type { KeptRecord } from '../source.ts';
import { createRegions, type Page } from './page.ts';
import { badge, moment } from './pieces.ts';
import { plots } from './plots.ts';
import { section } from './release.ts';
import { comparisons, events, outcomeTone, queries, tracks, warnings } from './sections.ts';
import { timeline } from './timeline.ts';
import { facts, verdictCard } from './verdict.ts';
import { shortImage } from './words.ts';

const root = '../../../';

/** A release that has ended, as its record keeps it. */
export function endedPage(record: KeptRecord, data: PlotData | undefined, id: string): Page {
  const { namespace, release, images, outcome, analysis, verdict, lacks } = record;
  const path = `${encodeURIComponent(namespace)}/${encodeURIComponent(release)}`;
  const regions = createRegions();
  const version = images.map(shortImage).join(', ') || record.revision.slice(0, 10);
  const metrics = analysis?.metrics ?? [];
  const drawn =
    data === undefined || data.metrics.length === 0
      ? html`<p class="empty">The record of this release has no measurements.</p>`
      : plots({ regions, data, path: `${root}data/${path}/${encodeURIComponent(id)}`, leading: record.reason });
  const sections: [string, string, Part][] = [
    ['timeline', 'Timeline', timeline(record.phases, { ended: record.ended })],
    ['tracks-over-time', 'Both tracks over time', drawn],
    ['comparisons', 'Comparisons', html`${comparisons(metrics)}${queries(metrics)}`],
    [
      'events',
      'Events',
      record.events.length === 0
        ? none()
        : events(record.events.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))),
    ],
    ['environment', 'Environment', environment(record)],
  ];
  const main = html`<nav aria-label="Breadcrumb" class="up"><a href="${root}./">Releases</a> <span aria-hidden="true">/</span> <a href="${root}namespaces/${encodeURIComponent(namespace)}">${namespace}</a> <span aria-hidden="true">/</span> <a href="${root}releases/${path}">${release}</a></nav>
<div class="title"><h1>${version}</h1>${badge(outcomeTone(outcome), outcome)}<p class="aside">of Deployment ${record.target}, ended ${moment(record.ended)}</p></div>
<section aria-label="Verdict">${card(record)}</section>
${warnings([...lacks, ...(analysis?.warnings ?? [])])}
${compared(record)}
${sections.map(([name, title, content]) => section(name, title, content))}`;
  return regions.page({
    title: `${release} ${version}: ${outcome} · Tandem`,
    root,
    announce: `${release} ${version}, verdict ${verdict === '' ? 'none' : verdict}`,
    main,
    live: undefined,
  });
}

function none(): Html {
  return html`<p class="empty">None.</p>`;
}

function card({ verdict, outcome, sentence, by, analysis, reason }: KeptRecord): Html {
  const told = facts([
    analysis?.requests && ['Requests on canary', formatCount(analysis.requests.canary)],
    analysis?.requests && ['on stable', formatCount(analysis.requests.stable)],
    reason === '' ? undefined : ['Because of', reason],
    by === '' ? undefined : ['By', by],
  ]);
  return verdictCard({
    tone: outcomeTone(outcome),
    title: verdict === '' ? outcome : verdict,
    sentence,
    message: '',
    facts: told,
  });
}

function compared({ stable, revision, images, environment: { pods, share } }: KeptRecord): Html {
  return tracks({
    ...(stable === undefined ? {} : { stable: { ...stable, replicas: pods?.stable } }),
    canary: { revision, images, replicas: pods?.canary, share },
  });
}

function environment({ environment: known, analysis, started, decided }: KeptRecord): Html {
  const { tandem, kubernetes, pods, scrapeSeconds } = known;
  const counted = pods === undefined ? undefined : Object.entries(pods).map(([name, count]) => `${count} ${name}`);
  return facts([
    ['Started', moment(started)],
    decided === undefined ? undefined : ['Decided', moment(decided)],
    analysis?.source === undefined ? undefined : ['Source', [analysis.source, analysis.preset ?? ''].join(' ')],
    scrapeSeconds === undefined ? undefined : ['Seconds between scrapes', String(Math.round(scrapeSeconds))],
    counted === undefined ? undefined : ['Pods', counted.join(', ')],
    ['Tandem', tandem],
    kubernetes === undefined ? undefined : ['Kubernetes', kubernetes],
  ]);
}
