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
    const whole = split((pod) => pod.errors);
    this.errors.add(row.to, strataOf(row.canary, control, whole) ?? whole);
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

/**
 * The counts route by route, and what is left of the whole: routes differ in how often they fail, so a canary that gets
 * other ones is compared with stable's on the same. null where a pod does not label its routes.
 */
function strataOf(
  canary: readonly PodRow[],
  control: readonly PodRow[],
  [whole]: readonly CountSplit[],
): CountSplit[] | null {
  const serving = [...canary, ...control].filter((pod) => pod.requests > 0);
  if (whole === undefined || serving.length === 0 || !serving.every((pod) => pod.byRoute)) return null;
  const rest = { ...whole };
  const strata: CountSplit[] = [];
  for (const name of new Set(serving.flatMap((pod) => [...(pod.routes?.keys() ?? [])]))) {
    const split = {
      canaryEvents: total(canary, (pod) => pod.routeErrors?.get(name) ?? 0),
      canary: total(canary, (pod) => pod.routes?.get(name) ?? 0),
      stableEvents: total(control, (pod) => pod.routeErrors?.get(name) ?? 0),
      stable: total(control, (pod) => pod.routes?.get(name) ?? 0),
    };
    strata.push(split);
    for (const key of ['canaryEvents', 'canary', 'stableEvents', 'stable'] as const) rest[key] -= split[key];
  }
  // Counters of single routes may be reset or begin apart from the whole: then the whole is all that is sure.
  return Object.values(rest).every((value) => value >= 0) ? [...strata, rest] : null;
}

function errorEvents({ pod, errors, requests }: PodRow): { pod: string; events: number; exposure: number } {
  return { pod, events: errors, exposure: requests };
}

function total(pods: readonly PodRow[], count: (pod: PodRow) => number): number {
  let sum = 0;
  for (const pod of pods) sum += count(pod);
  return sum;
}
