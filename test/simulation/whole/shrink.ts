import type { Plan } from './plan.ts';
import type { Rates } from './rates.ts';
import type { Outcome } from './run.ts';

/** A plan without some of its parts. */
type Cut = (plan: Plan) => Plan;

function withoutRate(kind: keyof Rates): Cut {
  return (plan) => ({ ...plan, rates: { ...plan.rates, [kind]: 0 } });
}

/** Steps are cut in halves first, then in smaller and smaller pieces. */
function cutsOf(plan: Plan): Cut[] {
  const rates = (Object.keys(plan.rates) as (keyof Rates)[]).filter((kind) => plan.rates[kind] > 0).map(withoutRate);
  const pieces: Cut[] = [];
  for (let size = Math.ceil(plan.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < plan.steps.length; from += size)
      pieces.push((before) => ({ ...before, steps: before.steps.filter((_, at) => at < from || at >= from + size) }));
  }
  const single: Cut = (before) => ({ ...before, operators: 1 });
  return [...pieces, ...rates, ...(plan.operators > 1 ? [single] : [])];
}

/**
 * A smaller plan that goes against the same invariant: parts are left out as long as it still does.
 *
 * @param most plays that are tried
 */
export async function shrink(
  plan: Plan,
  invariant: number,
  play: (plan: Plan) => Promise<Outcome>,
  most = 60,
): Promise<{ plan: Plan; outcome: Outcome | undefined }> {
  let best = plan;
  let outcome: Outcome | undefined;
  let tried = 0;
  for (let again = true; again && tried < most; ) {
    again = false;
    for (const cut of cutsOf(best)) {
      if (tried >= most) break;
      const smaller = cut(best);
      if (JSON.stringify(smaller) === JSON.stringify(best)) continue;
      tried += 1;
      const played = await play(smaller);
      if (played.violation?.invariant !== invariant) continue;
      best = smaller;
      outcome = played;
      again = true;
      break;
    }
  }
  return { plan: best, outcome };
}
