import type { CanaryRelease, LedgerEntry } from '../../api/schema.ts';
import { nextSteps } from '../../cli/next-steps.ts';
import { Html, html, type Part } from '../../lib/html.ts';
import type { PlotData } from '../plot-data.ts';
import { idOf } from '../records.ts';
import type { Journal, Standing } from '../source.ts';
import { createRegions, type Page, type Regions } from './page.ts';
import { badge, moment, toneOfPhase } from './pieces.ts';
import { plots } from './plots.ts';
import { comparisons, events, history, queries, tracks, warnings } from './sections.ts';
import { timeline, timelineOf } from './timeline.ts';
import { isRunning, verdict } from './verdict.ts';

export interface ReleaseView {
  release: CanaryRelease;
  data: PlotData | undefined;
  /** Names of the releases whose record is kept. */
  kept: ReadonlySet<string>;
  journal: Journal;
  standing: Standing;
}

const root = '../../';

/** One release: what runs, or what ran last. */
export function releasePage(view: ReleaseView): Page {
  const { metadata, status } = view.release;
  const { namespace = '', name } = metadata;
  const phase = status?.phase ?? 'Unknown';
  const regions = createRegions();
  const main = html`${breadcrumb(namespace)}
${overview(view.release, regions)}
${sections(view, regions).map(([id, title, content]) => section(id, title, content))}`;
  return regions.page({
    title: `${name}: ${phase} · Tandem`,
    root,
    announce: `${name} is ${phase}, verdict ${status?.analysis?.verdict ?? 'none'}`,
    main,
    live: `live/releases/${pathOf(view.release)}`,
  });
}

function pathOf({ metadata }: CanaryRelease): string {
  return `${encodeURIComponent(metadata.namespace ?? '')}/${encodeURIComponent(metadata.name)}`;
}

function breadcrumb(namespace: string): Html {
  return html`<nav aria-label="Breadcrumb" class="up"><a href="${root}./">Releases</a> <span aria-hidden="true">/</span> <a href="${root}namespaces/${encodeURIComponent(namespace)}">${namespace}</a></nav>`;
}

function overview(release: CanaryRelease, { region }: Regions): Html {
  const { status } = release;
  const warned = [...(status?.warnings ?? []), ...(status?.analysis?.warnings ?? [])];
  return html`${region('div', 'head', head(release), new Html('class="title"'))}
${region('section', 'verdict', verdict(release), new Html('aria-label="Verdict"'))}
${region('div', 'warnings', warnings(warned))}
${region('div', 'tracks', status === undefined ? html`` : tracks(status))}`;
}

function sections({ release, data, kept, journal, standing }: ReleaseView, regions: Regions): [string, string, Html][] {
  const { region } = regions;
  const { analysis, ledger = [] } = release.status ?? {};
  const metrics = analysis?.metrics ?? [];
  const pageOf = (entry: LedgerEntry): string | undefined =>
    kept.has(idOf(entry)) ? `${release.metadata.name}/${encodeURIComponent(idOf(entry))}` : undefined;
  const deadline = isRunning(release.status) ? analysis?.until : undefined;
  const drawn =
    data === undefined || data.metrics.length === 0
      ? html`<p class="empty">${noPlots(release, standing)}</p>`
      : plots({ regions, data, path: `${root}data/${pathOf(release)}`, leading: analysis?.reason });
  return [
    ['timeline', 'Timeline', region('div', 'timeline', timeline(timelineOf(release, journal.phases), { deadline }))],
    ['tracks-over-time', 'Both tracks over time', drawn],
    [
      'comparisons',
      'Comparisons',
      html`${region('div', 'comparisons', comparisons(metrics))}${region('div', 'queries-of', queries(metrics))}`,
    ],
    ['events', 'Events', region('div', 'events', eventsOf(release, journal))],
    ['history', 'History', region('div', 'history', history(ledger, pageOf))],
    ['next', 'What a person can do', region('div', 'next', next(release))],
  ];
}

export function section(id: string, title: string, content: Part): Html {
  return html`<section aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${content}</section>`;
}

function head({ metadata, spec, status }: CanaryRelease): Html {
  const { promotion = 'Automatic', suspend } = spec;
  return html`<h1>${metadata.name}</h1>${badge(toneOfPhase(status?.phase), status?.phase ?? 'Unknown')}
<p class="aside">Deployment ${spec.targetRef.name}, promotion ${promotion}${suspend === true ? ', suspended' : ''}</p>`;
}

function noPlots({ status }: CanaryRelease, { leads, leader }: Standing): string {
  if (!leads)
    return `Live plots are with the leader${leader === undefined ? '' : `, ${podOf(leader)}`}. The figures below come from status.`;
  return isRunning(status)
    ? 'Plots begin with the first scrape of both tracks.'
    : 'Plots are drawn while a release runs.';
}

/** The name of the pod in the identity of a replica. */
export function podOf(identity: string): string {
  return identity.split('_')[0] ?? identity;
}

function eventsOf({ metadata }: CanaryRelease, { since, events: marks }: Journal): Html {
  const command = `kubectl events -n ${metadata.namespace ?? ''} --for canaryrelease/${metadata.name}`;
  return html`${marks.length === 0 ? html`<p class="empty">None that this replica reported.</p>` : events(marks)}
<p class="aside">Reported by this replica since ${moment(since)}. All that the cluster keeps: <code>${command}</code></p>`;
}

function next(release: CanaryRelease): Html {
  const lines = nextSteps(release, undefined, 'kubectl tandem').map((line) => {
    const [, what = line, command] = /^(.*?):\s+((?:kubectl|tandem)\s.*)$/.exec(line) ?? [];
    return command === undefined ? html`<li>${line}</li>` : html`<li>${what}: <code>${command}</code></li>`;
  });
  return html`<ul class="next">${lines}</ul>`;
}
