import type { Evidence } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';
import type { MetricVerdict, VerdictName } from '../verdict.ts';
import { type Alphas, customShare } from './budget.ts';
import { goneAfterScrapes } from './constants.ts';
import { relativeOf } from './custom-difference.ts';
import { CustomMetric } from './custom-metric.ts';

/** The name of a custom metric among all metrics. */
export function customName(name: string): string {
  return `custom-${name}`;
}

/** All custom metrics of a release. */
export class CustomPart {
  readonly metrics: readonly CustomMetric[];
  readonly #scrapeSeconds: number;
  readonly #warmUntil: number;

  /** `since`: seconds of the run at which the comparison begins. */
  constructor(evidence: Evidence, spec: AnalysisSpec, alphas: Alphas, since: number) {
    const pods = { canary: Math.max(1, evidence.canary.length), stable: Math.max(1, evidence.stable.length) };
    const { scrapeSeconds } = evidence;
    this.#scrapeSeconds = scrapeSeconds;
    this.#warmUntil = since + spec.warmupSeconds;
    this.metrics = (spec.custom ?? []).map((metric) => {
      // What decides nothing has a level of its own, so that it takes nothing from the others.
      const alpha = alphas.get(customName(metric.name)) ?? spec.falseRollbackRate * customShare;
      return new CustomMetric({ spec: metric, alpha, pods, scrapeSeconds, since });
    });
  }

  /** Reads one slot of the run; the warm-up is left out. */
  add({ custom }: Evidence, slot: number): void {
    const to = slot * this.#scrapeSeconds;
    if (to < this.#warmUntil) return;
    for (const metric of this.metrics) {
      const samples = custom?.[metric.spec.name];
      const value = (values: readonly (number | null)[] | undefined): number | null => values?.[slot] ?? null;
      metric.add(value(samples?.canary), value(samples?.stable), to - this.#scrapeSeconds, to);
    }
  }

  /** The warm-up is over long enough for every metric to have a value. */
  isDue(elapsed: number): boolean {
    return elapsed >= this.#warmUntil + goneAfterScrapes * this.#scrapeSeconds;
  }

  /** The first critical metric that refuted its null. */
  get regression(): string | null {
    const found = this.metrics.find(({ spec, isRegression }) => spec.critical && isRegression);
    return found === undefined ? null : customName(found.spec.name);
  }
}

/** Their parts of the verdict. `found`: the metric that decided for a rollback. */
export function customVerdicts(part: CustomPart, found: string | null, evidence: Evidence): MetricVerdict[] {
  return part.metrics.map((metric) => {
    const name = customName(metric.spec.name);
    const decided = found === name || (!metric.spec.critical && metric.isRegression);
    const verdict: VerdictName = decided ? 'Regression' : metric.isNonInferior ? 'Pass' : 'Undecided';
    const percent = Math.floor((100 * Math.max(0, metric.logE)) / metric.threshold);
    const query = evidence.found.queries[name] ?? '';
    const { isWithin: withinTolerance, scrapes: samples } = metric;
    const shown = { ...figures(metric), samples, withinTolerance, verdict, query };
    const reported = metric.spec.critical ? {} : ({ reported: true } as const);
    return { name, unit: '', ...shown, evidence: decided ? 100 : Math.min(99, percent), ...reported };
  });
}

/** Relative figures have a meaning above 0 only. */
function figures(
  metric: CustomMetric,
): Pick<MetricVerdict, 'stable' | 'canary' | 'difference' | 'interval' | 'limit' | 'detectable'> {
  const { values, bounds, scale, detectable } = metric;
  const { worse } = metric.spec;
  const [stable, canary] = [values?.stable ?? null, values?.canary ?? null];
  if (stable === null || canary === null || stable <= 0)
    return { stable, canary, difference: null, interval: [null, null], limit: null, detectable: null };
  const interval = metric.interval();
  const ends = interval === null ? [] : [interval.lower, interval.upper].map((end) => relativeOf(end, worse, scale));
  const [low, high] = worse === 'Higher' ? ends : ends.toReversed();
  const towardsWorse = (relative: number): number => (worse === 'Higher' ? relative : 1 / (1 + relative) - 1);
  return {
    stable,
    canary,
    difference: canary / stable - 1,
    interval: [low ?? null, high ?? null],
    limit: towardsWorse(bounds.tolerance),
    detectable: detectable === null ? null : towardsWorse(detectable),
  };
}

/** Why a critical metric lets nothing pass; undefined where all have values, or cannot have them yet. */
export function customGap(part: CustomPart, evidence: Evidence, elapsed: number): string | undefined {
  const silent = part.metrics.find(({ spec, isSilent }) => spec.critical && isSilent);
  return silent === undefined || !part.isDue(elapsed) ? undefined : `${gapOf(silent, evidence)}, so nothing passes`;
}

/** What is to be said of custom metrics beside their figures. */
export function customWarnings(part: CustomPart, evidence: Evidence, elapsed: number): string[] {
  return part.metrics.flatMap((metric) => {
    const { spec, isSilent, isRegression } = metric;
    if (isSilent) return part.isDue(elapsed) ? [gapOf(metric, evidence)] : [];
    if (isRegression && !spec.critical) return [`custom metric ${spec.name} is worse, and not critical: reported only`];
    return [];
  });
}

function gapOf({ spec, scrapes }: CustomMetric, { custom }: Evidence): string {
  const why = custom?.[spec.name]?.problem ?? (scrapes === 0 ? 'it was not answered yet' : 'no scrape had both tracks');
  return `custom metric ${spec.name} has no value: ${why}`;
}
