import { describe, expect, test } from 'vitest';
import { harmful, healthy, stress } from './scenarios.ts';
import { tally } from './tally.ts';

/** A few runs of each scenario; `npm run bench:judge` runs them by the hundred. */
const runs = 3;
const seed = 20_261_120;
/** One canary request a second does not carry this in half an hour, and 20 % of noise hides half of it. */
const slowToFind = new Set(['latency x1.5, 1/s', 'latency x1.5, noise 20 %']);

describe(`simulated releases, seed ${seed}`, () => {
  test.each(healthy)('healthy, $name: not taken back', (scenario) => {
    expect(tally(scenario, runs, seed).rolledBack).toBe(0);
  });
  test.each(stress)('healthy but hard, $name: at most one taken back', (scenario) => {
    expect(tally(scenario, runs, seed).rolledBack).toBeLessThanOrEqual(1);
  });
  test.each(harmful)('harmful, $name: never promoted, mostly found', (scenario) => {
    const found = tally(scenario, runs, seed);
    expect(found.promoted).toBe(0);
    if (!slowToFind.has(scenario.name)) expect(found.rolledBack).toBe(runs);
  });
});
