import { ApiError } from '../../../src/kube/errors.ts';
import { resources } from '../../../src/kube/object.ts';
import { createFakeClock } from '../../../src/lib/fake-clock.ts';
import { isWrite } from './attempt.ts';
import { calmDown, leave } from './calm.ts';
import { createChance } from './chance.ts';
import { createCluster } from './cluster.ts';
import { createCountedEnds } from './counted-ends.ts';
import { createOperators, type Operators } from './operators.ts';
import type { Plan } from './plan.ts';
import { createPrometheus } from './prometheus.ts';
import { noFaults } from './rates.ts';
import { createReceivers } from './receivers.ts';
import { type Circumstances, createStage, deploymentOf } from './stage.ts';
import { type Step, steps } from './steps.ts';
import { createTrace } from './trace.ts';
import { createWatchdog, type Violation } from './watchdog.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
/** So much without time going on is a loop. */
const MOST_AT_ONCE = 50_000;

export interface Outcome {
  violation: Violation | undefined;
  /** What people and the machine did, with its moment. */
  history: string[];
  /** The last writes of the operator. */
  writes: string[];
  /** Moments of the scheduler. */
  moments: number;
  /** Releases that ended. */
  releases: number;
  faults: Map<string, number>;
  virtualMinutes: number;
  /** What people and the machine did, by kind, and how pods fared. */
  done: Map<string, number>;
  /** Of all messages, for comparing two runs. */
  digest: string;
}

function count(counts: Map<string, number>, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

/** Plays a plan from its beginning to its end, or to the first thing that must not be. The same plan, the same history. */
export async function play(plan: Plan, manifests: readonly string[]): Promise<Outcome> {
  const real = createFakeClock(START);
  const faults = new Map<string, number>();
  const done = new Map<string, number>();
  const history: string[] = [];
  const seconds = (): string => ((real.now() - START) / 1000).toFixed(1);
  let rates = noFaults;
  const circumstances: Circumstances = {
    load: new Map(plan.targets.map(({ name, load }) => [name, load])),
    downUntil: 0,
    receiverDownUntil: 0,
    forbiddenUntil: 0,
    pausedByHand: new Set(),
    readsForbiddenUntil: 0,
    podsDeleted: new Set(),
    troubles: new Map(),
  };
  const fault = (kind: string): void => {
    count(faults, kind);
    watchdog.disturbed();
  };
  const fares = (kind: string): void => count(done, kind);
  const { sandbox, natureOf } = createCluster({
    real,
    plan,
    manifests,
    circumstances,
    rates: () => rates,
    fault,
    fares,
  });
  const trace = createTrace(real, sandbox);
  const prometheus = createPrometheus({
    real,
    sandbox,
    chance: createChance(plan.seed, 'application'),
    scrapeSeconds: plan.scrapeSeconds,
    rates: () => rates,
    natureOf,
    load: (_, app) => circumstances.load.get(app) ?? 0,
    isDown: () => real.now() < circumstances.downUntil,
    fault,
    asked: (...args) => watchdog.asked(...args),
  });
  const isDeaf = (): boolean => real.now() < circumstances.receiverDownUntil;
  const receivers = createReceivers({ real, rates: () => rates, isDown: isDeaf, fault });
  // The watchdog sees what operators send before there are any.
  const late: { operators?: Operators } = {};
  const countedEnds = createCountedEnds(() => late.operators?.registries ?? []);
  const watchdog = createWatchdog({
    real,
    sandbox,
    plan,
    circumstances,
    prometheus,
    countedEnds,
    told: receivers.told,
    deaths: () => late.operators?.deaths() ?? 0,
    start: START,
  });
  const operators = createOperators({
    real,
    sandbox,
    plan,
    prometheus,
    receivers,
    rates: () => rates,
    forbids: (sent) => {
      const until = isWrite(sent) ? circumstances.forbiddenUntil : circumstances.readsForbiddenUntil;
      return sent.resource?.plural !== 'leases' && real.now() < until;
    },
    fault,
    putOff: watchdog.hooks.putOff,
    before: watchdog.hooks.before,
    sent(sent) {
      trace.sent(sent);
      watchdog.hooks.sent(sent);
    },
    after(sent, error) {
      trace.after(sent, error);
      watchdog.hooks.after(sent, error);
    },
  });
  late.operators = operators;
  const stage = createStage({ real, sandbox, plan, operators, circumstances, fault });
  let moments = 0;

  async function until(end: number): Promise<void> {
    let atOnce = 0;
    for (let next = real.next(); next !== undefined && next <= end; next = real.next()) {
      const before = real.now();
      await real.step();
      moments += 1;
      atOnce = real.now() === before ? atOnce + 1 : 0;
      if (atOnce > MOST_AT_ONCE) throw new Error(`seed ${plan.seed}: time stands still at ${seconds()} s`);
      watchdog.look();
      if (watchdog.violation() !== undefined) return;
    }
    if (real.now() < end) await real.advance(end - real.now());
  }

  /** What a person tries may be refused; only Tandem must not break. */
  async function attempt(run: () => Promise<unknown> | void): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  function take({ what, target, value }: Step): void {
    const name = plan.targets[target]?.name ?? '';
    const shown = value === undefined ? '' : ` ${value}`;
    count(done, what);
    history.push(`${seconds()} s ${name}: ${what}${shown}`);
    void attempt(() => steps[what].run(stage, name, value ?? ''));
  }

  const quiet = START + 2 * MINUTE_MS;
  const disturbed = quiet + plan.disturbedMinutes * MINUTE_MS;
  const calm = disturbed + plan.calmMinutes * MINUTE_MS;
  for (const { name, replicas } of plan.targets)
    await stage.admin.create(resources.deployments, deploymentOf(name, 'v1', replicas));
  operators.start();
  for (const { rate, offsetMs } of plan.clocks) if (rate !== 1 || offsetMs !== 0) count(faults, 'clockSkewed');
  await until(START + 20_000);
  for (const { name } of plan.targets) await attempt(() => stage.createRelease(name));
  await until(quiet);
  rates = plan.rates;
  for (const step of plan.steps) real.after(quiet + step.at - real.now(), () => take(step));
  if (watchdog.violation() === undefined) await until(disturbed);
  rates = noFaults;
  if (watchdog.violation() === undefined) await calmDown(stage, plan, circumstances, attempt);
  if (watchdog.violation() === undefined) await until(calm);
  if (watchdog.violation() === undefined) watchdog.atRest();
  if (watchdog.violation() === undefined) {
    await leave(stage, plan, attempt);
    await until(calm + 3 * MINUTE_MS);
    watchdog.afterLeaving();
  }
  for (const replica of operators.all()) replica.process.kill();
  return {
    violation: watchdog.violation(),
    history,
    writes: watchdog.writes(),
    moments,
    releases: watchdog.ends(),
    faults,
    virtualMinutes: (real.now() - START) / MINUTE_MS,
    done,
    digest: trace.digest(),
  };
}
