import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPercent, parsePercent } from './percent.ts';

describe('parsePercent', () => {
  it.each([
    ['25%', 0.25],
    ['0%', 0],
    ['0.5%', 0.005],
    ['1%', 0.01],
    ['7%', 0.07],
    ['100%', 1],
    ['250%', 2.5],
  ])('%s is %d', (text, fraction) => {
    expect(parsePercent(text)).toBe(fraction);
  });

  it.each([
    ['25', 'the percent sign is missing'],
    ['', 'not a number'],
    ['%', 'not a number'],
    ['-5%', 'not a number'],
    ['.5%', 'not a number'],
    ['5 %', 'not a number'],
    ['5%%', 'not a number'],
    ['1e2%', 'not a number'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parsePercent(text)).toThrow(message);
  });
});

describe('formatPercent', () => {
  it.each([
    [0.25, {}, '25%'],
    [0.07, {}, '7%'],
    [1 / 3, {}, '33.3333%'],
    [1 / 3, { digits: 0 }, '33%'],
    [0.64, { sign: true }, '+64%'],
    [-0.035, { sign: true, digits: 1 }, '-3.5%'],
    [-0.000_000_1, { sign: true }, '0%'],
  ])('%d with %j is %s', (fraction, options, text) => {
    expect(formatPercent(fraction, options)).toBe(text);
  });

  it('refuses what is no number', () => {
    expect(() => formatPercent(Number.NaN)).toThrow('not finite');
  });

  it('is read back as it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (parts) => {
        expect(parsePercent(formatPercent(parts / 1e6))).toBeCloseTo(parts / 1e6, 9);
      }),
    );
  });
});
