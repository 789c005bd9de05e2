import { describe, expect, it } from 'vitest';
import { commandProblems, parseCommandOf } from '../api/commands.ts';
import { type CommandName, planCommand } from './commands.ts';
import { CliError } from './exit.ts';
import type { Release, Target } from './release.ts';
import {
  canaryRevision,
  inPhase,
  ledgerLine,
  now,
  release,
  short,
  stableRevision,
  target,
} from './testing/fixtures.ts';

function plan(command: CommandName, of: Release, options: { revision?: string; next?: boolean; of?: Target } = {}) {
  const { revision, next = false } = options;
  const request = { command, next, now, ...(revision === undefined ? {} : { revision }) };
  return planCommand(request, of, 'of' in options ? options.of : target());
}

function failure(run: () => unknown): CliError {
  try {
    run();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('what each command does in each phase', () => {
  it.each<[CommandName, string, string]>([
    ['promote', 'Starting', 'writes'],
    ['promote', 'Analyzing', 'writes'],
    ['promote', 'Held', 'writes'],
    ['promote', 'Rejected', 'writes'],
    ['promote', 'Promoting', 'exit 0'],
    ['promote', 'RollingBack', 'exit 1'],
    ['promote', 'Idle', 'exit 1'],
    ['abort', 'Starting', 'writes'],
    ['abort', 'Analyzing', 'writes'],
    ['abort', 'Held', 'writes'],
    ['abort', 'Rejected', 'exit 0'],
    ['abort', 'Promoting', 'exit 1'],
    ['abort', 'RollingBack', 'exit 0'],
    ['abort', 'Idle', 'exit 1'],
    ['retry', 'Analyzing', 'exit 0'],
    ['retry', 'Held', 'writes'],
    ['retry', 'Rejected', 'writes'],
    ['retry', 'Promoting', 'exit 1'],
    ['retry', 'Idle', 'exit 1'],
    ['hold', 'Analyzing', 'writes'],
    ['hold', 'Held', 'writes'],
    ['hold', 'Rejected', 'exit 1'],
    ['hold', 'Promoting', 'exit 1'],
    ['hold', 'Idle', 'exit 1'],
    ['promote', 'Later', 'exit 1'],
  ])('%s in %s: %s', (command, phase, expected) => {
    const made = plan(command, inPhase(phase));

    expect(made.kind === 'Write' ? 'writes' : `exit ${made.exitCode}`).toBe(expected);
    expect(made.sentence).not.toContain('{');
  });

  it('writes the whole revision and the moment', () => {
    expect(plan('promote', release())).toMatchObject({
      annotations: { 'tandem.dev/promote': `${canaryRevision}@2026-11-20T10:03:00.000Z` },
    });
  });

  it.each<[Exclude<CommandName, 'resume'>, string]>([
    ['promote', 'Held'],
    ['abort', 'Held'],
    ['retry', 'Rejected'],
    ['hold', 'Analyzing'],
  ])('%s is read by the operator as it was meant', (command, phase) => {
    const made = plan(command, inPhase(phase));
    const annotations = made.kind === 'Write' ? (made.annotations as Record<string, string>) : {};

    expect(commandProblems(annotations)).toEqual([]);
    expect(parseCommandOf(annotations, command)).toEqual({ revision: canaryRevision, at: now });
  });

  it('is dated after the last end in the ledger, however slow the clock', () => {
    const rejected = inPhase('Rejected', {}, { ledger: [ledgerLine({ ended: '2026-11-20T11:00:00Z' })] });

    expect(plan('retry', rejected)).toMatchObject({
      annotations: { 'tandem.dev/retry': `${canaryRevision}@2026-11-20T11:00:00.001Z` },
    });
  });

  it.each<[CommandName, string]>([
    ['promote', 'Write'],
    ['retry', 'Write'],
    ['abort', 'Nothing'],
    ['hold', 'Nothing'],
  ])('%s of a version that was taken away without a proof: %s', (command, kind) => {
    expect(plan(command, inPhase('Held', {}, { ledger: [ledgerLine({ outcome: 'NotProven' })] })).kind).toBe(kind);
  });

  it('says what helps where a promotion is stuck', () => {
    const stuck = inPhase('Held', { reason: 'PromotionStuck', message: 'no node has room' });
    const made = plan('promote', stuck, { of: target(undefined, { labels: { 'tandem.dev/gate': 'armed' } }) });

    expect(made).toMatchObject({ kind: 'Nothing', exitCode: 1 });
    expect(made.sentence).toContain('is being promoted already; no node has room');
  });

  it('says that nothing happens before there are pods again', () => {
    const empty = target();
    empty.spec.replicas = 0;

    expect(plan('promote', inPhase('Held', { reason: 'ScaledToZero' }), { of: empty }).sentence).toMatch(
      /^once Deployment checkout is scaled up again: /,
    );
  });

  it('promote --next writes no revision, and works while nothing is held', () => {
    expect(plan('promote', inPhase('Idle'), { next: true })).toMatchObject({
      kind: 'Write',
      annotations: { 'tandem.dev/promote': 'next@2026-11-20T10:03:00.000Z' },
    });
  });

  it('says what to do while nothing is held', () => {
    const idle = inPhase('Idle', {}, { target: { generation: 16, revision: short(stableRevision) } });
    const made = plan('promote', idle, { of: target('shop/checkout:1.41.0', { generation: 16 }) });

    expect(made.sentence).toBe(
      `nothing is held: Deployment checkout runs revision ${short(stableRevision)} on all its pods; to let the next template through untested use promote --next`,
    );
  });
});

describe('resume', () => {
  it('removes the hold', () => {
    const held = release({
      metadata: { annotations: { 'tandem.dev/hold': `${canaryRevision}@2026-11-20T10:00:00Z` } },
    });

    expect(plan('resume', held)).toMatchObject({ annotations: { 'tandem.dev/hold': null } });
  });

  it('has nothing to do where no person holds', () => {
    expect(plan('resume', release())).toMatchObject({ kind: 'Nothing', exitCode: 0 });
  });

  it('works on a suspended release too', () => {
    const held = release({ spec: { suspend: true }, metadata: { annotations: { 'tandem.dev/hold': 'x@y' } } });

    expect(plan('resume', held).kind).toBe('Write');
  });
});

describe('which revision is meant', () => {
  it('accepts a beginning of the held one', () => {
    expect(plan('promote', release(), { revision: canaryRevision.slice(0, 10) }).kind).toBe('Write');
  });

  it('refuses another one', () => {
    const error = failure(() => plan('promote', release(), { revision: short(stableRevision) }));

    expect(error.exitCode).toBe(4);
    expect(error.message).toBe(
      `revision ${short(stableRevision)} is not the one that waits, which is ${short(canaryRevision)}`,
    );
  });

  it('refuses a beginning that another known revision has too', () => {
    const twin = `${canaryRevision.slice(0, 12)}ffffffffffffffffffff`;
    const of = release({
      status: { phase: 'Held', target: { revision: canaryRevision }, ledger: [ledgerLine({ revision: twin })] },
    });

    expect(failure(() => plan('promote', of, { revision: canaryRevision.slice(0, 10) })).message).toContain('could be');
    expect(plan('promote', of, { revision: canaryRevision.slice(0, 20) }).kind).toBe('Write');
  });

  it('refuses while the operator has not seen the template', () => {
    const error = failure(() => plan('promote', release(), { of: target('shop/checkout:1.43.0', { generation: 18 }) }));

    expect(error.exitCode).toBe(1);
    expect(error.message).toContain('has not looked at the newest template');
  });

  it('refuses while no operator runs', () => {
    const fresh = release();
    delete fresh.status;

    expect(failure(() => plan('promote', fresh)).message).toBe('no operator has looked at CanaryRelease checkout yet');
  });

  it('refuses where another Deployment has taken the name', () => {
    expect(failure(() => plan('promote', release(), { of: target(undefined, { uid: 'other' }) })).exitCode).toBe(1);
  });

  it('takes the ledger for a revision that hashes otherwise since an upgrade of the cluster', () => {
    const old = `${'ab'.repeat(5)}${'0'.repeat(22)}`;
    const of = release({
      status: {
        phase: 'Rejected',
        target: { uid: 'target-uid', generation: 17, revision: short(old) },
        ledger: [ledgerLine({ revision: old })],
      },
    });

    expect(plan('retry', of)).toMatchObject({
      annotations: { 'tandem.dev/retry': expect.stringContaining(`${old}@`) as string },
    });
  });
});

describe('a release that cannot act', () => {
  it.each([
    ['suspended', release({ spec: { suspend: true } }), 'is suspended'],
    ['being deleted', release({ metadata: { deletionTimestamp: '2026-11-20T10:00:00Z' } }), 'is being deleted'],
    [
      'invalid',
      release({
        status: {
          phase: 'Invalid',
          conditions: [{ type: 'Stalled', status: 'True', reason: 'GateUnavailable', message: 'no policy' }],
        },
      }),
      'GateUnavailable: no policy',
    ],
  ])('that is %s', (_, of, message) => {
    const error = failure(() => plan('promote', of));

    expect(error.exitCode).toBe(4);
    expect(error.message).toContain(message);
  });

  it('without a target', () => {
    const error = failure(() => plan('abort', release(), { of: undefined }));

    expect([error.exitCode, error.message]).toEqual([
      4,
      'Deployment checkout does not exist, so there is no version to abort',
    ]);
  });
});
