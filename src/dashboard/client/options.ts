import type uPlot from 'uplot';
import { formatValue } from '../../cli/format.ts';
import { formatDifference } from '../view/words.ts';
import type { Current } from './figure.ts';

/** A line needs two points; one alone is a dot. */
const points: uPlot.Series.Points = {
  show: (plot, series) => (plot.data[series] ?? []).filter(isNumber).length < 2,
  size: 6,
};

interface Colours {
  stable: string;
  canary: string;
  limit: string;
  band: string;
  found: string;
  text: string;
  grid: string;
}

function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    stable: of('stable'),
    canary: of('canary'),
    limit: of('limit'),
    band: of('band'),
    found: of('bad'),
    text: of('quiet-text'),
    grid: of('grid'),
  };
}

const font = '11px system-ui, sans-serif';

/** Stable, canary and the limit, in the unit of the metric. */
export function valueOptions(current: Current, host: HTMLElement, sync: string): uPlot.Options {
  const colours = coloursOf(host);
  const unit = (): string => current.metric?.unit ?? '';
  return {
    ...common(host, sync),
    scales: { x: { time: true }, y: { range: (_plot, low, high) => valueRange(low, high) } },
    axes: [
      { ...axis(colours), values: () => [], size: 6, ticks: { show: false } },
      {
        ...axis(colours),
        size: 62,
        values: (_plot, splits) => splits.map((value) => formatValue(String(value), unit())),
      },
    ],
    series: [
      {},
      { label: 'stable', stroke: colours.stable, width: 1.5, spanGaps: true, points },
      { label: 'canary', stroke: colours.canary, width: 2.5, spanGaps: true, points },
      { label: 'limit', stroke: colours.limit, width: 1.25, dash: [5, 4], spanGaps: true, points },
    ],
    hooks: { draw: [(plot) => drawFound(plot, current, colours.found)] },
  };
}

/** The difference with the interval in which the truth lies, and the limit. */
export function differenceOptions(current: Current, host: HTMLElement, sync: string): uPlot.Options {
  const colours = coloursOf(host);
  return {
    ...common(host, sync),
    scales: { x: { time: true }, y: { range: () => differenceRange(current) } },
    axes: [
      { ...axis(colours), size: 22, space: 70 },
      {
        ...axis(colours),
        size: 62,
        space: 28,
        values: (_plot, splits) => splits.map((value) => formatDifference(value)),
      },
    ],
    series: [
      {},
      { label: 'difference', stroke: colours.canary, width: 2, spanGaps: true, points },
      { label: 'limit', stroke: colours.limit, width: 1.25, dash: [5, 4], spanGaps: true, points },
      { label: 'lower', show: false },
      { label: 'upper', show: false },
    ],
    hooks: {
      drawAxes: [(plot) => drawBand(plot, current, colours.band)],
      draw: [(plot) => drawFound(plot, current, colours.found)],
    },
  };
}

function common(host: HTMLElement, sync: string): Pick<uPlot.Options, 'width' | 'height' | 'legend' | 'cursor'> {
  return {
    width: host.clientWidth,
    height: host.clientHeight,
    legend: { show: false },
    cursor: { sync: { key: sync }, drag: { x: false, y: false }, points: { size: 6 } },
  };
}

function axis(colours: Colours): uPlot.Axis {
  return {
    stroke: colours.text,
    font,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1, size: 4 },
  };
}

/** From 0: a line that trembles is not to look like one that doubles. */
function valueRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const top = high <= 0 ? 1 : high * 1.12;
  return [Math.min(0, low), top];
}

/** A difference beyond that makes the limit invisible: 9 is ten times as much. */
const mostShown = 9;

function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}

/**
 * Wide enough for the limit, the difference and most of the interval, but not for the first minute, in which nothing is
 * known and the interval is huge.
 */
function differenceRange({ metric }: Current): [number, number] {
  if (metric === undefined) return [-0.5, 0.5];
  const { difference, lower, upper } = metric.columns;
  const late = Math.floor(difference.length / 4);
  const known = [...difference.slice(late), metric.limit, 0].filter(isNumber);
  // Where the truth lies now is to be seen, and where it lay most of the time, unless that is nowhere near.
  const ends = [lower, upper].flatMap((values, which) => {
    const sorted = values
      .slice(late)
      .filter(isNumber)
      .toSorted((one, other) => one - other);
    const usual = sorted[Math.floor(sorted.length * (which === 0 ? 0.25 : 0.75))];
    return [values.at(-1), usual].filter(isNumber).filter((value) => value < mostShown);
  });
  const low = Math.min(...known, ...ends);
  const high = Math.max(...known, ...ends);
  const room = Math.max(0.05, (high - low) * 0.12);
  return [low - room, high + room];
}

/** An open end goes to the edge of the plot. */
function drawBand(plot: uPlot, { metric }: Current, colour: string): void {
  if (metric === undefined) return;
  const { ctx, bbox } = plot;
  const { at, lower, upper } = metric.columns;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  const [top, bottom] = [bbox.top, bbox.top + bbox.height];
  const place = (index: number): Edge => {
    const [low = null, high = null] = [lower[index], upper[index]];
    return {
      x: plot.valToPos((at[index] ?? 0) / 1000, 'x', true),
      low: low === null ? bottom : plot.valToPos(low, 'y', true),
      high: high === null ? top : plot.valToPos(high, 'y', true),
    };
  };
  for (const run of runsOf(at.map((_, index) => (lower[index] ?? upper[index] ?? null) !== null)))
    fillBand(ctx, run.map(place));
  ctx.restore();
}

interface Edge {
  x: number;
  low: number;
  high: number;
}

/** Indices in a row at which something is known. */
function runsOf(known: boolean[]): number[][] {
  const runs: number[][] = [];
  for (const [index, is] of known.entries()) {
    if (!is) continue;
    if (known[index - 1] === true) runs.at(-1)?.push(index);
    else runs.push([index]);
  }
  return runs;
}

function fillBand(ctx: CanvasRenderingContext2D, edges: readonly Edge[]): void {
  ctx.beginPath();
  for (const { x, high } of edges) ctx.lineTo(x, high);
  for (const { x, low } of edges.toReversed()) ctx.lineTo(x, low);
  ctx.fill();
}

/** The moment at which a regression was shown. */
function drawFound(plot: uPlot, { foundAt }: Current, colour: string): void {
  if (foundAt === null) return;
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(foundAt / 1000, 'x', true));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
