import { parseArgs } from 'node:util';
import { mutants } from './mutants/list.ts';
import { catchMutant, checkPlans } from './mutants/run.ts';
import { readManifests } from './whole/manifests.ts';
import { createPlan, type Plan } from './whole/plan.ts';
import { failureText, Tally } from './whole/report.ts';
import { type Outcome, play } from './whole/run.ts';
import { shrink } from './whole/shrink.ts';

const usage = `npm run simulate -- [--seeds N] [--minutes M] [--from SEED]
npm run simulate -- --seed SEED [--no-shrink]
npm run simulate -- --mutants [--only TEXT]

Plays histories of the whole operator in virtual time, each from its seed, until N are played or M minutes are over.
With --mutants it breaks the operator in known ways, one after the other, and says by what each was caught and how long
that took; --only leaves out those whose name does not have TEXT in it.
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const manifests = readManifests();
const run = (plan: Plan): Promise<Outcome> => play(plan, manifests);

async function one(seed: number, tally: Tally): Promise<void> {
  const plan = createPlan(seed);
  const outcome = await run(plan);
  tally.add(outcome);
  if (outcome.violation === undefined) return;
  tally.failures.push(`seed ${seed}: invariant ${outcome.violation.invariant}: ${outcome.violation.message}`);
  const small = values['no-shrink'] ? undefined : await shrink(plan, outcome.violation.invariant, run);
  process.stdout.write(`${failureText(small?.plan ?? plan, small?.outcome ?? outcome)}\n`);
}

async function runMutants(): Promise<number> {
  const chosen = mutants.filter(({ name }) => name.includes(values.only));
  const sound = await checkPlans(
    chosen.flatMap(({ plans }) => plans),
    manifests,
  );
  if (sound !== undefined) process.stdout.write(`the sound operator: invariant ${sound.invariant}: ${sound.message}\n`);
  let missed = 0;
  for (const mutant of chosen) {
    const started = performance.now();
    const caught = await catchMutant(mutant, manifests);
    if (caught === undefined) missed += 1;
    const by =
      caught === undefined ? 'NOT CAUGHT' : `caught by ${caught.invariant} (${caught.name}): ${caught.message}`;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(`${mutant.name}: ${by} (${seconds} s)\n`);
  }
  process.stdout.write(`${chosen.length - missed} of ${chosen.length} mutants caught\n`);
  return missed === 0 && sound === undefined && chosen.length > 0 ? 0 : 1;
}

async function main(): Promise<number> {
  if (values.mutants) return runMutants();
  const tally = new Tally();
  if (values.seed !== undefined) await one(Number(values.seed), tally);
  else {
    const seeds = Number(values.seeds ?? (values.minutes === undefined ? 20 : Number.MAX_SAFE_INTEGER));
    const limit = Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60;
    const first = Number(values.from);
    for (let seed = first; seed < first + seeds && tally.seconds < limit; seed += 1) await one(seed, tally);
  }
  process.stdout.write(`${tally.text()}\n${tally.failures.map((line) => `  ${line}\n`).join('')}`);
  return tally.failures.length === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(usage);
else process.exitCode = await main();
