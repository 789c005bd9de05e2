import { describe, expect, test } from 'vitest';
import { Dispersion, rateSpread } from './dispersion.ts';
import { Scatter } from './scatter.ts';

const options = { phi: 1, prior: 0.05, priorWeight: 4 };

describe('dispersion', () => {
  test('a chance excess is none, a burst is one', () => {
    const calm = new Dispersion([1]);
    const bursty = new Dispersion([1]);
    for (let row = 0; row < 100; row += 1) {
      calm.add([4 + (row % 3), 5, 6 - (row % 2)], [100, 100, 100]);
      bursty.add(row % 2 === 0 ? [12, 0, 0] : [0, 0, 12], [100, 100, 100]);
    }
    expect(calm.significantPhi).toBe(1);
    expect(bursty.significantPhi).toBe(bursty.phi);
    expect(bursty.phi).toBeGreaterThan(5);
  });
  test('one pod shows its bursts over time', () => {
    const scatter = new Scatter(15, true);
    for (let row = 0; row < 240; row += 1) {
      scatter.add([{ pod: 'only', events: row % 10 === 0 ? 20 : 0, exposure: 400 }]);
    }
    expect(scatter.phi).toBeGreaterThan(10);
  });
  test('without a past at least the unknown dispersion is assumed', () => {
    expect(new Scatter(15, false).phi).toBe(3);
    expect(new Scatter(15, true).phi).toBe(1);
  });
});

describe('spread of a rate between pods', () => {
  test('a lasting difference shows', () => {
    expect(rateSpread([100, 100, 200], [10_000, 10_000, 10_000], options)).toBeGreaterThan(0.2);
    expect(rateSpread([100, 105, 95], [10_000, 10_000, 10_000], options)).toBeLessThan(0.05);
  });
  test('a handful of events on one pod is no difference between pods', () => {
    expect(rateSpread([0, 0, 4], [10_000, 10_000, 10_000], options)).toBeLessThan(0.05);
  });
});
