import { commandAnnotations } from './names.ts';

/** What a person can ask for by an annotation on the CanaryRelease. */
export type CommandName = keyof typeof commandAnnotations;
export const commandNames = Object.keys(commandAnnotations) as CommandName[];

export interface Command {
  /** The revision or its beginning, at least ten hex digits; `next` (promote only) is the next template, whichever. */
  revision: string;
  /**
   * When it was given, milliseconds since the epoch: by the clock of whoever wrote it, or by the operator's, which is
   * when it was seen.
   */
  at: number;
}

/** Digits by which people name a revision. Fewer could be found by trying. */
const leastDigits = 10;
const mostDigits = 32;
/** Of a whole command: what was seen of it stands in the status, and is compared. */
export const mostCommandCharacters = 128;

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Reads `REVISION@RFC3339`. Never throws: a person writes it, and the answer goes back to that person. */
export function parseCommand(name: CommandName, text: string): { command: Command } | { problem: string } {
  if (text.length > mostCommandCharacters)
    return problem(name, text, `it has more than ${mostCommandCharacters} characters`);
  const at = text.indexOf('@');
  if (at === -1) return problem(name, text, 'the @ and the time are missing');
  const revision = text.slice(0, at).trim();
  const time = text.slice(at + 1).trim();
  const next = revision === 'next';
  if (next && name !== 'promote') return problem(name, text, '"next" is known to promote only');
  if (!next && !/^[0-9a-f]*$/.test(revision))
    return problem(name, text, 'the revision is not made of hexadecimal digits');
  if (!next && revision.length < leastDigits)
    return problem(name, text, `the revision has fewer than ${leastDigits} digits`);
  if (!next && revision.length > mostDigits)
    return problem(name, text, `the revision has more than ${mostDigits} digits`);
  const milliseconds = timePattern.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(milliseconds)) return problem(name, text, `${JSON.stringify(time)} is not a time of RFC 3339`);
  return { command: { revision, at: milliseconds } };
}

function problem(name: CommandName, text: string, what: string): { problem: string } {
  const shown = JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
  return {
    problem: `annotation ${commandAnnotations[name]} ${shown} is not followed: ${what}; write REVISION@TIME, for example 7f9a02c4d1@2026-11-20T10:00:00Z, or use tandem ${name}`,
  };
}

/** The command of that name, undefined where there is none or it cannot be read (see commandProblems). */
export function parseCommandOf(
  annotations: Record<string, string> | undefined,
  name: CommandName,
): Command | undefined {
  const text = annotations?.[commandAnnotations[name]];
  if (text === undefined || text === '') return undefined;
  const result = parseCommand(name, text);
  return 'command' in result ? result.command : undefined;
}

/** Commands that cannot be read, each as a sentence for the person who wrote it. */
export function commandProblems(annotations: Record<string, string> | undefined): string[] {
  return commandNames.flatMap((name) => {
    const text = annotations?.[commandAnnotations[name]];
    if (text === undefined || text === '') return [];
    const result = parseCommand(name, text);
    return 'problem' in result ? [result.problem] : [];
  });
}

export type RevisionMatch =
  | { kind: 'One'; revision: string }
  | { kind: 'None' }
  | { kind: 'Many'; revisions: string[] };

/** The one revision among `known` that begins with `prefix`. Too short a prefix matches nothing. */
export function matchRevision(prefix: string, known: readonly string[]): RevisionMatch {
  if (prefix.length < leastDigits) return { kind: 'None' };
  const revisions = [...new Set(known)].filter((revision) => revision.startsWith(prefix));
  const [revision, ...others] = revisions;
  if (revision === undefined) return { kind: 'None' };
  return others.length === 0 ? { kind: 'One', revision } : { kind: 'Many', revisions };
}

/** A command counts when it was given after the ledger's last word on its revision. */
export function isNewer(command: Command, entry: { started: string; ended?: string } | undefined): boolean {
  return entry === undefined || command.at > Date.parse(entry.ended ?? entry.started);
}
