import { describe, expect, it } from 'vitest';
import { buildMutant } from './mutants/build.ts';
import { mutants } from './mutants/list.ts';
import { promotion } from './mutants/provoke.ts';
import { readManifests } from './whole/manifests.ts';
import type { Plan } from './whole/plan.ts';
import { shrink } from './whole/shrink.ts';

/** A failure is worth what one can do with it: its history is made smaller, and what is left fails again, the same way. */
describe('a history that fails', () => {
  it('is made smaller, and plays the same again from its plan as text', { timeout: 120_000 }, async () => {
    const manifests = readManifests();
    const index = mutants.findIndex(({ name }) => name === 'resumes without resourceVersion');
    const broken = mutants[index];
    if (broken === undefined) throw new Error('the mutant is gone');
    const playBroken = await buildMutant(broken, 1000 + index);
    const play = (plan: Plan): ReturnType<typeof playBroken> => playBroken(plan, manifests);
    const plan: Plan = {
      ...promotion,
      operators: 2,
      rates: { ...promotion.rates, watchDoubled: 0.2, slowCall: 0.1 },
      steps: [
        { at: 1000, what: 'pod deleted', target: 0, value: 1 },
        ...promotion.steps,
        { at: 200_000, what: 'restart', target: 0 },
      ],
    };

    const small = await shrink(plan, 7, play);
    expect(small.plan.steps.length).toBeLessThan(plan.steps.length);
    expect(small.plan.operators).toBe(1);
    expect(small.outcome?.violation).toMatchObject({ invariant: 7 });
    const again = await play(JSON.parse(JSON.stringify(small.plan)) as Plan);
    expect(again).toEqual(small.outcome);
  });
});
