import type { AnalysisSpec } from '../spec.ts';
import { errorFloor } from './constants.ts';
import type { CountSplit } from './count-engine.ts';
import { CountMetric } from './count-metric.ts';
import type { History } from './history.ts';
import type { PodRow } from './pod-reader.ts';
import type { Row } from './run-reader.ts';
import { Scatter } from './scatter.ts';

/** Errors, and errors of classes that stable never raised before the run. */
export class ErrorPart {
  readonly errors: CountMetric;
  readonly newErrors: CountMetric | null;
  /** How stable's errors scatter, in its past and in the run. */
  readonly scatter: Scatter;
  readonly #known: ReadonlySet<string>;

  constructor(
    spec: AnalysisSpec,
    history: History,
    options: { alphas: ReadonlyMap<string, number>; pods: { canary: number; stable: number } },
  ) {
    const { alphas, pods } = options;
    this.scatter = new Scatter(history.scrapeSeconds, history.usable);
    const known = new Set<string>();
    for (const row of history.rows) {
      this.scatter.add(row.map(errorEvents));
      for (const pod of row) for (const name of pod.classes?.keys() ?? []) known.add(name);
    }
    this.scatter.pace(history.runScrapeSeconds);
    this.#known = known;
    const limits = { ratio: 1 + spec.errors.tolerance, floor: errorFloor, leastScrapes: 2 };
    this.errors = new CountMetric({ ...limits, alpha: alphas.get('errors') ?? 0 }, this.scatter, pods);
    const alpha = alphas.get('new-errors');
    this.newErrors = alpha === undefined ? null : new CountMetric({ ...limits, alpha }, this.scatter, pods);
  }

  add(row: Row): void {
    const control = [...row.stable, ...row.baseline];
    const canary = total(row.canary, (pod) => pod.requests);
    const stable = total(control, (pod) => pod.requests);
    const split = (count: (pod: PodRow) => number): CountSplit[] => [
      { canaryEvents: total(row.canary, count), canary, stableEvents: total(control, count), stable },
    ];
    this.errors.add(
      row.to,
      split((pod) => pod.errors),
    );
    this.newErrors?.add(
      row.to,
      split((pod) => this.#newErrorsOf(pod)),
    );
    this.scatter.add(control.map(errorEvents));
  }

  #newErrorsOf(pod: PodRow): number {
    let count = 0;
    for (const [name, errors] of pod.classes ?? []) if (!this.#known.has(name)) count += errors;
    return count;
  }
}

function errorEvents({ pod, errors, requests }: PodRow): { pod: string; events: number; exposure: number } {
  return { pod, events: errors, exposure: requests };
}

function total(pods: readonly PodRow[], count: (pod: PodRow) => number): number {
  let sum = 0;
  for (const pod of pods) sum += count(pod);
  return sum;
}
