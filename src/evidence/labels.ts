import type { Labels } from './prometheus/schema.ts';
import { isErrorStatus } from './status.ts';

/** How the labels of a series are read. */
export interface LabelReading {
  statusLabel?: string | undefined;
  /** Labels that make a request an error, whatever the status says. */
  failureLabels?: readonly string[] | undefined;
  routeLabel?: string | undefined;
  classLabels?: readonly string[] | undefined;
  /** Types that are no errors. */
  ignoredTypes?: readonly string[] | undefined;
  ignoreRoutes: ReadonlySet<string>;
  /** Whether the expressions of the spec match a status. */
  isError: (status: string) => boolean;
}

/** The route of a series, `/A/B` of two labels; undefined where none is labelled. */
export function routeOf(labels: Labels, { routeLabel }: LabelReading): string | undefined {
  if (routeLabel === undefined) return undefined;
  const parts = routeLabel.split('+').map((label) => labels[label] ?? '');
  return parts.length === 1 ? parts[0] : `/${parts.join('/')}`;
}

export function isIgnored(labels: Labels, reading: LabelReading): boolean {
  return reading.ignoreRoutes.has(routeOf(labels, reading) ?? '');
}

export function isErrorSeries(labels: Labels, reading: LabelReading): boolean {
  return errorsOf(labels, reading).length > 0;
}

/** The class of an error: what makes it one, and its type where that says more. */
export function classOf(labels: Labels, reading: LabelReading): string {
  const type = typeOf(labels, reading);
  const words = [...new Set([...errorsOf(labels, reading), type])].filter((word) => word !== '');
  return words.join(' ').slice(0, 80);
}

/** The type of an error; empty where the labels say that there is none. */
export function typeOf(labels: Labels, { classLabels = [] }: LabelReading): string {
  const values = classLabels.map((label) => labels[label] ?? '');
  return values.filter((value) => !['', '-', 'none', 'None'].includes(value)).join(' ');
}

/** The values that make it an error. */
function errorsOf(labels: Labels, { statusLabel, failureLabels = [], isError }: LabelReading): string[] {
  const named = statusLabel === undefined ? failureLabels : [statusLabel, ...failureLabels];
  const values = named.map((label) => labels[label] ?? '').filter((value) => isErrorStatus(value, isError));
  // A mere `failure` says nothing beside a status.
  const telling = values.filter((value) => value !== 'failure');
  return telling.length > 0 ? telling : values;
}
