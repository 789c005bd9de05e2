import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['-0s', 0],
    ['90s', 90],
    ['5m', 300],
    ['1h30m', 5400],
    ['1h30m10.5s', 5410.5],
    ['.5s', 0.5],
    ['1.s', 1],
    ['100ms', 0.1],
    ['10us', 0.000_01],
    ['10\u00b5s', 0.000_01],
    ['10\u03bcs', 0.000_01],
    ['1500000000ns', 1.5],
    ['-90s', -90],
    ['+90s', 90],
    ['1s1s', 2],
    ['2562047h', 2562047 * 3600],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    ['', 'it is empty'],
    ['-', 'it is empty'],
    ['5', 'a number has no unit'],
    ['1h5', 'a number has no unit'],
    ['5 m', 'unknown unit " m"'],
    ['5d', 'unknown unit "d"'],
    ['5M', 'unknown unit "M"'],
    ['m', 'a number is expected at "m"'],
    ['.s', 'a number is expected at ".s"'],
    ['1.2.3s', 'a number has no unit'],
    ['--1s', 'a number is expected at "-1s"'],
    [' 1s', 'a number is expected at " 1s"'],
    ['1e3s', 'unknown unit "e"'],
    ['2562048h', 'longer than Go can hold'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });

  it('names the text and shows how to write one', () => {
    expect(() => parseDuration('5 minutes')).toThrow(
      'invalid duration "5 minutes": unknown unit " minutes", known are ns, us, ms, s, m, h; write a number with a unit, such as "90s", "5m" or "1h30m"',
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [300, '5m'],
    [5400, '1h30m'],
    [3600, '1h'],
    [3605, '1h5s'],
    [90, '1m30s'],
    [120.5, '2m0.5s'],
    [0.25, '250ms'],
    [0.000_001_5, '1.5us'],
    [1e-9, '1ns'],
    [0.999_999_999_9, '1s'],
    [59.999_999_999_9, '1m'],
    [-90, '-1m30s'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('refuses what is no duration', () => {
    expect(() => formatDuration(Number.NaN)).toThrow('cannot be written as a duration');
    expect(() => formatDuration(1e11)).toThrow('cannot be written as a duration');
  });

  it('is read back as it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10_000_000_000, max: 10_000_000_000 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds / 1000))).toBeCloseTo(milliseconds / 1000, 6);
      }),
    );
  });
});
