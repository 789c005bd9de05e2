import { describe, expect, test } from 'vitest';
import { compileCodes } from './codes.ts';
import { isErrorStatus, isSplitGroup } from './status.ts';

function matcher(...codes: string[]): (status: string) => boolean {
  const compiled = compileCodes(codes);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.isError;
}

describe('isErrorStatus', () => {
  test.each([
    'Unknown',
    'UNKNOWN',
    'DeadlineExceeded',
    'DEADLINE_EXCEEDED',
    'Unimplemented',
    'Internal',
    'Unavailable',
    'DataLoss',
  ])('the server is to blame for %s', (code) => {
    expect(isErrorStatus(code, matcher('5..'))).toBe(true);
  });

  test.each(['OK', 'Canceled', 'CANCELLED', 'InvalidArgument', 'NotFound', 'AlreadyExists', 'PermissionDenied'])(
    'the server is not to blame for %s',
    (code) => {
      expect(isErrorStatus(code, matcher('5..'))).toBe(false);
    },
  );

  test.each([
    ['14', ['5..'], true],
    ['0', ['5..'], false],
    ['NotFound', ['NotFound'], true],
    ['RESOURCE_EXHAUSTED', ['429'], true],
    ['5xx', ['5..'], true],
    ['5xx', ['5[0-9]{2}'], true],
    ['5xx', ['503'], false],
    ['4xx', ['5..'], false],
    ['failure', ['5..'], true],
    ['', ['.*'], false],
    ['503', ['5..'], true],
  ])('%s of codes %j: %s', (status, codes, isError) => {
    expect(isErrorStatus(status, matcher(...codes))).toBe(isError);
  });

  test('a class of which the codes name a part', () => {
    expect(isSplitGroup('5xx', matcher('503'))).toBe(true);
    expect(isSplitGroup('5xx', matcher('5..'))).toBe(false);
    expect(isSplitGroup('2xx', matcher('503'))).toBe(false);
    expect(isSplitGroup('503', matcher('503'))).toBe(false);
  });
});
