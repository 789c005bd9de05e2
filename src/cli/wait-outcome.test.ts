import { describe, expect, it } from 'vitest';
import type { Release } from './release.ts';
import { canaryRevision, inPhase, ledgerLine, now, release, short, stableRevision } from './testing/fixtures.ts';
import { endKey } from './wait-end.ts';
import { type Awaited, waitStep } from './wait-outcome.ts';

function look(of: Release, known: Partial<Awaited> = {}): string {
  const awaited: Awaited = {
    revision: canaryRevision,
    explicit: false,
    uid: 'release-uid',
    seen: true,
    earlierEnds: new Set(),
    targetNow: undefined,
    gateOpen: false,
    ...known,
  };
  const step = waitStep(of, awaited, now);
  return step.kind === 'End' ? `${step.result} ${step.exitCode}` : 'waiting';
}

function stalled(phase: string, reason: string): Release {
  const conditions = ['Ready', 'Stalled'].map((type) => ({
    type,
    status: type === 'Ready' ? 'False' : 'True',
    reason,
  }));
  return release({ status: { phase, conditions } });
}

const mine = { uid: 'target-uid', generation: 17, revision: short(canaryRevision) };
const another = { uid: 'target-uid', generation: 18, revision: '0123456789' };
const serving = { revision: short(canaryRevision), replicas: 3, ready: 3 };

describe('while the operator speaks of the awaited revision', () => {
  it.each<[string, Release, string]>([
    ['starting', inPhase('Starting'), 'waiting'],
    ['analysing', inPhase('Analyzing'), 'waiting'],
    ['promoting', inPhase('Promoting'), 'waiting'],
    ['rolling back', inPhase('RollingBack'), 'waiting'],
    ['promoted', inPhase('Idle', {}, { stable: serving, ledger: [ledgerLine({ outcome: 'Promoted' })] }), 'Promoted 0'],
    ['already stable', inPhase('Idle', {}, { stable: serving }), 'Promoted 0'],
    ['bypassed', inPhase('Idle', {}, { stable: serving, ledger: [ledgerLine({ outcome: 'Bypassed' })] }), 'Promoted 0'],
    [
      'the ledger is one step ahead',
      inPhase('Idle', {}, { stable: serving, ledger: [ledgerLine({ outcome: 'Promoting' })] }),
      'waiting',
    ],
    ['idle with another stable', inPhase('Idle'), 'waiting'],
    ['the gate is not proven', inPhase('Idle', { reason: 'NotArmed' }, { stable: serving }), 'waiting'],
    ['rejected', inPhase('Rejected', {}, { ledger: [ledgerLine()] }), 'Regression 1'],
    ['rejected, the ledger is lost', inPhase('Rejected'), 'Regression 1'],
    ['aborted', inPhase('Rejected', {}, { ledger: [ledgerLine({ outcome: 'Aborted' })] }), 'Aborted 1'],
    ['not proven', inPhase('Rejected', {}, { ledger: [ledgerLine({ outcome: 'NotProven' })] }), 'Undecided 2'],
    ['held without a verdict', stalled('Held', 'Undecided'), 'Undecided 2'],
    ['held for a moment', stalled('Held', 'Held'), 'waiting'],
    ['held with a contaminated control', inPhase('Held', { reason: 'ContaminatedControl' }), 'Held 2'],
    ['held for a person', inPhase('Held', { reason: 'AwaitingPerson' }), 'Held 2'],
    ['suspended', inPhase('Suspended'), 'Suspended 4'],
    ['an unknown phase', inPhase('Later'), 'waiting'],
  ])('%s', (_, of, expected) => {
    expect(look(of)).toBe(expected);
  });
});

describe('while the operator speaks of another revision', () => {
  it('waits for the first look', () => {
    expect(look(inPhase('Idle', {}, { target: another }), { seen: false })).toBe('waiting');
  });

  it('does not take the verdict about the version before for its own', () => {
    const stale = inPhase('Rejected', {}, { target: another, ledger: [ledgerLine({ revision: stableRevision })] });

    expect(look(stale, { seen: false })).toBe('waiting');
  });

  it('does not take an earlier end of the same revision for this one', () => {
    const earlier = ledgerLine({ outcome: 'Promoted' });
    const of = inPhase('Idle', {}, { target: another, ledger: [earlier] });

    expect(look(of, { seen: false, earlierEnds: new Set([endKey(earlier)]) })).toBe('waiting');
    expect(look(of, { seen: false })).toBe('Promoted 0');
  });

  it.each([
    ['Superseded', 'Superseded 3'],
    ['Reverted', 'Superseded 3'],
    ['Promoted', 'Promoted 0'],
    ['RolledBack', 'Regression 1'],
    ['Promoting', 'waiting'],
    ['Strange', 'Undecided 2'],
  ])('goes by the ledger: %s', (outcome, expected) => {
    expect(look(inPhase('Analyzing', {}, { target: another, ledger: [ledgerLine({ outcome })] }))).toBe(expected);
  });

  it('is superseded once it was seen and is gone', () => {
    expect(look(inPhase('Analyzing', {}, { target: another }))).toBe('Superseded 3');
  });

  it('waits for a promotion that is finished before the next version', () => {
    expect(look(inPhase('Promoting', {}, { target: another }))).toBe('waiting');
  });

  it('is superseded when the target moved on before the first look', () => {
    const of = inPhase('Idle', {}, { target: another });

    expect(look(of, { seen: false, targetNow: stableRevision })).toBe('Superseded 3');
    expect(look(of, { seen: false, targetNow: canaryRevision })).toBe('waiting');
  });

  it('waits for a named revision that nobody has applied yet, and takes an end of it from any time', () => {
    const of = inPhase('Idle', {}, { target: another });
    const past = ledgerLine();
    const known = { seen: false, explicit: true, targetNow: stableRevision, earlierEnds: new Set([endKey(past)]) };

    expect(look(of, known)).toBe('waiting');
    expect(look(inPhase('Idle', {}, { target: another, ledger: [past] }), known)).toBe('Regression 1');
  });
});

describe('a release that cannot go on', () => {
  it('has an open gate', () => {
    const of = inPhase('Idle', { reason: 'NotArmed' }, { stable: serving });

    expect(look(of, { gateOpen: true })).toBe('Suspended 4');
  });

  it('is waited for while its target is missing for now', () => {
    const missing = { type: 'Reconciling', status: 'True', reason: 'TargetNotFound' };

    expect(look(release({ status: { phase: 'Invalid', target: mine, conditions: [missing] } }))).toBe('waiting');
  });

  const invalid = {
    phase: 'Invalid',
    target: mine,
    conditions: [{ type: 'Stalled', status: 'True', reason: 'InvalidSpec' }],
  };

  it.each<[string, Release, string]>([
    ['is being deleted', release({ metadata: { deletionTimestamp: '2026-11-20T10:00:00Z' } }), 'Deleted 4'],
    ['was made anew', release({ metadata: { uid: 'other' } }), 'Deleted 4'],
    ['is suspended', release({ spec: { suspend: true } }), 'Suspended 4'],
    ['is invalid', release({ status: invalid }), 'Invalid 4'],
    ['was invalid before its spec was mended', release({ metadata: { generation: 5 }, status: invalid }), 'waiting'],
  ])('%s', (_, of, expected) => {
    expect(look(of)).toBe(expected);
  });
});

describe('a command that was given just now', () => {
  function commanded(phase: string, at: string, revision = canaryRevision): Release {
    const of = inPhase(phase, { reason: 'AwaitingPerson' }, { ledger: [ledgerLine()] });
    of.metadata.annotations = { 'tandem.dev/promote': `${revision}@${at}` };
    return of;
  }

  it.each([
    ['is waited for while held', 'Held', '2026-11-20T10:02:50.000Z', 'waiting'],
    ['is waited for while rejected', 'Rejected', '2026-11-20T10:02:50.000Z', 'waiting'],
    ['is no excuse after a minute', 'Held', '2026-11-20T10:01:50.000Z', 'Held 2'],
    ['is over when the phase began later', 'Held', '2026-11-20T10:00:09.000Z', 'Held 2'],
  ])('%s', (_, phase, at, expected) => {
    expect(look(commanded(phase, at))).toBe(expected);
  });

  it.each([
    ['is waited for until the operator saw it, whatever the clock of its writer', [], 'waiting'],
    ['is over when the operator saw it', [`${canaryRevision}@2026-11-20T10:03:20.000Z`], 'Held 2'],
  ])('%s', (_, texts, expected) => {
    const of = commanded('Held', '2026-11-20T10:03:20.000Z');
    const commands = texts.map((text) => ({ command: 'promote', text, seen: '2026-11-20T10:02:00.000Z' }));
    expect(look({ ...of, status: { ...of.status, commands } })).toBe(expected);
  });

  it('counts only for its revision', () => {
    expect(look(commanded('Held', '2026-11-20T10:02:50.000Z', stableRevision))).toBe('Held 2');
  });
});
