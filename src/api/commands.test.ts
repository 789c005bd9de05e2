import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandProblems, isNewer, matchRevision, parseCommand, parseCommandOf } from './commands.ts';

const at = Date.UTC(2026, 10, 20, 10);
const time = '2026-11-20T10:00:00Z';

describe('parseCommand', () => {
  it.each([
    [`7f9a02c4d1@${time}`, '7f9a02c4d1', at],
    [`7f9a02c4d17f9a02c4d17f9a02c4d1ab@${time}`, '7f9a02c4d17f9a02c4d17f9a02c4d1ab', at],
    ['7f9a02c4d1@2026-11-20T12:00:00.250+02:00', '7f9a02c4d1', at + 250],
    [` 7f9a02c4d1 @ ${time} `, '7f9a02c4d1', at],
    [`next@${time}`, 'next', at],
  ])('reads %s', (text, revision, moment) => {
    expect(parseCommand('promote', text)).toEqual({ command: { revision, at: moment } });
  });

  it.each([
    ['7f9a02c4d1', 'the time are missing'],
    [`7f9a02@${time}`, 'fewer than 10 digits'],
    [`@${time}`, 'fewer than 10 digits'],
    [`${'a'.repeat(33)}@${time}`, 'more than 32 digits'],
    [`7F9A02C4D1@${time}`, 'hexadecimal'],
    [`latest@${time}`, 'hexadecimal'],
    ['7f9a02c4d1@', 'is not a time'],
    ['7f9a02c4d1@now', 'is not a time'],
    ['7f9a02c4d1@2026-11-20', 'is not a time'],
    ['7f9a02c4d1@2026-13-40T10:00:00Z', 'is not a time'],
    [`7f9a02c4d1@2026-11-20T10:00:00.${'0'.repeat(120)}Z`, 'more than 128 characters'],
    [`next${' '.repeat(120)}@${time}`, 'more than 128 characters'],
  ])('refuses %j, says why, and how to write it', (text, why) => {
    const result = parseCommand('promote', text);
    expect(result).toEqual({ problem: expect.stringContaining(why) as string });
    expect(result).toEqual({ problem: expect.stringContaining('7f9a02c4d1@2026-11-20T10:00:00Z') as string });
  });

  it('knows next for promote only', () => {
    expect(parseCommand('retry', `next@${time}`)).toEqual({
      problem: expect.stringContaining('promote only') as string,
    });
  });

  it('never throws and never shows more than a line of what was written', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5000 }), (text) => {
        const result = parseCommand('abort', text);
        if ('problem' in result) expect(result.problem.length).toBeLessThan(1000);
      }),
    );
  });
});

describe('parseCommandOf', () => {
  it('finds the command of its name', () => {
    const annotations = { 'tandem.dev/promote': `next@${time}`, 'tandem.dev/abort': 'broken', 'tandem.dev/hold': '' };
    expect(parseCommandOf(annotations, 'promote')).toEqual({ revision: 'next', at });
    expect(parseCommandOf(annotations, 'abort')).toBeUndefined();
    expect(parseCommandOf(annotations, 'hold')).toBeUndefined();
    expect(parseCommandOf(undefined, 'retry')).toBeUndefined();
    expect(commandProblems(annotations)).toEqual([expect.stringContaining('tandem.dev/abort "broken"') as string]);
  });
});

describe('matchRevision', () => {
  const known = ['7f9a02c4d1aaaaaa', '7f9a02c4d1bbbbbb', '5e11c07b9e3f4a00', '5e11c07b9e3f4a00'];

  it('finds one, none or several', () => {
    expect(matchRevision('5e11c07b9e', known)).toEqual({ kind: 'One', revision: '5e11c07b9e3f4a00' });
    expect(matchRevision('7f9a02c4d1b', known)).toEqual({ kind: 'One', revision: '7f9a02c4d1bbbbbb' });
    expect(matchRevision('7f9a02c4d1', known)).toEqual({ kind: 'Many', revisions: known.slice(0, 2) });
    expect(matchRevision('0000000000', known)).toEqual({ kind: 'None' });
  });

  it('takes nothing that could be found by trying', () => {
    expect(matchRevision('5e11c07b9', known)).toEqual({ kind: 'None' });
  });
});

describe('isNewer', () => {
  const started = '2026-11-20T09:00:00Z';

  it('counts from the last word of the ledger', () => {
    const command = { revision: '7f9a02c4d1', at };
    expect(isNewer(command, undefined)).toBe(true);
    expect(isNewer(command, { started })).toBe(true);
    expect(isNewer(command, { started, ended: '2026-11-20T09:59:59Z' })).toBe(true);
    expect(isNewer(command, { started, ended: time })).toBe(false);
  });
});
