import { describe, expect, it } from 'vitest';
import { behind, lateControllers } from './mutants/provoke.ts';
import { readManifests } from './whole/manifests.ts';
import { createPlan } from './whole/plan.ts';
import { failureText } from './whole/report.ts';
import { play } from './whole/run.ts';

/**
 * The whole operator in one process and virtual time: queue, informers, election, release, evidence and judge against
 * the in-process API, with faults everywhere. `npm run simulate` plays more of it; a failure names its seed.
 */
const manifests = readManifests();
const seeds = [3, 6, 16];

describe('the whole operator', () => {
  it.each(seeds)('keeps the invariants, seed %i', { timeout: 120_000 }, async (seed) => {
    const plan = createPlan(seed);
    const outcome = await play(plan, manifests);
    expect(outcome.violation === undefined ? '' : failureText(plan, outcome)).toBe('');
  });

  it.each([
    ['watches that are minutes behind', behind],
    ['controllers and a kubelet that are behind', lateControllers],
  ])('keeps the invariants with %s', { timeout: 120_000 }, async (_, plan) => {
    const outcome = await play(plan, manifests);
    expect(outcome.violation === undefined ? '' : failureText(plan, outcome)).toBe('');
    expect(outcome.releases).toBeGreaterThan(0);
  });

  it('plays the same history again from the same seed', { timeout: 120_000 }, async () => {
    const once = await play(createPlan(6), manifests);
    const again = await play(createPlan(6), manifests);
    expect(again).toEqual(once);
    expect(once.faults.size).toBeGreaterThan(5);
  });
});
