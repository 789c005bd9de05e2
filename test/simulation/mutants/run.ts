import type { Plan } from '../whole/plan.ts';
import { type Outcome, play } from '../whole/run.ts';
import { buildMutant } from './build.ts';
import { type Mutant, mutants } from './list.ts';

/** The first violation that a mutant is caught by; undefined: the simulation does not see it. */
export async function catchMutant(
  mutant: Mutant,
  manifests: readonly string[],
  more: readonly Plan[] = [],
): Promise<Outcome['violation']> {
  const playMutant = await buildMutant(mutant, mutants.indexOf(mutant));
  for (const plan of [...mutant.plans, ...more]) {
    const { violation } = await playMutant(plan, manifests);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

/** The sound operator passes what the mutants are caught by: the first plan that it does not. */
export async function checkPlans(plans: readonly Plan[], manifests: readonly string[]): Promise<Outcome['violation']> {
  for (const plan of new Set(plans)) {
    const { violation } = await play(plan, manifests);
    if (violation !== undefined) return violation;
  }
  return undefined;
}
