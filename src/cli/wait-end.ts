import { type ExitCode, exitCodes } from './exit.ts';
import { formatRevision } from './format.ts';
import type { LedgerLine } from './release.ts';

export type WaitResult =
  | 'Promoted'
  | 'Regression'
  | 'Aborted'
  | 'Undecided'
  | 'Held'
  | 'TimedOut'
  | 'Superseded'
  | 'Invalid'
  | 'Suspended'
  | 'Deleted';

export interface WaitEnd {
  kind: 'End';
  result: WaitResult;
  exitCode: ExitCode;
  sentence: string;
}

const codes: Record<WaitResult, ExitCode> = {
  Promoted: exitCodes.ok,
  Regression: exitCodes.failure,
  Aborted: exitCodes.failure,
  Undecided: exitCodes.undecided,
  Held: exitCodes.undecided,
  TimedOut: exitCodes.undecided,
  Superseded: exitCodes.superseded,
  Invalid: exitCodes.unusable,
  Suspended: exitCodes.unusable,
  Deleted: exitCodes.unusable,
};

export function end(result: WaitResult, sentence: string): WaitEnd {
  return { kind: 'End', result, exitCode: codes[result], sentence };
}

const underWay = ['Promoting', 'RollingBack'];

const untested: [WaitResult, string] = ['Promoted', 'runs on all pods without a test, which counts as promoted'];

/** Outcomes of the ledger as answers of `wait`. */
const outcomes: Record<string, [WaitResult, string]> = {
  Promoted: ['Promoted', 'is promoted'],
  Adopted: untested,
  Bypassed: untested,
  Untested: untested,
  Superseded: ['Superseded', 'was superseded'],
  Reverted: ['Superseded', 'was superseded: the template went back to what stable runs'],
  Aborted: ['Aborted', 'was aborted'],
  NotProven: ['Undecided', 'was taken back without a verdict'],
  RolledBack: ['Regression', 'was taken back'],
};

/** What makes one end of one revision different from an earlier end of the same. */
export function endKey(entry: LedgerLine): string {
  return `${entry.revision}@${entry.ended ?? ''}`;
}

/** The end that a ledger entry tells; undefined while its outcome is still under way. */
export function ledgerEnd(entry: LedgerLine): WaitEnd | undefined {
  const outcome = entry.outcome ?? 'unknown';
  if (underWay.includes(outcome)) return undefined;
  const [result, words] = outcomes[outcome] ?? (['Undecided', `ended as ${outcome}`] as const);
  const why = entry.sentence ? `: ${entry.sentence}` : '';
  return end(result, `revision ${formatRevision(entry.revision)} ${words}${why}`);
}
