import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mutants } from './mutants/list.ts';
import { catchMutant, checkPlans } from './mutants/run.ts';
import { readManifests } from './whole/manifests.ts';
import { createPlan, type Plan } from './whole/plan.ts';
import { harshRates, noFaults } from './whole/rates.ts';
import { failureText, Tally } from './whole/report.ts';
import { type Outcome, play } from './whole/run.ts';
import { shrink } from './whole/shrink.ts';

const usage = `npm run simulate -- [--seeds N] [--minutes M] [--from SEED] [--rates drawn|harsh|none]
npm run simulate -- --seed SEED [--no-shrink] [--rates ...]
npm run simulate -- --plan FILE
npm run simulate -- --mutants [--only TEXT]

Plays histories of the whole operator in virtual time, each from its seed, until N are played or M minutes are over.
How often faults strike is drawn for each seed; harsh: all of them at once, as often as they are ever drawn, and people
who do something every few seconds; none: people alone. A history that fails is made smaller and written to a file, which
--plan plays again.
With --mutants it breaks the operator in known ways, one after the other, and says by what each was caught and how long
that took; --only leaves out those whose name does not have TEXT in it.
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    plan: { type: 'string' },
    rates: { type: 'string', default: 'drawn' },
    'no-shrink': { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const manifests = readManifests();
const run = (plan: Plan): Promise<Outcome> => play(plan, manifests);

const ratesOf: Record<string, (plan: Plan) => Plan> = {
  drawn: (plan) => plan,
  harsh: (plan) => ({ ...plan, rates: harshRates }),
  none: (plan) => ({ ...plan, rates: noFaults }),
};

function plannedFor(seed: number): Plan {
  const withRates = ratesOf[values.rates];
  if (withRates === undefined) throw new Error(`--rates ${values.rates} is none of ${Object.keys(ratesOf).join(', ')}`);
  return withRates(createPlan(seed, values.rates === 'harsh' ? 'busy' : 'drawn'));
}

/** Where the plan of a failed history lies. */
function keep(plan: Plan): string {
  const folder = '.state/simulation';
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/seed-${plan.seed}.json`;
  writeFileSync(file, JSON.stringify(plan));
  return file;
}

async function one(plan: Plan, tally: Tally): Promise<void> {
  const { seed } = plan;
  const outcome = await run(plan);
  tally.add(outcome);
  if (outcome.violation === undefined) return;
  tally.failures.push(`seed ${seed}: invariant ${outcome.violation.invariant}: ${outcome.violation.message}`);
  const whole = values['no-shrink'] || values.plan !== undefined;
  const small = whole ? undefined : await shrink(plan, outcome.violation.invariant, run);
  const file = values.plan ?? keep(small?.plan ?? plan);
  process.stdout.write(`${failureText(small?.plan ?? plan, small?.outcome ?? outcome, file)}\n`);
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
  if (values.plan !== undefined) await one(JSON.parse(readFileSync(values.plan, 'utf8')) as Plan, tally);
  else if (values.seed !== undefined) await one(plannedFor(Number(values.seed)), tally);
  else {
    const seeds = Number(values.seeds ?? (values.minutes === undefined ? 20 : Number.MAX_SAFE_INTEGER));
    const limit = Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60;
    const first = Number(values.from);
    for (let seed = first; seed < first + seeds && tally.seconds < limit; seed += 1) {
      await one(plannedFor(seed), tally);
      if (process.stderr.isTTY || tally.seeds % 10 === 0)
        process.stderr.write(`seed ${seed}: ${tally.seconds.toFixed(0)} s\n`);
    }
  }
  process.stdout.write(`${tally.text()}\n${tally.failures.map((line) => `  ${line}\n`).join('')}`);
  return tally.failures.length === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(usage);
else process.exitCode = await main();
