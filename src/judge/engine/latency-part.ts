import type { AnalysisSpec } from '../spec.ts';
import { quantileName } from './budget.ts';
import { grossDispersionSeconds, starts } from './constants.ts';
import { GaugeMetric } from './gauge-metric.ts';
import { learntSpread, unknownNoise } from './gauge-noise.ts';
import { GrossEngine, grossPsi0, type SlowSplit } from './gross-engine.ts';
import { addCounts, histogramQuantile, sum } from './histogram.ts';
import { batchScrapeSeconds, bucketTotals, type History, quantileControl } from './history.ts';
import { coarseWarning, planLatency } from './latency-plan.ts';
import { QuantileMeter } from './meters.ts';
import type { PodRow } from './pod-reader.ts';
import type { Row } from './run-reader.ts';
import { Scatter } from './scatter.ts';
import { SlowTail, slowEvents, slowOf } from './slow-tail.ts';

/** Requests of stable that must be seen before bounds are chosen, where there is no history. */
const leastRequests = 100;
/** Gross harm shows in this many scrapes, at least. */
const leastGrossScrapes = 3;

/** Requests of the whole run by one bound, cold ones included. */
interface GrossTotal {
  seconds: number;
  slowCanary: number;
  canary: number;
  slowStable: number;
  stable: number;
}

interface LatencyOptions {
  spec: AnalysisSpec;
  history: History;
  bounds: readonly number[];
  alphas: ReadonlyMap<string, number>;
  pods: { canary: number; stable: number; baseline: number };
  /** Seconds of the run at which the comparison begins. */
  since: number;
}

/** Everything that is judged on the latency buckets: gross slowdowns, quantiles, slow requests. */
export class LatencyPart {
  readonly bounds: readonly number[];
  readonly quantiles: Map<string, { quantile: number; metric: GaugeMetric }>;
  readonly #spec: AnalysisSpec;
  readonly #alphas: ReadonlyMap<string, number>;
  /** What bounds are chosen by, until they are: it holds the whole history. */
  #undecided: LatencyOptions | undefined;
  readonly #stableSeen: number[] = [];
  readonly #canaryTotal: number[] = [];
  readonly #stableTotal: number[] = [];
  #gross: GrossEngine | null = null;
  #grossScatter: { bound: number; scatter: Scatter }[] = [];
  readonly #grossTotals: GrossTotal[] = [];
  #slow: SlowTail[] = [];
  #grossSamples = 0;

  constructor(options: LatencyOptions) {
    const { history, bounds } = options;
    this.#undecided = options;
    this.#spec = options.spec;
    this.#alphas = options.alphas;
    this.bounds = bounds;
    for (const counts of bucketTotals(history)) addCounts(this.#stableSeen, counts);
    this.quantiles = new Map(
      options.spec.latency.quantiles.map((quantile) => [
        quantileName(quantile),
        { quantile, metric: quantileMetric(options, quantile) },
      ]),
    );
    this.#choose();
  }

  get gross(): GrossEngine | null {
    return this.#gross;
  }

  /** Some bound tells slow requests from others: not where stable's own are above the highest. */
  get seesSlower(): boolean {
    return this.#grossScatter.length > 0 || this.#slow.length > 0;
  }

  /** The tails that are watched, by ascending bound. */
  get slow(): readonly SlowTail[] {
    return this.#slow;
  }

  add(row: Row): void {
    if (!row.awaitsBaseline) this.#compare(row);
    if (this.#undecided !== undefined) {
      for (const pod of row.stable) addCounts(this.#stableSeen, pod.buckets);
      this.#choose();
    }
  }

  #compare(row: Row): void {
    const control = row.baseline.length > 0 ? row.baseline : row.stable;
    const warmCanary = row.canary.filter((pod) => !pod.cold);
    // A fresh baseline is cold as long as the canary is: it is the control because of that.
    const warmControl = row.baseline.length > 0 ? control : control.filter((pod) => !pod.cold);
    this.#addGross(row, control);
    for (const tail of this.#slow) tail.add(row, warmCanary, warmControl);
    if (warmCanary.length > 0 && warmControl.length > 0 && row.canarySeen && row.stableSeen) {
      for (const { metric } of this.quantiles.values()) metric.add(warmCanary, warmControl, row.from, row.to);
      for (const pod of warmCanary) addCounts(this.#canaryTotal, pod.buckets);
      for (const pod of warmControl) addCounts(this.#stableTotal, pod.buckets);
    }
  }

  #choose(): void {
    if (this.#undecided === undefined || sum(this.#stableSeen) < leastRequests) return;
    const { bounds, spec, history, alphas, pods } = this.#undecided;
    const plan = planLatency(bounds, this.#stableSeen, spec.latency.slowThresholdSeconds);
    this.#undecided = undefined;
    this.#gross = new GrossEngine(plan.gross.length, starts);
    this.#grossScatter = plan.gross.map((bound) => {
      // Without a past the least tempering holds until the run itself shows more.
      const scatter = new Scatter(history.scrapeSeconds, true, grossDispersionSeconds);
      for (const row of history.rows) scatter.add(row.map((pod) => slowEvents(pod, bound)));
      scatter.pace(history.runScrapeSeconds);
      return { bound, scatter };
    });
    const alpha = (alphas.get('latency-slow') ?? 0) / Math.max(1, plan.slow.length);
    const control = { canary: pods.canary, stable: pods.baseline > 0 ? pods.baseline : pods.stable };
    this.#slow = plan.slow.map(
      (bound) => new SlowTail({ bound, seconds: bounds[bound] ?? 0, alpha, history, pods: control }),
    );
  }

  #addGross(row: Row, control: readonly PodRow[]): void {
    const splits = this.#grossScatter.map(({ bound, scatter }) => {
      const canary = slowOf(row.canary, bound);
      const stable = slowOf(control, bound);
      return {
        slowCanary: canary.slow,
        canary: canary.all,
        slowStable: stable.slow,
        stable: stable.all,
        phi: scatter.phi,
      };
    });
    const cold = row.canary.some((pod) => pod.cold) && row.baseline.length === 0;
    this.#addTotals(splits);
    if (this.#gross !== null) for (const pod of row.canary) this.#grossSamples += sum(pod.buckets ?? []);
    this.#gross?.step(row.to, splits, cold ? grossPsi0.cold : grossPsi0.warm);
    for (const { bound, scatter } of this.#grossScatter) scatter.add(row.stable.map((pod) => slowEvents(pod, bound)));
  }

  #addTotals(splits: readonly SlowSplit[]): void {
    for (const [index, { bound }] of this.#grossScatter.entries()) {
      const split = splits[index];
      if (split === undefined) continue;
      const seconds = this.bounds[bound] ?? 0;
      const total = (this.#grossTotals[index] ??= { seconds, slowCanary: 0, canary: 0, slowStable: 0, stable: 0 });
      total.slowCanary += split.slowCanary;
      total.canary += split.canary;
      total.slowStable += split.slowStable;
      total.stable += split.stable;
    }
  }

  /** The bound above which the tracks differ most, and their shares of requests there; null before both had some. */
  get grossLead(): { seconds: number; canary: number; stable: number } | null {
    const shares = this.#grossTotals
      .filter(({ canary, stable }) => canary > 0 && stable > 0)
      .map((total) => ({
        seconds: total.seconds,
        canary: total.slowCanary / total.canary,
        stable: total.slowStable / total.stable,
      }));
    return shares.toSorted((a, b) => b.canary - b.stable - (a.canary - a.stable))[0] ?? null;
  }

  get isGrossRegression(): boolean {
    const gross = this.#gross;
    if (gross === null || gross.count < leastGrossScrapes) return false;
    return gross.logE >= -Math.log(this.#alphas.get('latency') ?? 0);
  }

  get isSlowRegression(): boolean {
    return this.#slow.some((tail) => tail.isRegression);
  }

  /** A quantile of the warm requests of the run; null before there are any. */
  quantileOf(track: 'canary' | 'stable', quantile: number): number | null {
    return histogramQuantile(this.bounds, track === 'canary' ? this.#canaryTotal : this.#stableTotal, quantile);
  }

  /** Requests of stable per bucket: of the run, or of its past before there are any. */
  get stableBuckets(): readonly number[] {
    return sum(this.#stableTotal) > 0 ? this.#stableTotal : this.#stableSeen;
  }

  /** Requests of the canary that gross slowdowns were looked for in, those of the warm-up included. */
  get grossSamples(): number {
    return this.#grossSamples;
  }

  /** Warm requests of the canary. */
  get samples(): number {
    return sum(this.#canaryTotal);
  }

  get warnings(): string[] {
    const { quantiles, tolerance, absoluteToleranceSeconds } = this.#spec.latency;
    const tolerated = (seconds: number): number => Math.max(tolerance * seconds, absoluteToleranceSeconds);
    const texts = quantiles.map((quantile) => coarseWarning(this.bounds, this.stableBuckets, quantile, tolerated));
    return texts.filter((text) => text !== undefined);
  }
}

function quantileMetric(options: LatencyOptions, quantile: number): GaugeMetric {
  const { spec, history, bounds, alphas, pods } = options;
  const prior = learntSpread(spec.podSpread?.[quantileName(quantile)]);
  const control = history.usable ? quantileControl(history, bounds, quantile, prior) : null;
  const noise = control?.noise ?? unknownNoise(prior);
  return new GaugeMetric({
    limits: {
      alpha: alphas.get(quantileName(quantile)) ?? 0,
      tolerance: spec.latency.tolerance,
      absolute: spec.latency.absoluteToleranceSeconds,
    },
    meter: new QuantileMeter(bounds, quantile),
    noise: pods.baseline > 0 ? { ...noise, s2: noise.s2 * baselineFactor(pods) } : noise,
    control: control?.requestsPerBatch ?? 0,
    scrapeSeconds: batchScrapeSeconds(history),
    since: options.since,
  });
}

/** A few fresh pods are a noisier control than all of stable, by which the noise was measured. */
export function baselineFactor(pods: { stable: number; baseline: number }): number {
  return (1 + 1 / pods.baseline) / (1 + 1 / pods.stable);
}
