import { describe, expect, test } from 'vitest';
import { compileCodes } from './codes.ts';

function errorsOf(codes: string[], statuses: string[]): string[] {
  const compiled = compileCodes(codes);
  if (!compiled.ok) throw new Error(compiled.message);
  return statuses.filter(compiled.isError);
}

describe('compileCodes', () => {
  test.each([
    [['5..'], ['500', '5xx', '503'], ['200', '4500', '50', '']],
    [['5..', '429'], ['500', '429'], ['428']],
    [['[45][0-9]{2}'], ['404', '500'], ['40', '301']],
    [['5\\d\\d|Internal'], ['500', 'Internal'], ['5xx', 'Internal2']],
    [['(?:502|504)'], ['502', '504'], ['503']],
    [['5.*'], ['5', '500'], ['45']],
  ])('%j', (codes, errors, others) => {
    expect(errorsOf(codes, [...errors, ...others])).toEqual(errors);
  });

  test.each([
    ['(5+)+', 'repeats more than once, or repeats a group; write one expression per code'],
    ['(5|5)*', 'repeats more than once, or repeats a group; write one expression per code'],
    ['5*5*x', 'repeats more than once, or repeats a group; write one expression per code'],
    ['(5){9}', 'repeats more than once, or repeats a group; write one expression per code'],
    ['(?=5)', 'looks around or back; write it without'],
    ['(5)\\1', 'looks around or back; write it without'],
    ['[5', 'is no regular expression'],
    ['5'.repeat(101), 'is longer than 100 characters'],
  ])('refuses %s', (code, problem) => {
    expect(compileCodes(['5..', code])).toEqual({
      ok: false,
      message: `errors.codes[1] ${JSON.stringify(code)} ${problem}`,
    });
  });
});
