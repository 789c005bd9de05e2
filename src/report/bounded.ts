import { courseAlone } from './build.ts';
import { startOf } from './kept.ts';
import { decodeRecord, encodeRecord, evidenceOf, type ReleaseRecord } from './record.ts';

/** Bytes of all records of a ConfigMap together, keys included; the API server takes 1 MiB. */
export const mostBytes = 900 * 1024;

export interface Bounds {
  /** Records. */
  keep: number;
  bytes: number;
}

interface Entry {
  key: string;
  started: number;
  bytes: Buffer;
}

/** Each makes one record smaller; undefined: it has nothing to give. */
type Step = (record: ReleaseRecord, isNewest: boolean) => ReleaseRecord | undefined;

/**
 * What stays of these records: the newest, as many as are kept. Where they are too large together the oldest lose
 * their recordings first (their plots stay), then their plots, and go at last; the newest stays whatever it has to
 * give. Keys that name no record are left out. Pure.
 *
 * @returns the records by key; those that stay as they are, are the same buffers
 */
export function bounded(records: ReadonlyMap<string, Buffer>, { keep, bytes }: Bounds): Map<string, Buffer> {
  const entries = [...records]
    .flatMap(([key, content]): Entry[] => {
      const started = startOf(key);
      return started === undefined ? [] : [{ key, started, bytes: content }];
    })
    .toSorted((a, b) => b.started - a.started || (a.key < b.key ? -1 : 1))
    .slice(0, keep);
  for (const step of [withoutRecording, withoutCourse]) shrink(entries, bytes, step);
  while (entries.length > 1 && sizeOf(entries) > bytes) entries.pop();
  return new Map(entries.map((entry) => [entry.key, entry.bytes]));
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { key, bytes }) => sum + key.length + bytes.length, 0);
}

/** From the oldest on, until they fit. */
function shrink(entries: Entry[], most: number, step: Step): void {
  for (let i = entries.length - 1; i >= 0 && sizeOf(entries) > most; i -= 1) {
    const entry = entries[i];
    const record = entry === undefined ? undefined : readable(entry.bytes);
    const smaller = record === undefined ? undefined : step(record, i === 0);
    if (entry !== undefined && smaller !== undefined) entry.bytes = encodeRecord(smaller);
  }
}

/** Of another version of Tandem, or no record at all: it cannot be made smaller. */
function readable(bytes: Buffer): ReleaseRecord | undefined {
  try {
    return decodeRecord(bytes);
  } catch {
    return undefined;
  }
}

function withoutRecording(record: ReleaseRecord, isNewest: boolean): ReleaseRecord | undefined {
  const { recording, asked, ...rest } = record;
  if (recording === undefined) return undefined;
  const evidence = evidenceOf(record);
  const why = isNewest ? 'it is larger than all that is kept' : 'it made room for newer releases';
  if (evidence === undefined || asked === undefined)
    return { ...rest, lacks: [...rest.lacks, `the recording: ${why}`] };
  return { ...rest, asked, ...courseAlone({ evidence, asked }, record, why) };
}

function withoutCourse({ course, ...rest }: ReleaseRecord): ReleaseRecord | undefined {
  if (course === undefined) return undefined;
  return { ...rest, lacks: [...rest.lacks, 'the plots: they made room for newer releases'] };
}
