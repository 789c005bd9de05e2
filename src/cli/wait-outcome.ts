import { commandAnnotations } from '../api/names.ts';
import { formatRevision } from './format.ts';
import {
  conditionOf,
  isObserved,
  type LedgerLine,
  messageOf,
  phaseOf,
  type Release,
  sameRevision,
  targetNameOf,
} from './release.ts';
import { end, endKey, ledgerEnd, type WaitEnd } from './wait-end.ts';

export type WaitStep = WaitEnd | { kind: 'Waiting'; note: string; unseen: boolean };

/** What `wait` knows besides the object that it looks at. */
export interface Awaited {
  revision: string;
  /** Named by the person: it need not be the target's template now. */
  explicit: boolean;
  /** UID of the CanaryRelease at the start. */
  uid: string | undefined;
  /** The operator has been seen with this revision as the target's. */
  seen: boolean;
  /** Ends that stood in the ledger before (see `endKey`): not those of this wait. */
  earlierEnds: ReadonlySet<string>;
  /** Revision of the target's template as last read, undefined if it was not. */
  targetNow: string | undefined;
  /** A person has opened the gate of the target. */
  gateOpen: boolean;
}

/** How long after a command the phase that it is about to end is no answer yet. */
const commandGraceMs = 60_000;

/**
 * Where the awaited revision stands, from one look at the release. An end is told only from what the operator wrote
 * about this very revision, never from conditions that may still speak of the one before. `now` is milliseconds.
 */
export function waitStep(release: Release, awaited: Awaited, now: number): WaitStep {
  const unusable = unusableEnd(release, awaited);
  if (unusable !== undefined) return unusable;
  if (sameRevision(release.status?.target?.revision, awaited.revision)) return stepInPhase(release, awaited, now);
  return stepElsewhere(release, awaited);
}

function unusableEnd(release: Release, awaited: Awaited): WaitEnd | undefined {
  const name = `CanaryRelease ${release.metadata.name}`;
  const replaced = awaited.uid !== undefined && release.metadata.uid !== awaited.uid;
  if (replaced || release.metadata.deletionTimestamp !== undefined) return end('Deleted', `${name} was deleted`);
  if (release.spec?.suspend === true) return end('Suspended', `${name} is suspended: nothing is tested`);
  if (!isInvalid(release)) return undefined;
  const stalled = conditionOf(release, 'Stalled');
  return end('Invalid', `${name} cannot run: ${stalled?.reason ?? 'Invalid'}: ${messageOf(release)}`);
}

/** For good: a missing target is waited for, and what was said of an older spec is no answer. */
function isInvalid(release: Release): boolean {
  const passing = conditionOf(release, 'Reconciling')?.status === 'True';
  return phaseOf(release) === 'Invalid' && isObserved(release) && !passing;
}

function waiting(note: string, unseen = false): WaitStep {
  return { kind: 'Waiting', note, unseen };
}

function stepInPhase(release: Release, awaited: Awaited, now: number): WaitStep {
  const sentence = messageOf(release);
  switch (phaseOf(release)) {
    case 'Idle':
      return stepIdle(release, awaited);
    case 'Rejected':
      return pendingCommand(release, awaited, now) ? waiting(sentence) : rejectedEnd(release, awaited);
    case 'Held':
      return stepHeld(release, awaited, now);
    case 'Suspended':
      return end('Suspended', `CanaryRelease ${release.metadata.name} is suspended: nothing is tested`);
    default:
      return waiting(sentence);
  }
}

function stepIdle(release: Release, awaited: Awaited): WaitStep {
  const ready = conditionOf(release, 'Ready');
  if (awaited.gateOpen) {
    const message = `a person opened the gate of Deployment ${targetNameOf(release)}: nothing is tested`;
    return end('Suspended', message);
  }
  if (ready?.reason === 'NotArmed') return waiting(ready.message ?? 'the gate is not proven yet');
  const entry = entryFor(release, awaited);
  const name = `revision ${formatRevision(awaited.revision)}`;
  if (entry !== undefined && isNewEnd(entry, awaited)) return ledgerEnd(entry) ?? waiting(messageOf(release));
  if (!sameRevision(release.status?.stable?.revision, awaited.revision)) return waiting(messageOf(release));
  return end('Promoted', `${name} is what stable runs: nothing had to be tested, which counts as promoted`);
}

function rejectedEnd(release: Release, awaited: Awaited): WaitEnd {
  const entry = entryFor(release, awaited);
  const told = entry === undefined ? undefined : ledgerEnd(entry);
  if (told !== undefined && told.result !== 'Promoted' && told.result !== 'Superseded') return told;
  return end('Regression', `revision ${formatRevision(awaited.revision)} was taken back: ${messageOf(release)}`);
}

/** Held for a person, or for want of a verdict; not for a moment, until a target that was resumed is paused again. */
function stepHeld(release: Release, awaited: Awaited, now: number): WaitStep {
  const why = messageOf(release);
  const momentary = conditionOf(release, 'Ready')?.reason === 'Held';
  if (momentary || pendingCommand(release, awaited, now)) return waiting(why);
  const name = `revision ${formatRevision(awaited.revision)}`;
  const stalled = conditionOf(release, 'Stalled')?.status === 'True';
  return stalled ? end('Undecided', `${name} is held: ${why}`) : end('Held', `${name} waits for a person: ${why}`);
}

/** The operator speaks of another revision: it has not come to this one yet, or is past it. */
function stepElsewhere(release: Release, awaited: Awaited): WaitStep {
  const name = `revision ${formatRevision(awaited.revision)}`;
  const entry = entryFor(release, awaited);
  const counts = awaited.explicit || isNewEnd(entry, awaited);
  if (entry !== undefined && counts) return ledgerEnd(entry) ?? waiting(`${name} is being finished`);
  if (awaited.seen && phaseOf(release) === 'Promoting') return waiting(`${name} is being finished`);
  if (awaited.seen) {
    return end('Superseded', `${name} was superseded by ${formatRevision(release.status?.target?.revision)}`);
  }
  if (isOvertaken(awaited)) {
    return end('Superseded', `${name} was superseded by ${formatRevision(awaited.targetNow)} before its test began`);
  }
  return waiting(`the operator has not looked at ${name} yet`, true);
}

function isNewEnd(entry: LedgerLine | undefined, awaited: Awaited): boolean {
  return entry !== undefined && !awaited.earlierEnds.has(endKey(entry));
}

function isOvertaken(awaited: Awaited): boolean {
  const moved = awaited.targetNow !== undefined && !sameRevision(awaited.targetNow, awaited.revision);
  return moved && !awaited.explicit;
}

function entryFor(release: Release, awaited: Awaited): LedgerLine | undefined {
  return release.status?.ledger?.find((entry) => sameRevision(entry.revision, awaited.revision));
}

/** A person gave a command about this revision just now, and the operator has not acted on it yet. */
function pendingCommand(release: Release, awaited: Awaited, now: number): boolean {
  const since = Date.parse(release.status?.phaseSince ?? '');
  const keys = [commandAnnotations.promote, commandAnnotations.retry, commandAnnotations.abort];
  return keys.some((key) => {
    const text = release.metadata.annotations?.[key] ?? '';
    const [revision, moment] = text.split('@');
    const at = Date.parse(moment ?? '');
    // What the operator saw stands in the status that tells what it did about it. An older operator goes by the time.
    const isNew = release.status?.commands?.every((seen) => seen.text !== text) ?? at > since;
    return sameRevision(revision, awaited.revision) && isNew && Math.abs(now - at) < commandGraceMs;
  });
}
