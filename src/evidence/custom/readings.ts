import type { Answer } from '../answer.ts';
import type { CustomSamples } from '../evidence.ts';
import type { Series } from '../prometheus/schema.ts';
import type { CustomQuery } from '../request.ts';
import { type Grid, lastPerSlot } from '../series.ts';
import { compileQuery, type Piece } from './template.ts';

export type CustomTrack = 'canary' | 'stable';

/** One custom metric of a release, with what was answered. */
export interface CustomReadings {
  name: string;
  pieces: readonly Piece[];
  /** By moment (milliseconds): the value, null = there was none. A moment without an entry was not answered. */
  values: Record<CustomTrack, Map<number, number | null>>;
  /** Why the newest question of a track brought no value. */
  problems: Record<CustomTrack, string | undefined>;
}

/** Readings without an answer; what is wrong with a query is for the message of the release. */
export function startReadings(
  queries: readonly CustomQuery[],
): { ok: true; readings: CustomReadings[] } | { ok: false; message: string } {
  const readings: CustomReadings[] = [];
  for (const { name, query } of queries) {
    const compiled = compileQuery(query);
    if ('problem' in compiled) {
      const { position, message } = compiled.problem;
      return { ok: false, message: `custom metric ${name}: at character ${position}: ${message}` };
    }
    readings.push({
      name,
      pieces: compiled.pieces,
      values: { canary: new Map(), stable: new Map() },
      problems: { canary: undefined, stable: undefined },
    });
  }
  return { ok: true, readings };
}

/**
 * Takes the answer for one moment. A value, no data and a failed question stay apart: what failed stays open and is asked
 * again. More series than one are no value: which of them is meant only the user can say.
 */
export function take(readings: CustomReadings, track: CustomTrack, at: number, answer: Answer<Series[]>): void {
  const { values, problems } = readings;
  if (answer.kind === 'failed') {
    problems[track] = `the query for ${track} failed: ${answer.error.message}`;
    return;
  }
  const series = answer.kind === 'value' ? answer.value : [];
  const [only] = series;
  const value = series.length === 1 ? (only?.samples.at(-1)?.[1] ?? null) : null;
  values[track].set(at, value);
  problems[track] = value === null ? problemOf(track, series.length) : undefined;
}

function problemOf(track: CustomTrack, count: number): string {
  if (count < 2) return `the query brings no value for ${track}: no series, or not a number`;
  return `the query brings ${count} series for ${track} where one is expected: put max(...) or another aggregation around it`;
}

/** The readings on the slots of the run. */
export function customSamples({ values, problems }: CustomReadings, grid: Grid): CustomSamples {
  const slots = (track: CustomTrack): (number | null)[] =>
    lastPerSlot(
      [...values[track]].map(([time, value]): [number, { value: number | null }] => [time, { value }]),
      grid,
    ).map((point) => point?.value ?? null);
  const problem = problems.canary ?? problems.stable;
  return { canary: slots('canary'), stable: slots('stable'), ...(problem === undefined ? {} : { problem }) };
}
