import type { LedgerEntry } from '../api/schema.ts';
import { type Draft, event, learn, moment } from './draft.ts';
import type { TrackFacts } from './facts.ts';
import { recorded } from './ledger.ts';
import { createdAt } from './pods.ts';
import { shortRevision } from './revision.ts';

/** Writes down how the release of the version that has a canary now ended without a verdict. */
export function endRunning(draft: Draft, outcome: 'Reverted' | 'Superseded', why: string): void {
  const { facts, status } = draft;
  const canary = facts.canary;
  if (canary === undefined || (status.ledger ?? []).some((entry) => isWritten(entry, canary))) return;
  const images = status.canary?.images ?? [];
  const now = moment(draft);
  const entry: LedgerEntry = {
    revision: canary.revision,
    images,
    generation: 0,
    verdict: 'Undecided',
    outcome,
    by: '',
    reason: outcome,
    sentence: why,
    started: status.canary?.started ?? now,
    ended: now,
  };
  status.ledger = recorded(status.ledger, entry, facts.stable === undefined ? [] : [facts.stable.revision]);
  learn(draft);
  event(draft, 'Normal', outcome, 'EndRelease', `${shortRevision(canary.revision)}: ${why}`);
}

/** The end of this very canary stands in the ledger already. */
function isWritten(entry: LedgerEntry, canary: TrackFacts): boolean {
  const at = Date.parse(entry.ended ?? entry.started);
  return entry.revision === canary.revision && at >= createdAt(canary.deployment);
}
