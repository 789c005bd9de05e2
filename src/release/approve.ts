import { type CommandName, isNewer } from '../api/commands.ts';
import { BY_ANNOTATION } from '../api/names.ts';
import type { LedgerEntry } from '../api/schema.ts';
import type { VerdictName } from '../judge/verdict.ts';
import { commandOf } from './commands.ts';
import { type Draft, event, exactTime, type PhaseState, record, seenSince, wake } from './draft.ts';
import { shortRevision } from './revision.ts';

/** Lets the held template roll. The approval stands in the ledger before the write that resumes the target. */
export function approve(
  draft: Draft,
  why: { reason: string; sentence: string; by?: string; verdict: VerdictName | '' },
): PhaseState {
  record(draft, { ...why, outcome: 'Promoting' });
  const note = `${shortRevision(draft.facts.revision)}: ${why.sentence}`;
  event(draft, 'Normal', 'Approved', 'Promote', note);
  return resume(draft, why.sentence);
}

/** Resumes exactly the template that was looked at; on a conflict the next pass looks again. */
export function resume(draft: Draft, message: string): PhaseState {
  const { facts, snapshot } = draft;
  const resourceVersion = facts.target.metadata.resourceVersion ?? '';
  draft.actions.push({ kind: 'ResumeTarget', revision: facts.revision, resourceVersion });
  wake(draft, snapshot.now + 1000);
  return { phase: 'Promoting', reason: 'Promoting', message };
}

/** Whether the command speaks of this revision and was seen after the ledger's last word on it. */
export function commanded(draft: Draft, name: CommandName, entry: LedgerEntry | undefined): boolean {
  const command = commandOf(draft, name);
  if (command === undefined || command.revision === 'next') return false;
  if (!draft.facts.revision.startsWith(command.revision)) return false;
  return isNewer(command, entry);
}

export function retried(draft: Draft, entry: LedgerEntry | undefined): boolean {
  return commanded(draft, 'retry', entry);
}

/** Who promoted the held revision by hand; undefined when nobody did. */
export function promotedBy(draft: Draft, entry: LedgerEntry | undefined): string | undefined {
  return commanded(draft, 'promote', entry) ? nameOf(draft) : undefined;
}

/** `promote: next` lets exactly one template through: the first one that is seen after it, or together with it. */
export function promotedNextBy(draft: Draft): string | undefined {
  const command = commandOf(draft, 'promote');
  if (command?.revision !== 'next') return undefined;
  const { status, snapshot, facts } = draft;
  const used = (status.ledger ?? []).some(({ seen, started }) => Date.parse(seen ?? started) >= command.at);
  const running = status.canary?.revision === shortRevision(facts.revision) ? status.canary.started : undefined;
  const heldSince = Date.parse(seenSince(draft) ?? running ?? exactTime(snapshot.now));
  return used || heldSince < command.at ? undefined : nameOf(draft);
}

function nameOf(draft: Draft): string {
  return draft.snapshot.release.metadata.annotations?.[BY_ANNOTATION] ?? 'a person';
}
