import { usualSpec } from '../../src/judge/engine/testing/steady.ts';
import { replay } from '../../src/judge/recording/replay.ts';
import { fixedThresholds, mannWhitney } from './rivals.ts';
import { type Scenario, simulate } from './simulate.ts';

/** What became of the runs of a scenario. */
export interface Tally {
  name: string;
  runs: number;
  rolledBack: number;
  promoted: number;
  /** Undecided at the end, but every estimate within its tolerance. */
  weak: number;
  /** Seconds, or NaN. */
  median: number;
  late: number;
  /** Seconds of the median promotion. */
  promotedAt: number;
  thresholds: number;
  ranks: number;
  reasons: Record<string, number>;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
}

/** A different start for each scenario: 31 bits, so that seeds stay whole numbers. */
function hashOf(name: string): number {
  let hash = 7;
  for (let i = 0; i < name.length; i += 1) hash = (hash * 31 + name.charCodeAt(i)) % 2_147_483_647;
  return hash;
}

/** Runs a scenario so many times, from a seed. */
export function tally(scenario: Scenario, runs: number, seed: number): Tally {
  const rollbacks: number[] = [];
  const promotions: number[] = [];
  const reasons: Record<string, number> = {};
  const spec = { ...usualSpec, minDurationSeconds: scenario.minDurationSeconds ?? usualSpec.minDurationSeconds };
  const rivals = { thresholds: 0, ranks: 0 };
  let weak = 0;
  for (let run = 0; run < runs; run += 1) {
    const evidence = simulate(scenario, seed + run * 7919 + hashOf(scenario.name));
    const { rollback, promote, verdict } = replay(evidence, spec);
    if (rollback !== null) {
      rollbacks.push(rollback);
      const reason = verdict.reason ?? '';
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    } else if (promote !== null) promotions.push(promote);
    else if (verdict.weakPass) weak += 1;
    if (fixedThresholds(evidence) !== null) rivals.thresholds += 1;
    if (mannWhitney(evidence) !== null) rivals.ranks += 1;
  }
  return {
    name: scenario.name,
    runs,
    rolledBack: rollbacks.length,
    promoted: promotions.length,
    weak,
    median: quantile(rollbacks, 0.5),
    late: quantile(rollbacks, 0.9),
    promotedAt: quantile(promotions, 0.5),
    ...rivals,
    reasons,
  };
}

/** Wilson's 95 % interval of a share. */
export function wilson(hits: number, runs: number): [number, number] {
  const z = 1.96;
  const p = hits / runs;
  const centre = p + (z * z) / (2 * runs);
  const half = z * Math.sqrt((p * (1 - p)) / runs + (z * z) / (4 * runs * runs));
  const scale = 1 + (z * z) / runs;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}
