import type { VerdictName } from '../judge/verdict.ts';
import type { Course, CourseMetric, CoursePoint } from '../report/course.ts';

/** Values of one metric by column, as the plots take them; null = no value, or an open end. */
export interface PlotColumns {
  /** Milliseconds since the epoch. */
  at: number[];
  stable: (number | null)[];
  canary: (number | null)[];
  difference: (number | null)[];
  lower: (number | null)[];
  upper: (number | null)[];
  samples: number[];
}

export interface PlotMetric {
  name: string;
  unit: string;
  /** What is counted, where the name does not say it: `requests over 250 ms`. */
  counted?: string;
  limit: number | null;
  verdict: VerdictName;
  columns: PlotColumns;
}

export interface PlotData {
  /** Changes with any value in it; the same on every replica. */
  version: string;
  /** When a regression was shown first, milliseconds since the epoch. */
  foundAt: number | null;
  metrics: PlotMetric[];
}

/** What makes one version of the data into another: the columns from `keep` on. */
export interface PlotDelta {
  from: string;
  to: string;
  foundAt: number | null;
  metrics: (PlotMetric & { keep: number })[];
}

/** Figures with four digits: no plot shows more. */
export function plotDataOf({ metrics, foundAt }: Pick<Course, 'metrics' | 'foundAt'>): Omit<PlotData, 'version'> {
  return { foundAt: foundAt ?? null, metrics: metrics.map(plotMetric) };
}

function plotMetric({ name, unit, counted, limit, verdict, points }: CourseMetric): PlotMetric {
  const column = (of: (point: CoursePoint) => number | null): (number | null)[] =>
    points.map((point) => rounded(of(point)));
  // A share of requests over another bound is another figure: it would look like a jump.
  const comparable = (point: CoursePoint): boolean => point.counted === undefined || point.counted === counted;
  const value = (name: 'stable' | 'canary' | 'difference'): (number | null)[] =>
    column((point) => (comparable(point) ? point[name] : null));
  return {
    name,
    unit,
    ...(counted === undefined ? {} : { counted }),
    limit: rounded(limit),
    verdict,
    columns: {
      at: points.map(({ at }) => Math.round(at)),
      stable: value('stable'),
      canary: value('canary'),
      difference: value('difference'),
      lower: column(({ lower }) => lower),
      upper: column(({ upper }) => upper),
      samples: points.map(({ samples }) => Math.round(samples)),
    },
  };
}

function rounded(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4));
}

export const columnNames = ['at', 'stable', 'canary', 'difference', 'lower', 'upper', 'samples'] as const;

/** What a viewer of `before` lacks. */
export function deltaOf(before: PlotData, after: PlotData): PlotDelta {
  const metrics = after.metrics.map((metric) => {
    const old = before.metrics.find(({ name }) => name === metric.name);
    const keep = old === undefined ? 0 : sameUpTo(old.columns, metric.columns);
    return { ...metric, keep, columns: eachColumn(metric.columns, (values) => values.slice(keep)) };
  });
  return { from: before.version, to: after.version, foundAt: after.foundAt, metrics };
}

/** undefined where the delta is for other data: all of it has to be read. */
export function withDelta(before: PlotData, delta: PlotDelta): PlotData | undefined {
  if (before.version !== delta.from) return undefined;
  const metrics = delta.metrics.map(({ keep, ...metric }) => {
    const old = before.metrics.find(({ name }) => name === metric.name)?.columns;
    if (old === undefined) return metric;
    const columns = eachColumn(metric.columns, (tail, name) => [...old[name].slice(0, keep), ...tail]);
    return { ...metric, columns };
  });
  return { version: delta.to, foundAt: delta.foundAt, metrics };
}

function sameUpTo(a: PlotColumns, b: PlotColumns): number {
  const most = Math.min(a.at.length, b.at.length);
  for (let index = 0; index < most; index += 1)
    if (columnNames.some((name) => a[name][index] !== b[name][index])) return index;
  return most;
}

type Values = (number | null)[];

function eachColumn(columns: PlotColumns, change: (values: Values, name: keyof PlotColumns) => Values): PlotColumns {
  const changed = columnNames.map((name) => [name, change(columns[name], name)]);
  return Object.fromEntries(changed) as unknown as PlotColumns;
}
