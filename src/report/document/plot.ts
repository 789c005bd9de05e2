import { formatValue } from '../../cli/format.ts';
import { type Html, html } from '../../lib/html.ts';
import { formatPercent } from '../../lib/percent.ts';
import type { CourseMetric, CoursePoint } from '../course.ts';

const size = { width: 640, height: 170 };
const margin = { left: 72, right: 12, top: 12, bottom: 22 };

/** A moment that is drawn into every plot. */
export interface Mark {
  /** Milliseconds since the epoch. */
  at: number;
  label: string;
}

interface Scale {
  x(at: number): number;
  y(value: number): number;
}

interface Domain {
  from: number;
  to: number;
}

/** Both tracks of one metric over time. */
export function valuesPlot(metric: CourseMetric, marks: readonly Mark[]): Html {
  const { points, unit, name } = metric;
  const values = points.flatMap(({ stable, canary }) => [stable, canary]).filter((value) => value !== null);
  if (values.length === 0) return html``;
  const lowest = Math.min(...values);
  const room = padded(lowest, Math.max(...values));
  // What is never below 0 has no scale below it.
  const domain = lowest >= 0 ? { from: Math.max(0, room.from), to: room.to } : room;
  const scale = scaleOf(points, marks, domain);
  const lines = html`${line(points, scale, ({ stable }) => stable, 'stable')}${line(points, scale, ({ canary }) => canary, 'canary')}`;
  return svg(
    `${name} of stable and canary`,
    html`${axes(points, scale, domain, (value) => formatValue(String(value), unit))}${lines}${moments(marks, scale)}`,
  );
}

/** The difference of one metric over time with its interval, and the limit; nothing where no difference was known. */
export function differencePlot(metric: CourseMetric, marks: readonly Mark[]): Html {
  const { points, limit, name } = metric;
  const known = points.map(({ difference }) => difference).filter((value) => value !== null);
  if (known.length === 0) return html``;
  const edges = [...known, 0, ...(limit === null ? [] : [limit * 2, -limit])];
  const domain = padded(Math.min(...edges), Math.max(...edges));
  const scale = scaleOf(points, marks, domain);
  const ends = { from: margin.left, to: size.width - margin.right };
  const level = (value: number, kind: string): Html =>
    html`<line class="${kind}" x1="${ends.from}" x2="${ends.to}" y1="${round(scale.y(value))}" y2="${round(scale.y(value))}"/>`;
  const limits =
    limit === null
      ? html``
      : html`${level(limit, 'limit')}<text class="limit-text" x="${ends.to}" y="${round(scale.y(limit) - 4)}">limit ${percent(limit)}</text>`;
  return svg(
    `Difference of ${name}, canary against stable, with its interval and the limit`,
    html`${axes(points, scale, domain, percent)}${band(points, scale, domain)}${level(0, 'zero')}${limits}${line(points, scale, ({ difference }) => difference, 'canary')}${moments(marks, scale)}`,
  );
}

/** A difference: 0.64 is `+64%`. */
export function percent(fraction: number): string {
  return formatPercent(fraction, { digits: 1, sign: true });
}

function padded(from: number, to: number): Domain {
  const room = (to - from) * 0.06 || Math.abs(to) * 0.1 || 1;
  return { from: from - room, to: to + room };
}

function scaleOf(points: readonly CoursePoint[], marks: readonly Mark[], { from, to }: Domain): Scale {
  const times = [...points.map(({ at }) => at), ...marks.map(({ at }) => at)];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const width = size.width - margin.left - margin.right;
  const height = size.height - margin.top - margin.bottom;
  return {
    x: (at) => margin.left + (width * (at - first)) / Math.max(1, last - first),
    y: (value) => margin.top + height * (1 - (Math.min(to, Math.max(from, value)) - from) / (to - from)),
  };
}

function svg(title: string, content: Html): Html {
  return html`<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}"><title>${title}</title>${content}</svg>`;
}

function axes(
  points: readonly CoursePoint[],
  scale: Scale,
  { from, to }: Domain,
  format: (value: number) => string,
): Html {
  const ticks = [from, (from + to) / 2, to].map(
    (value) =>
      html`<line class="grid" x1="${margin.left}" x2="${size.width - margin.right}" y1="${round(scale.y(value))}" y2="${round(scale.y(value))}"/><text class="tick" x="${margin.left - 6}" y="${round(scale.y(value) + 4)}">${format(value)}</text>`,
  );
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0];
  const ends = [
    html`<text class="time" x="${margin.left}" y="${size.height - 6}">${clock(first)}</text>`,
    html`<text class="time end" x="${round(Math.max(scale.x(last), margin.left + 130))}" y="${size.height - 6}">${clock(last)}</text>`,
  ];
  return html`${ticks}${ends}`;
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** Broken where there was no value. */
function line(
  points: readonly CoursePoint[],
  scale: Scale,
  pick: (point: CoursePoint) => number | null,
  track: 'stable' | 'canary',
): Html {
  let path = '';
  let isDown = false;
  for (const point of points) {
    const value = pick(point);
    if (value !== null) path += `${isDown ? 'L' : 'M'}${round(scale.x(point.at))} ${round(scale.y(value))}`;
    isDown = value !== null;
  }
  return html`<path class="track ${track}" d="${path}"/>`;
}

/** Where the true difference lies; an open end reaches the edge. */
function band(points: readonly CoursePoint[], scale: Scale, { from, to }: Domain): Html {
  const known = points.filter(({ lower, upper }) => lower !== null || upper !== null);
  if (known.length === 0) return html``;
  const at = (point: CoursePoint, value: number): string => `${round(scale.x(point.at))} ${round(scale.y(value))}`;
  const upper = known.map((point) => at(point, point.upper ?? to));
  const lower = known.toReversed().map((point) => at(point, point.lower ?? from));
  return html`<path class="band" d="${`M${[...upper, ...lower].join('L')}Z`}"/>`;
}

function moments(marks: readonly Mark[], scale: Scale): Html {
  const drawn = marks.map(({ at, label }, index) => {
    const x = round(scale.x(at));
    const isRight = x > size.width / 2;
    return html`<line class="moment" x1="${x}" x2="${x}" y1="${margin.top}" y2="${size.height - margin.bottom}"/><text class="moment-text${isRight ? ' end' : ''}" x="${isRight ? x - 4 : x + 4}" y="${margin.top + 10 + 12 * index}">${label}</text>`;
  });
  return html`${drawn}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
