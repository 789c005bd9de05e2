import { formatInterval, formatValue } from '../../cli/format.ts';
import { type Html, html } from '../../lib/html.ts';
import type { CourseMetric, CoursePoint } from '../course.ts';
import type { ReleaseRecord } from '../record.ts';
import { comparisonHead, comparisonRows } from './comparisons.ts';
import { type Fact, type Told, tell } from './parts.ts';
import { differencePlot, type Mark, percent, valuesPlot } from './plot.ts';
import { styles } from './styles.ts';

/**
 * One release as a page that needs nothing else: no script, no request, readable in light, dark and on paper. All texts
 * of the record are escaped.
 */
export function htmlReport(record: ReleaseRecord): string {
  const told = tell(record);
  const { title, course, marks } = told;
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title} · Tandem</title>
<style>${styles}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="verdict ${record.verdict.toLowerCase()}">${record.sentence}</p>
${list([...record.lacks.map((text) => `Not here: ${text}`), ...(record.analysis?.warnings ?? [])])}
${facts(told.facts)}
${section('Timeline', timeline(told))}
${section('Comparisons', comparisons(record))}
${section('Both tracks over time', plots(course?.metrics ?? [], marks))}
${section('Queries', queries(record))}
${section('Environment', facts(told.environment))}
${section('Asked of the judge', record.asked === undefined ? undefined : html`<pre>${JSON.stringify(record.asked, null, 2)}</pre>`)}
</main>
</body>
</html>
`;
  return page.text;
}

function section(name: string, content: Html | undefined): Html {
  return html`<section><h2>${name}</h2>${content ?? html`<p>None.</p>`}</section>`;
}

function list(texts: readonly string[]): Html {
  return texts.length === 0 ? html`` : html`<ul class="notes">${texts.map((text) => html`<li>${text}</li>`)}</ul>`;
}

function facts(known: readonly Fact[]): Html {
  return html`<dl>${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function timeline({ timeline: lines }: Told): Html | undefined {
  if (lines.length === 0) return undefined;
  return html`<ol>${lines.map(({ at, what, note }) => html`<li><time datetime="${at}">${at}</time> <strong>${what}</strong> ${note}</li>`)}</ol>`;
}

function comparisons(record: ReleaseRecord): Html | undefined {
  const rows = comparisonRows(record);
  return rows.length === 0 ? undefined : table('The comparisons, one by one', comparisonHead, rows);
}

function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): Html {
  const body = rows.map(
    ([first = '', ...rest]) =>
      html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  );
  return html`<div class="wide"><table><caption>${caption}</caption><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function plots(metrics: readonly CourseMetric[], marks: readonly Mark[]): Html | undefined {
  if (metrics.length === 0) return undefined;
  const legend = html`<p class="legend"><span class="key stable"></span> stable <span class="key canary"></span> canary <span class="key area"></span> where the true difference lies <span class="key bound"></span> limit</p>`;
  const drawn = metrics.map((metric) => {
    const { name, verdict, counted, points } = metric;
    return html`<figure><figcaption><strong>${name}</strong>: ${verdict}${counted === undefined ? '' : `, ${counted}`}</figcaption>
${valuesPlot(metric, marks)}${differencePlot(metric, marks)}
<details><summary>The figures of ${name}</summary>${table(
      `${name} over time`,
      ['Time', 'Stable', 'Canary', 'Difference', 'Interval', 'Samples'],
      thinned(points).map((point) => cells(point, metric)),
    )}</details></figure>`;
  });
  return html`${legend}${drawn}`;
}

/** More rows than these nobody reads; the last one is always there. */
const mostRows = 60;

function thinned(points: readonly CoursePoint[]): CoursePoint[] {
  const every = Math.max(1, Math.ceil(points.length / mostRows));
  return points.filter((_, index) => (points.length - 1 - index) % every === 0);
}

function cells(
  { at, stable, canary, difference, lower, upper, samples }: CoursePoint,
  { unit }: CourseMetric,
): string[] {
  const value = (figure: number | null): string => formatValue(figure === null ? undefined : String(figure), unit);
  const share = (figure: number | null): string => (figure === null ? '' : percent(figure));
  const interval = formatInterval([share(lower), share(upper)]);
  return [
    new Date(at).toISOString().slice(11, 19),
    value(stable),
    value(canary),
    share(difference),
    interval,
    String(Math.round(samples)),
  ];
}

function queries({ queries: asked }: ReleaseRecord): Html | undefined {
  const entries = Object.entries(asked);
  if (entries.length === 0) return undefined;
  return html`<dl>${entries.map(([signal, query]) => html`<div><dt>${signal}</dt><dd><code>${query}</code></dd></div>`)}</dl>`;
}
