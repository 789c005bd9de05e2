import { formatBar, formatCount, formatInterval, formatValue } from '../../src/cli/format.ts';
import { paintPhase, paintVerdict } from '../../src/cli/paint.ts';
import type { Style } from '../../src/cli/style.ts';
import { formatTable } from '../../src/cli/table.ts';
import { isRight, leadingMetric, type Track, type View } from './view.ts';

/** Milliseconds as `1:05`. */
export function formatClock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function trackText(name: string, { version, ready, replicas, share }: Track, requests: number | undefined): string {
  const counted = requests === undefined ? '' : `, ${formatCount(requests)} requests`;
  return `${name} ${version} ${ready}/${replicas} ready${counted}${share ? ` (${share} of the traffic)` : ''}`;
}

function tracksText(view: View): string {
  const stable = trackText('stable', view.stable, view.canary && view.requests?.stable);
  if (view.canary === undefined) return stable;
  return `${stable} | ${trackText('canary', view.canary, view.requests?.canary)}`;
}

/** `latency-p95: 45 ms on stable, 166 ms on canary: +269% [+190% .. +350%], limit +22%` */
export function metricText(view: View, style: Style): string {
  const metric = leadingMetric(view);
  if (metric === undefined) return '';
  const { name, unit, stable, canary, interval, evidence, verdict } = metric;
  const values = `${formatValue(stable, unit)} on stable, ${formatValue(canary, unit)} on canary`;
  const against = comparisonText(metric.difference, formatInterval(interval), metric.limit);
  const bar = evidence === undefined ? '' : `  evidence ${formatBar(evidence, style)}`;
  return `${name}: ${values}${against}${bar}  ${paintVerdict(verdict, style)}`;
}

/** `: +269% [+190% .. +350%], limit +22%`; what is not known is left out. */
function comparisonText(difference: string | undefined, range: string, limit: string | undefined): string {
  const measured = [difference || '', range === '-' ? '' : `[${range}]`].filter((part) => part !== '').join(' ');
  const parts = [measured, limit ? `limit ${limit}` : ''].filter((part) => part !== '');
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

function outcomeText(view: View, style: Style): string {
  const { entry, phase } = view;
  if (entry?.ended === undefined) return paintPhase(phase, style);
  const text = `${entry.outcome}${view.decidedAfter === undefined ? '' : ` after ${view.decidedAfter} s`}`;
  return isRight(view) ? style.good(text) : style.bad(`${text}: WRONG`);
}

/** The lines of one release on a terminal; always as many. */
function block(view: View, style: Style): string[] {
  const { scenario } = view;
  const title = `${style.bold(scenario.name)} ${scenario.tag}: ${scenario.is}`;
  const sentence = view.sentence === '' ? view.message : view.sentence;
  return [
    `${title}   ${outcomeText(view, style)}`,
    `  ${tracksText(view)}`,
    `  ${metricText(view, style)}`,
    `  ${sentence}`,
    '',
  ];
}

/** Two lines of one release, with what matters most at their beginning. */
function smallBlock(view: View, style: Style): string[] {
  return [`${style.bold(view.scenario.name)}: ${outcomeText(view, style)}`, `  ${metricText(view, style)}`];
}

/** All that is shown on a terminal at one moment, in `rows` lines at the most; with less of each where those are few. */
export function frame(views: readonly View[], head: string, style: Style, rows: number): string[] {
  const layouts = [
    [style.dim(head), '', ...views.flatMap((view) => block(view, style))],
    [style.dim(head), ...views.flatMap((view) => smallBlock(view, style))],
    views.flatMap((view) => smallBlock(view, style).slice(0, 1)),
  ];
  const fitting = layouts.find((lines) => lines.length <= rows) ?? layouts.at(-1) ?? [];
  return fitting.slice(0, rows);
}

/** One line of progress where there is no terminal. */
export function progressLine(view: View, style: Style): string {
  const { scenario, phase, requests } = view;
  const counted =
    requests === undefined
      ? ''
      : `${formatCount(requests.canary)} requests on canary, ${formatCount(requests.stable)} on stable`;
  const parts = phase === 'Analyzing' ? [counted, metricText(view, style)].filter((part) => part !== '') : [];
  return `${scenario.name}: ${phase}: ${parts.length === 0 ? view.message : parts.join('; ')}`;
}

/** What came of all, as a table and a sentence each. */
export function report(views: readonly View[], style: Style): string {
  const header = ['DEPLOYMENT', 'VERSION', 'IS', 'OUTCOME', 'BECAUSE OF', 'AFTER', 'CANARY SERVED', 'LOST'];
  const rows = views.map((view) => {
    const { scenario, entry, decidedAfter, counts } = view;
    const outcome = entry?.outcome ?? 'none in time';
    return [
      scenario.name,
      scenario.tag,
      scenario.is,
      isRight(view) ? style.good(outcome) : style.bad(`${outcome} (WRONG)`),
      entry?.reason || '-',
      decidedAfter === undefined ? '-' : `${decidedAfter} s`,
      scenario.expected === 'Promoted' && isRight(view)
        ? 'serves'
        : formatCount(counts.byVersion.get(scenario.tag) ?? 0),
      formatCount(counts.lost),
    ];
  });
  const sentences = views.map(
    ({ scenario, entry, message }) => `  ${style.bold(scenario.name)}: ${entry?.sentence ?? message}`,
  );
  return `${formatTable(header, rows, ['AFTER', 'CANARY SERVED', 'LOST'])}\n${sentences.join('\n')}\n`;
}

/** The last line. */
export function conclusion(right: boolean, wasBusy: boolean): string {
  if (right) return 'Every verdict was right.';
  const why = 'This machine was too busy for the load at times: try again when it is not, or one version with --only.';
  return `NOT every verdict was right.${wasBusy ? ` ${why}` : ''}`;
}
