import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { Answer, Operation } from './operation.ts';

/** A sequence whose answers once differed, with those of a real cluster. */
export interface Recorded {
  name: string;
  operations: Operation[];
  /** Written by `npm run differential -- --record`. */
  answers?: Answer[];
}

const folder = new URL('recorded/', import.meta.url);

/** The sequences by file. */
export function readRecorded(): Map<string, Recorded[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return new Map(
    files.toSorted().map((file) => [file, parse(readFileSync(new URL(file, folder), 'utf8')) as Recorded[]]),
  );
}

export function writeRecorded(file: string, sequences: Recorded[]): void {
  writeFileSync(new URL(file, folder), stringify(sequences, { lineWidth: 120, aliasDuplicateObjects: false }));
}
