import type { Plan } from './plan.ts';
import type { Outcome } from './run.ts';

/**
 * A failed history in full: seed, circumstances, what was done, what the operator wrote.
 *
 * @param file where the plan was written
 */
export function failureText(plan: Plan, outcome: Outcome, file?: string): string {
  const { violation, history, writes } = outcome;
  const rates = Object.entries(plan.rates).filter(([, rate]) => rate > 0);
  const versions = Object.entries(plan.versions).map(([name, nature]) => `${name}=${nature}`);
  return [
    `seed ${plan.seed}: invariant ${violation?.invariant} (${violation?.name}) at ${violation?.at.toFixed(1)} s: ${violation?.message}`,
    `  again: npm run simulate -- --seed ${plan.seed}`,
    ...(file === undefined ? [] : [`  as it is here: npm run simulate -- --plan ${file}`]),
    `  operators ${plan.operators}, versions ${versions.join(' ')}, targets ${JSON.stringify(plan.targets)}`,
    `  faults ${rates.map(([kind, rate]) => `${kind} ${rate.toFixed(4)}`).join(', ') || 'none'}`,
    ...history.map((line) => `  > ${line}`),
    ...writes.slice(-25).map((line) => `    ${line}`),
  ].join('\n');
}

function addTo(sums: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [kind, count] of more) sums.set(kind, (sums.get(kind) ?? 0) + count);
}

function listed(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none';
}

/** What many plays amount to. */
export class Tally {
  seeds = 0;
  moments = 0;
  releases = 0;
  virtualMinutes = 0;
  failures: string[] = [];
  readonly faults = new Map<string, number>();
  readonly done = new Map<string, number>();
  readonly #started = performance.now();

  add(outcome: Outcome): void {
    this.seeds += 1;
    this.moments += outcome.moments;
    this.releases += outcome.releases;
    this.virtualMinutes += outcome.virtualMinutes;
    addTo(this.faults, outcome.faults);
    addTo(this.done, outcome.done);
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  text(): string {
    const perSecond = (count: number): string => (count / Math.max(0.001, this.seconds)).toFixed(1);
    return [
      `${this.seeds} seeds, ${(this.virtualMinutes / 60).toFixed(1)} virtual hours, ${this.releases} releases ended, ${this.moments} steps in ${this.seconds.toFixed(1)} s`,
      `${perSecond(this.moments)} steps/s, ${perSecond(this.releases)} releases/s, ${perSecond(this.seeds)} seeds/s`,
      `faults: ${listed(this.faults)}`,
      `people, machine and pods: ${listed(this.done)}`,
      `${this.failures.length} failed`,
    ].join('\n');
  }
}
