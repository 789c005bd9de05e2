import { natures } from './application.ts';
import { type Chance, createChance } from './chance.ts';
import { drawRates, noFaults, type Rates } from './rates.ts';
import { type Step, stepNames, steps } from './steps.ts';

/** A history before it happens: everything that is decided from outside. What follows from it follows from its seed. */
export interface Plan {
  seed: number;
  /** Replicas of the operator. */
  operators: number;
  targets: PlannedTarget[];
  /** Index into the natures by version. */
  versions: Record<string, number>;
  rates: Rates;
  scrapeSeconds: number;
  /** How fast the clocks of the operators run, and how far they are off. */
  clocks: { rate: number; offsetMs: number }[];
  steps: Step[];
  /** Minutes in which steps and faults happen. */
  disturbedMinutes: number;
  /** Minutes after the last disturbance by which every release has ended or names who must act. */
  calmMinutes: number;
}

export interface PlannedTarget {
  name: string;
  replicas: number;
  /** Requests a second. */
  load: number;
  spec: Record<string, unknown>;
}

export const versionNames = ['v1', 'v2', 'v3', 'v4'] as const;

function drawTarget(name: string, chance: Chance): PlannedTarget {
  const analysis = {
    minDuration: '1m',
    warmup: '10s',
    deadline: chance.pick(['3m', '4m']),
    onUndecided: chance.pick(['Promote', 'Promote', 'Hold', 'Rollback']),
    onRegression: chance.pick(['Rollback', 'Rollback', 'Rollback', 'Report']),
  };
  const canary = { startDeadline: '1m', ...(chance.happens(0.2) ? { quarantine: '2m' } : {}) };
  const promotion = chance.happens(0.15) ? 'Manual' : 'Automatic';
  return {
    name,
    replicas: chance.pick([1, 2, 3, 3, 4]),
    load: chance.pick([0, 2, 40, 40, 40]),
    spec: { analysis, canary, promotion },
  };
}

function drawSteps(
  chance: Chance,
  targets: readonly PlannedTarget[],
  seconds: number,
  people: 'drawn' | 'busy',
): Step[] {
  const usual = chance.pick([4, 12, 40]);
  const pause = people === 'busy' ? 4 : usual;
  const drawn: Step[] = [];
  for (let at = chance.between(0, 10); at < seconds; at += chance.between(0, 2 * pause)) {
    const what = chance.pick(stepNames);
    const value = steps[what].draw?.(chance);
    const target = Math.floor(chance.next() * targets.length);
    drawn.push({ at: Math.round(at * 1000), what, target, ...(value === undefined ? {} : { value }) });
  }
  return drawn;
}

/** `busy`: people do something every few seconds. */
export function createPlan(seed: number, people: 'drawn' | 'busy' = 'drawn'): Plan {
  const chance = createChance(seed, 'plan');
  const operators = chance.pick([1, 2, 2, 3]);
  const targets = [drawTarget('shop', chance)];
  if (chance.happens(0.25)) targets.push(drawTarget('cart', chance));
  const disturbedMinutes = chance.pick([6, 10, 15]);
  return {
    seed,
    operators,
    targets,
    versions: Object.fromEntries(versionNames.map((name) => [name, name === 'v1' ? 0 : draw(chance)])),
    rates: chance.happens(0.2) ? noFaults : drawRates(chance),
    scrapeSeconds: chance.pick([5, 5, 15]),
    clocks: Array.from({ length: operators }, () => ({
      rate: chance.pick([1, 1, chance.between(0.95, 1.05)]),
      offsetMs: Math.round(chance.pick([0, 0, chance.between(-2000, 2000), chance.between(-60_000, 60_000)])),
    })),
    steps: drawSteps(chance, targets, disturbedMinutes * 60, people),
    disturbedMinutes,
    calmMinutes: 20,
  };
}

function draw(chance: Chance): number {
  return Math.floor(chance.next() * natures.length);
}
