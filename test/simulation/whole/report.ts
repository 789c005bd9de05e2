import type { Plan } from './plan.ts';
import type { Outcome } from './run.ts';

/** A failed history in full: seed, circumstances, what was done, what the operator wrote. */
export function failureText(plan: Plan, outcome: Outcome): string {
  const { violation, history, writes } = outcome;
  const rates = Object.entries(plan.rates).filter(([, rate]) => rate > 0);
  const versions = Object.entries(plan.versions).map(([name, nature]) => `${name}=${nature}`);
  return [
    `seed ${plan.seed}: invariant ${violation?.invariant} (${violation?.name}) at ${violation?.at.toFixed(1)} s: ${violation?.message}`,
    `  again: npm run simulate -- --seed ${plan.seed}`,
    `  operators ${plan.operators}, versions ${versions.join(' ')}, targets ${JSON.stringify(plan.targets)}`,
    `  faults ${rates.map(([kind, rate]) => `${kind} ${rate.toFixed(4)}`).join(', ') || 'none'}`,
    ...history.map((line) => `  > ${line}`),
    ...writes.slice(-25).map((line) => `    ${line}`),
  ].join('\n');
}

/** What many plays amount to. */
export class Tally {
  seeds = 0;
  moments = 0;
  releases = 0;
  virtualMinutes = 0;
  failures: string[] = [];
  readonly faults = new Map<string, number>();
  readonly #started = performance.now();

  add(outcome: Outcome): void {
    this.seeds += 1;
    this.moments += outcome.moments;
    this.releases += outcome.releases;
    this.virtualMinutes += outcome.virtualMinutes;
    for (const [kind, count] of outcome.faults) this.faults.set(kind, (this.faults.get(kind) ?? 0) + count);
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  text(): string {
    const perSecond = (count: number): string => (count / Math.max(0.001, this.seconds)).toFixed(1);
    const faults = [...this.faults].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${kind} ${count}`);
    return [
      `${this.seeds} seeds, ${(this.virtualMinutes / 60).toFixed(1)} virtual hours, ${this.releases} releases ended, ${this.moments} steps in ${this.seconds.toFixed(1)} s`,
      `${perSecond(this.moments)} steps/s, ${perSecond(this.releases)} releases/s, ${perSecond(this.seeds)} seeds/s`,
      `faults: ${faults.join(', ') || 'none'}`,
      `${this.failures.length} failed`,
    ].join('\n');
  }
}
