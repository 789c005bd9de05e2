/** What is wrong with a recording, where, and what to write instead. */
export class RecordingError extends Error {
  readonly code = 'InvalidRecording';
}

function fail(path: string, what: string, mend: string): never {
  throw new RecordingError(`${path}: ${what}; ${mend}`);
}

function show(value: unknown): string {
  if (value === undefined) return 'it is missing';
  const text = JSON.stringify(value) ?? typeof value;
  return `${text.length > 40 ? `${text.slice(0, 40)}...` : text} was found`;
}

export type Fields = Record<string, unknown>;

/** The object at `path`. */
export function objectAt(value: unknown, path: string, mend: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  return fail(path, show(value), mend);
}

/** A number above 0. */
export function positiveAt(value: unknown, path: string, mend: string): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : fail(path, show(value), mend);
}

/** More scrapes than a week at one a second are a mistake, and would only fill memory. */
const mostScrapes = 604_800;

/** A number of scrapes. */
export function scrapesAt(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= mostScrapes) return value;
  return fail(path, show(value), `write the number of scrapes, such as 120, at most ${mostScrapes}`);
}

/** Names of pods, each once. */
export function namesAt(value: unknown, path: string): string[] {
  const mend = 'write a list of pod names, such as ["stable-0", "stable-1"]';
  if (!Array.isArray(value) || value.length === 0) return fail(path, show(value), mend);
  const names: string[] = [];
  for (const [i, name] of value.entries()) {
    if (typeof name !== 'string' || name === '') return fail(`${path}[${i}]`, show(name), mend);
    if (names.includes(name)) return fail(`${path}[${i}]`, `${name} is there twice`, 'name each pod once');
    names.push(name);
  }
  return names;
}

/** Ascending bounds above 0, without +Inf. */
export function boundsAt(value: unknown, path: string): number[] {
  const mend = 'write the upper bounds of the buckets in seconds, ascending, without +Inf, or [] without a histogram';
  if (!Array.isArray(value)) return fail(path, show(value), mend);
  let last = 0;
  return value.map((bound: unknown, i) => {
    if (typeof bound !== 'number' || !Number.isFinite(bound) || bound <= last) {
      return fail(`${path}[${i}]`, show(bound), mend);
    }
    last = bound;
    return bound;
  });
}

function isSample(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && value >= 0 && value < Infinity);
}

const sampleMend = 'write one sample per scrape: a number from 0 on, or null where the scrape was missed';

/** A list of that many samples; nulls when the field is absent. */
export function samplesAt(value: unknown, path: string, scrapes: number): (number | null)[] {
  const list = listOf(value, path, scrapes);
  for (let i = 0; i < list.length; i += 1) {
    if (!isSample(list[i])) return fail(`${path}[${i}]`, show(list[i]), sampleMend);
  }
  return list as (number | null)[];
}

/** Any numbers, one per scrape, null where there was none. */
export function valuesAt(value: unknown, path: string, scrapes: number): (number | null)[] {
  const mend = 'write one value per scrape: a number, or null where there was none';
  return listOf(value, path, scrapes).map((one, i) =>
    one === null || (typeof one === 'number' && Number.isFinite(one)) ? one : fail(`${path}[${i}]`, show(one), mend),
  );
}

/** Cumulative buckets per scrape, `width` numbers each; nulls when the field is absent. */
export function bucketsAt(value: unknown, path: string, scrapes: number, width: number): (number[] | null)[] {
  const list = listOf(value, path, scrapes);
  const mend = `write ${width} cumulative counts per scrape, one per bound of bounds_s and one for +Inf, or null where the scrape was missed`;
  for (let i = 0; i < list.length; i += 1) {
    const counts: unknown = list[i];
    if (counts === null) continue;
    if (!Array.isArray(counts) || counts.length !== width) return fail(`${path}[${i}]`, show(counts), mend);
    for (let j = 0; j < width; j += 1) {
      const count: unknown = counts[j];
      if (count === null || !isSample(count)) return fail(`${path}[${i}][${j}]`, show(count), mend);
    }
  }
  return list as (number[] | null)[];
}

function listOf(value: unknown, path: string, scrapes: number): unknown[] {
  if (value === undefined || value === null) return Array.from({ length: scrapes }, () => null);
  if (!Array.isArray(value)) return fail(path, show(value), sampleMend);
  if (value.length !== scrapes) {
    return fail(path, `it has ${value.length} samples for ${scrapes} scrapes`, sampleMend);
  }
  return value;
}
