import { describe, expect, it } from 'vitest';
import { mutants } from './mutants/list.ts';
import { catchMutant } from './mutants/run.ts';
import { readManifests } from './whole/manifests.ts';

/** The simulation is known to see: an operator that is broken on purpose is caught. All: npm run simulate -- --mutants. */
const quick = [
  'resumes without resourceVersion',
  'does not consult the ledger',
  'does not delete the canary',
  'asks a source that is not for the namespace',
  'counts no end',
  'does not start again after 410',
];

describe('a broken operator is caught', () => {
  it.each(mutants.filter(({ name }) => quick.includes(name)))('$name', { timeout: 120_000 }, async (mutant) => {
    expect(await catchMutant(mutant, readManifests())).toBeDefined();
  });

  it('every mutant has a history of its own', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(10);
    expect(mutants.filter(({ plans }) => plans.length === 0)).toEqual([]);
  });
});
