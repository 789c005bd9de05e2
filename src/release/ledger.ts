import type { CanaryReleaseStatus, LedgerEntry, LedgerOutcome } from '../api/schema.ts';
import { longestLedger } from '../api/status-schema.ts';

/** Outcomes after which the same template stays held until somebody says retry or promote. */
const rejectedOutcomes: readonly LedgerOutcome[] = ['RolledBack', 'RollingBack', 'Aborted'];
/** Outcomes after which the same template needs no new test. */
const knownGoodOutcomes: readonly LedgerOutcome[] = ['Promoted', 'Adopted'];

/** Outcomes after which a version served all of the target. */
const servedOutcomes: readonly LedgerOutcome[] = ['Promoted', 'Adopted', 'Untested', 'Bypassed'];

export function hasServed(entry: LedgerEntry | undefined): boolean {
  return entry !== undefined && servedOutcomes.includes(entry.outcome);
}

export function isRejected(entry: LedgerEntry | undefined): boolean {
  return entry !== undefined && rejectedOutcomes.includes(entry.outcome);
}

export function isKnownGood(entry: LedgerEntry | undefined): boolean {
  return entry !== undefined && knownGoodOutcomes.includes(entry.outcome);
}

/**
 * Puts the entry first and replaces an older one of the same revision. At most ten are kept; those of `keep`
 * (the held revision and stable's) never fall out.
 */
export function recorded(ledger: LedgerEntry[] | undefined, entry: LedgerEntry, keep: string[]): LedgerEntry[] {
  const others = (ledger ?? []).filter((item) => item.revision !== entry.revision);
  const all = [entry, ...others];
  while (all.length > longestLedger) {
    const drop = all.findLastIndex((item, index) => index > 0 && !keep.includes(item.revision));
    all.splice(drop === -1 ? all.length - 1 : drop, 1);
  }
  return all;
}

/** The revision that was approved and is rolling out, if any. */
export function promoting(ledger: LedgerEntry[] | undefined): LedgerEntry | undefined {
  return ledger?.find((entry) => entry.outcome === 'Promoting' || entry.outcome === 'RollingBack');
}

/** Entries that ended by this decision. */
export function newEnds(before: CanaryReleaseStatus | undefined, after: CanaryReleaseStatus): LedgerEntry[] {
  const known = new Set((before?.ledger ?? []).map(endKey));
  return (after.ledger ?? []).filter(
    (entry) => entry.ended !== undefined && entry.outcome !== 'Adopted' && !known.has(endKey(entry)),
  );
}

function endKey(entry: LedgerEntry): string {
  return `${entry.revision} ${entry.outcome} ${entry.ended ?? ''}`;
}
