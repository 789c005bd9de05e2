import type { CanaryRelease, Phase } from '../../api/schema.ts';
import { formatCount } from '../../cli/format.ts';
import { type Html, html } from '../../lib/html.ts';
import { createRegions, type Page, type Regions } from './page.ts';
import { badge, moment, toneOfPhase, verdictBadge } from './pieces.ts';
import { versionOf } from './words.ts';

/** Rows of one page: more are found by namespace. */
export const mostRows = 200;

/** What wants a person comes first, then what runs, then what rests. */
const order: readonly Phase[] = [
  'Invalid',
  'Rejected',
  'Held',
  'RollingBack',
  'Analyzing',
  'Starting',
  'Promoting',
  'Suspended',
  'Idle',
];

/** All releases by namespace, or those of one. */
export function listPage(all: readonly CanaryRelease[], namespace: string | undefined): Page {
  const releases = namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  const shown = releases.toSorted(byUrgency).slice(0, mostRows);
  const regions = createRegions();
  const root = namespace === undefined ? '' : '../';
  const announce = countsOf(releases).map(([phase, count]) => `${count} ${phase}`);
  const main = html`<div class="title"><h1>${namespace ?? 'Releases'}</h1>
${namespace === undefined ? '' : html`<p class="up"><a href="../">All namespaces</a></p>`}</div>
${regions.region('div', 'counts', counts(releases))}
${releases.length > 5 ? filterBox() : ''}
${releases.length === 0 ? nothing(namespace) : ''}
${releases.length > shown.length ? more(releases.length, namespace === undefined ? all : []) : ''}
${groups(shown).map(([name, own]) => group(name, own, { root, regions, alone: namespace !== undefined }))}`;
  return regions.page({
    title: namespace === undefined ? 'Releases · Tandem' : `${namespace} · Tandem`,
    root,
    announce: announce.join(', '),
    main,
    live: namespace === undefined ? 'live/list' : `live/namespaces/${encodeURIComponent(namespace)}`,
  });
}

function byUrgency(a: CanaryRelease, b: CanaryRelease): number {
  return rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b));
}

function rank({ status }: CanaryRelease): number {
  const at = status?.phase === undefined ? -1 : order.indexOf(status.phase);
  return at === -1 ? order.length : at;
}

function nameOf({ metadata }: CanaryRelease): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function countsOf(releases: readonly CanaryRelease[]): [Phase | 'Unknown', number][] {
  const counted = new Map<Phase | 'Unknown', number>();
  for (const { status } of releases) {
    const phase = status?.phase ?? 'Unknown';
    counted.set(phase, (counted.get(phase) ?? 0) + 1);
  }
  return [...counted].toSorted(([a], [b]) => place(a) - place(b));
}

function place(phase: Phase | 'Unknown'): number {
  return phase === 'Unknown' ? order.length : order.indexOf(phase);
}

function counts(releases: readonly CanaryRelease[]): Html {
  const items = countsOf(releases).map(
    ([phase, count]) =>
      html`<li>${badge(toneOfPhase(phase === 'Unknown' ? undefined : phase), html`<b>${formatCount(count)}</b> ${phase}`)}</li>`,
  );
  return html`<ul class="counts" aria-label="Releases by phase">${items}</ul>`;
}

/** Works only with script, which shows it. */
function filterBox(): Html {
  return html`<p class="filter" hidden id="filter-box"><label for="filter">Filter by name</label><input id="filter" type="search" autocomplete="off" spellcheck="false"></p>`;
}

function nothing(namespace: string | undefined): Html {
  return html`<p class="empty">There is no CanaryRelease ${
    namespace === undefined ? 'yet' : html`in namespace ${namespace}`
  }. One is created with <code>kubectl apply</code>; from then on every new version of its Deployment is tested first.</p>`;
}

function more(count: number, all: readonly CanaryRelease[]): Html {
  const namespaces = [...new Set(all.map(({ metadata }) => metadata.namespace ?? ''))].toSorted();
  const links = namespaces.map((name) => html`<li><a href="namespaces/${encodeURIComponent(name)}">${name}</a></li>`);
  return html`<p>${formatCount(mostRows)} of ${formatCount(count)} are shown, the most urgent first. ${
    links.length > 1 ? 'All of a namespace:' : ''
  }</p>${links.length > 1 ? html`<ul class="links">${links}</ul>` : ''}`;
}

function groups(releases: readonly CanaryRelease[]): [string, CanaryRelease[]][] {
  const found = new Map<string, CanaryRelease[]>();
  for (const release of releases) {
    const name = release.metadata.namespace ?? '';
    found.set(name, [...(found.get(name) ?? []), release]);
  }
  return [...found].toSorted(([a], [b]) => a.localeCompare(b));
}

/** On a phone the rows are no table any more to look at, so that roles say what they are. */
const columns = ['Release', 'Phase', 'Verdict', 'Versions', 'Since'];

interface Place {
  root: string;
  regions: Regions;
  /** The page is of this namespace alone. */
  alone: boolean;
}

function group(namespace: string, releases: CanaryRelease[], { root, regions, alone }: Place): Html {
  const rows = releases.map((release) =>
    regions.region('tr', `row:${nameOf(release)}`, row(release, root), html`role="row" data-name="${nameOf(release)}"`),
  );
  const heading = html`<h2><a href="${root}namespaces/${encodeURIComponent(namespace)}">${namespace}</a></h2>`;
  return html`<section class="group">${alone ? '' : heading}
<table class="releases" role="table" aria-label="Releases in ${namespace}"><thead role="rowgroup"><tr role="row">${columns.map((name) => html`<th scope="col" role="columnheader">${name}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows}</tbody></table></section>`;
}

function row(release: CanaryRelease, root: string): Html {
  const { metadata, status } = release;
  const { phase, message, analysis, stable, canary, phaseSince } = status ?? {};
  const path = `${root}releases/${encodeURIComponent(metadata.namespace ?? '')}/${encodeURIComponent(metadata.name)}`;
  const last = analysis?.verdict !== undefined && canary === undefined;
  return html`<th scope="row" role="rowheader"><a href="${path}">${metadata.name}</a>${
    message === undefined || message === '' ? '' : html`<p class="said">${message}</p>`
  }</th>
<td role="cell">${badge(toneOfPhase(phase), phase ?? 'Unknown')}</td>
<td role="cell">${verdictBadge(analysis?.verdict)}${last ? html`<span class="aside">last test</span>` : ''}</td>
<td role="cell">${versions(stable?.images, canary?.images)}</td>
<td role="cell">${moment(phaseSince ?? metadata.creationTimestamp, 'age')}</td>`;
}

function versions(stable: readonly string[] | undefined, canary: readonly string[] | undefined): Html {
  const told = (images: readonly string[]): string => images.map(versionOf).join(', ');
  if (stable === undefined) return html`<span class="none">\u2013</span>`;
  return canary === undefined
    ? html`<span class="stable">${told(stable)}</span>`
    : html`<span class="stable">${told(stable)}</span> <span aria-label="against">\u2192</span> <span class="canary">${told(canary)}</span>`;
}
