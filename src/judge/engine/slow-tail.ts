import { maxWarmupSeconds, slowFloor, slowRatio, starts } from './constants.ts';
import { CountMetric } from './count-metric.ts';
import { GaugeEngine } from './gauge-engine.ts';
import { unknownNoise } from './gauge-noise.ts';
import { countAbove, sum } from './histogram.ts';
import type { History } from './history.ts';
import type { PodRow } from './pod-reader.ts';
import type { Row } from './run-reader.ts';
import { Scatter } from './scatter.ts';

/** Seconds of one point of the trend of slow requests. */
const trendSeconds = 60;
/** Points that make a trend. */
const leastTrendPoints = 3;
/** Seconds of warm requests before which a tail says nothing. */
export const leastTailSeconds = trendSeconds * leastTrendPoints;

/** Requests slower than one bucket bound, counted: what a tail does that the quantiles do not reach. */
export class SlowTail {
  readonly metric: CountMetric;
  /** Requests above it are slow. */
  readonly seconds: number;
  readonly #bound: number;
  readonly #scatter: Scatter;
  readonly #trend = new GaugeEngine(unknownNoise(), starts);
  #open = { from: -1, canary: 0, canarySlow: 0, stable: 0, stableSlow: 0 };

  constructor(options: {
    /** Index of the bound, and the bound itself. */
    bound: number;
    seconds: number;
    alpha: number;
    history: History;
    pods: { canary: number; stable: number };
  }) {
    const { bound, history, alpha, pods } = options;
    this.#bound = bound;
    this.seconds = options.seconds;
    this.#scatter = new Scatter(history.scrapeSeconds, history.usable);
    for (const row of history.rows) this.#scatter.add(row.map((pod) => slowEvents(pod, bound)));
    this.#scatter.pace(history.runScrapeSeconds);
    this.metric = new CountMetric({ alpha, ratio: slowRatio, floor: slowFloor, leastScrapes: 3 }, this.#scatter, pods);
  }

  /** Adds a row: warm pods are compared, all pods of stable show how tails scatter. */
  add(row: Row, canary: readonly PodRow[], control: readonly PodRow[]): void {
    const own = slowOf(canary, this.#bound);
    const other = slowOf(control, this.#bound);
    const split = { canaryEvents: own.slow, canary: own.all, stableEvents: other.slow, stable: other.all };
    this.metric.add(row.to, [split]);
    this.#scatter.add([...row.stable, ...row.baseline].map((pod) => slowEvents(pod, this.#bound)));
    if (own.all > 0) this.#addTrend(row, own, other);
  }

  #addTrend(row: Row, canary: { slow: number; all: number }, stable: { slow: number; all: number }): void {
    const open = this.#open;
    if (open.from < 0) open.from = row.from;
    open.canary += canary.all;
    open.canarySlow += canary.slow;
    open.stable += stable.all;
    open.stableSlow += stable.slow;
    if (row.to - open.from < trendSeconds) return;
    // Not the ln ratio: what falls to nothing never looks close to it in logarithms.
    const usual = open.stable === 0 ? 0 : open.stableSlow / open.stable;
    this.#trend.push(open.canarySlow / open.canary - slowRatio * usual, open.from);
    this.#open = { from: -1, canary: 0, canarySlow: 0, stable: 0, stableSlow: 0 };
  }

  /** An excess that falls towards nothing may be a warm-up; in the first minutes nobody knows yet. */
  get isWarmingUp(): boolean {
    const { count } = this.#trend;
    return count < leastTrendPoints || this.#trend.isWarmingUp(0, maxWarmupSeconds);
  }

  get isRegression(): boolean {
    return this.metric.isRegression && this.metric.isPastLately && !this.isWarmingUp;
  }

  /** The estimates speak for the canary; the proof is carried by the quantiles. An excess that falls is no hindrance. */
  get isGood(): boolean {
    return this.#trend.count >= leastTrendPoints && this.metric.isWithin === true && !this.metric.isPastLately;
  }
}

/** Slow and all requests of some pods. */
export function slowOf(pods: readonly PodRow[], bound: number): { slow: number; all: number } {
  const result = { slow: 0, all: 0 };
  for (const { buckets } of pods) {
    if (buckets === null) continue;
    result.slow += countAbove(buckets, bound);
    result.all += sum(buckets);
  }
  return result;
}

/** One pod's slow requests as events. */
export function slowEvents(row: PodRow, bound: number): { pod: string; events: number; exposure: number } {
  const { slow, all } = slowOf([row], bound);
  return { pod: row.pod, events: slow, exposure: all };
}
