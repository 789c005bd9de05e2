import { describe, expect, it } from 'vitest';
import { formatAge, formatBar, formatCount, formatInterval, formatSince, formatValue } from './format.ts';
import { createStyle, wantsColor } from './style.ts';
import { formatTable } from './table.ts';

describe('formatAge', () => {
  it.each([
    [0, '0s'],
    [119_000, '119s'],
    [120_000, '2m'],
    [190_000, '3m10s'],
    [59 * 60_000, '59m'],
    [3 * 3_600_000, '3h'],
    [5.5 * 3_600_000, '5h30m'],
    [30 * 3_600_000, '30h'],
    [3 * 86_400_000, '3d'],
    [20 * 86_400_000, '20d'],
    [-5000, '0s'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(formatAge(milliseconds)).toBe(text);
  });
});

it('shows a dash for a moment that is missing or no moment', () => {
  expect([formatSince(undefined, 0), formatSince('soon', 0)]).toEqual(['-', '-']);
});

it.each([
  [0, '0'],
  [999, '999'],
  [8120, '8,120'],
  [1_234_567, '1,234,567'],
])('groups the thousands of %d', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

describe('formatValue', () => {
  it.each([
    ['0.086', 's', '86 ms'],
    ['1.25', 's', '1.25 s'],
    ['125829120', 'bytes', '120 MiB'],
    ['0', 'bytes', '0 B'],
    ['0.25', 'cores', '250m'],
    ['2', 'cores', '2'],
    ['0.0125', 'ratio', '1.25%'],
    ['0.00004', '', '4.0e-5'],
    ['3', 'items', '3 items'],
    ['', 's', '-'],
    [undefined, 's', '-'],
    ['NaN', 's', 'NaN'],
  ])('%j in %j is %j', (text, unit, shown) => {
    expect(formatValue(text, unit)).toBe(shown);
  });
});

it.each([
  [['+18%', '+121%'], '+18% .. +121%'],
  [['', '+5%'], '.. +5%'],
  [['+5%', null], '+5% ..'],
  [['', ''], '-'],
  [undefined, '-'],
])('writes the interval %j', (interval, text) => {
  expect(formatInterval(interval)).toBe(text);
});

it.each([
  [0, '..........   0%'],
  [64, '######....  64%'],
  [100, '########## 100%'],
  [250, '########## 100%'],
  [undefined, '-'],
])('draws %j percent of evidence', (percent, bar) => {
  expect(formatBar(percent, createStyle(false))).toBe(bar);
});

it('aligns coloured cells by what is seen of them', () => {
  const style = createStyle(true);
  const table = formatTable(
    ['A', 'N'],
    [
      [style.bad('red'), '7'],
      ['longer', '12'],
    ],
    ['N'],
  );

  // oxlint-disable-next-line no-control-regex -- the escape sequences are what is tested
  expect(table.replace(/\u001b\[\d+m/g, '')).toBe('A         N\nred       7\nlonger   12\n');
  expect(table).toContain('\u001b[31mred\u001b[39m');
});

it.each([
  [{ isTty: true, env: {} }, true],
  [{ isTty: false, env: {} }, false],
  [{ isTty: true, env: { NO_COLOR: '1' } }, false],
  [{ isTty: true, env: { NO_COLOR: '' } }, true],
  [{ isTty: true, env: { TERM: 'dumb' } }, false],
])('colours for %j: %s', (terminal, wanted) => {
  expect(wantsColor(terminal)).toBe(wanted);
});
