import { formatCount, formatValue } from '../../cli/format.ts';
import { type Html, html } from '../../lib/html.ts';
import type { PlotColumns, PlotData, PlotMetric } from '../plot-data.ts';
import type { Regions } from './page.ts';
import { badge, table, verdictBadge } from './pieces.ts';
import { formatDifference, metricTitle } from './words.ts';

/** Rows of the table beside a plot. */
const tableRows = 12;

export interface PlotsView {
  regions: Regions;
  data: PlotData;
  /** Where the script reads the data. */
  path: string;
  /** The metric that decided, which comes first. */
  leading: string | undefined;
}

/** A figure for each metric. The script draws; without it the tables tell the same. */
export function plots({ regions, data, path, leading }: PlotsView): Html {
  const sorted = data.metrics.toSorted((a, b) => weight(b, leading) - weight(a, leading));
  return html`<div id="plots" data-course="${path}" data-version="${data.version}">
${legend()}
<div class="plots">${sorted.map((metric) => plot(metric, data.foundAt, regions))}</div></div>`;
}

function weight({ name, verdict }: PlotMetric, leading: string | undefined): number {
  if (name === leading) return 2;
  return verdict === 'Regression' ? 1 : 0;
}

function legend(): Html {
  return html`<ul class="legend" aria-label="What the lines mean">
<li><svg viewBox="0 0 28 8" aria-hidden="true" focusable="false"><path class="line-stable" d="M1 4h26"/></svg>stable</li>
<li><svg viewBox="0 0 28 8" aria-hidden="true" focusable="false"><path class="line-canary" d="M1 4h26"/></svg>canary</li>
<li><svg viewBox="0 0 28 8" aria-hidden="true" focusable="false"><path class="line-limit" d="M1 4h26"/></svg>limit: what is tolerated</li>
<li><svg viewBox="0 0 28 8" aria-hidden="true" focusable="false"><path class="fill-band" d="M1 0h26v8H1z"/></svg>where the true difference lies</li>
<li><svg viewBox="0 0 28 8" aria-hidden="true" focusable="false"><path class="line-found" d="M14 0v8"/></svg>regression shown</li></ul>`;
}

function plot(metric: PlotMetric, foundAt: number | null, regions: Regions): Html {
  const { name } = metric;
  const id = name.replace(/[^A-Za-z0-9-]/g, '_');
  return html`<figure class="plot" data-metric="${name}" aria-labelledby="plot-${id}-title">
<figcaption><h3 id="plot-${id}-title">${metricTitle(name)}${metric.counted === undefined ? '' : html` <span class="counted">${metric.counted}</span>`}</h3>${regions.region('p', `plot-${id}-now`, summary(metric), html`class="now"`)}</figcaption>
<div class="canvas values" role="img" aria-label="${describe(metric, foundAt)}" aria-describedby="plot-${id}-now"></div>
<div class="canvas difference" role="img" aria-label="Difference of ${metricTitle(name)} with its interval and its limit"></div>
<details id="plot-${id}-table"><summary>Figures<span class="sr"> of ${metricTitle(name)}</span></summary><div class="rows">${figures(metric)}</div></details>
</figure>`;
}

/** What the plot shows, as a picture would be described. */
export function describe({ name, unit, columns, limit }: PlotMetric, foundAt: number | null): string {
  const { stable, canary, difference } = lastOf(columns);
  const found = foundAt === null ? '' : ` A regression was shown at ${clock(foundAt)}.`;
  const bound = limit === null ? '' : ` The limit is ${formatDifference(limit)}.`;
  return `${metricTitle(name)} of stable and canary over time. Last: stable ${value(stable, unit)}, canary ${value(canary, unit)}, difference ${formatDifference(difference)}.${bound}${found}`;
}

function summary({ unit, columns, limit, verdict }: PlotMetric): Html {
  const { stable, canary, difference, samples } = lastOf(columns);
  return html`<span class="stable"><span class="sr">stable </span>${value(stable, unit)}</span><span aria-hidden="true">\u2192</span><span class="canary"><span class="sr">canary </span>${value(canary, unit)}</span><span class="by">${formatDifference(difference)}<span class="aside">limit ${limit === null ? 'none' : formatDifference(limit)}</span></span><span class="aside">${formatCount(samples)} ${samples === 1 ? 'sample' : 'samples'}</span>${
    verdict === 'Undecided' ? badge('busy', 'open') : verdictBadge(verdict)
  }`;
}

/** Moments of the run, evenly spread, the last one included. */
export function figures({ name, unit, columns }: PlotMetric): Html {
  const last = columns.at.length - 1;
  const count = Math.min(tableRows, columns.at.length);
  const chosen = Array.from({ length: count }, (_, index) => Math.round((last * (index + 1)) / count)).toReversed();
  const interval = (at: number): string =>
    `${formatDifference(columns.lower[at] ?? null)} … ${formatDifference(columns.upper[at] ?? null)}`;
  const rows = [...new Set(chosen)].map(
    (at) =>
      html`<tr><th scope="row">${clock(columns.at[at] ?? 0)}</th><td>${value(columns.stable[at], unit)}</td><td>${value(columns.canary[at], unit)}</td><td>${formatDifference(columns.difference[at] ?? null)}</td><td>${interval(at)}</td><td>${formatCount(columns.samples[at] ?? 0)}</td></tr>`,
  );
  const head = ['Time', 'Stable', 'Canary', 'Difference', 'Interval', 'Samples'];
  return table(`${metricTitle(name)} over time`, head, rows, 'numbers');
}

interface Last {
  stable: number | null;
  canary: number | null;
  difference: number | null;
  samples: number;
}

function lastOf({ stable, canary, difference, samples }: PlotColumns): Last {
  return {
    stable: stable.at(-1) ?? null,
    canary: canary.at(-1) ?? null,
    difference: difference.at(-1) ?? null,
    samples: samples.at(-1) ?? 0,
  };
}

function value(number: number | null | undefined, unit: string): string {
  return number === null || number === undefined ? '–' : formatValue(String(number), unit);
}

function clock(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(11, 19)} UTC`;
}
