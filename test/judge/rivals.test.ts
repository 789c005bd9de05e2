import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isHigh, shiftInterval } from './rivals.ts';

interface MannWhitneyOracle {
  x: number[];
  y: number[];
  hodgesLehmann: number;
  lower: number;
  upper: number;
  kayentaIncrease: string;
}

const file = new URL('../../src/judge/testdata/judge-oracles.json', import.meta.url);
const oracles = (JSON.parse(readFileSync(file, 'utf8')) as { mannWhitney: MannWhitneyOracle[] }).mannWhitney;

test.each(oracles)('the rival is no straw man: interval of the shift and label of case %#', (oracle) => {
  const { lower, upper, middle } = shiftInterval(oracle.x, oracle.y);
  expect(lower).toBeCloseTo(oracle.lower, 9);
  expect(upper).toBeCloseTo(oracle.upper, 9);
  expect(middle).toBeCloseTo(oracle.hodgesLehmann, 9);
  expect(isHigh(oracle.x, oracle.y) ? 'High' : 'Pass').toBe(oracle.kayentaIncrease);
});
