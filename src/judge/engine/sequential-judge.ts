import type { Evidence, SecondOpinion } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';
import { type Present, splitBudget } from './budget.ts';
import { cpuFloorCores, goneAfterScrapes } from './constants.ts';
import { CpuModel } from './cpu-model.ts';
import { CustomPart, customName } from './custom-part.ts';
import { ErrorPart } from './error-part.ts';
import { GaugeMetric } from './gauge-metric.ts';
import { type GaugeNoise, learntSpread, unknownNoise } from './gauge-noise.ts';
import { batchScrapeSeconds, cpuControl, type History, memoryControl, readHistory, recentRate } from './history.ts';
import { baselineFactor, LatencyPart } from './latency-part.ts';
import { MeanMeter, meanControl } from './mean-latency.ts';
import { CpuMeter, MemoryMeter, type Meter } from './meters.ts';
import type { PodRow } from './pod-reader.ts';
import { type Row, RunReader } from './run-reader.ts';
import { Traffic } from './traffic.ts';

/** A metric that refuted its null: the release is taken back. */
export interface Found {
  metric: string;
  /** Seconds since slot 0. */
  at: number;
  /** Gauges alone say so, each by less than twice its tolerance. */
  borderline: boolean;
}

/** What a second opinion begins anew. */
interface Restartable {
  latency: LatencyPart | null;
  gauges: Map<string, GaugeMetric>;
  custom: CustomPart;
}

/** The state of one judgement: fed slot by slot, it answers at any time; nothing it has seen is kept but sums. */
export class SequentialJudge {
  readonly spec: AnalysisSpec;
  readonly alphas: ReadonlyMap<string, number>;
  readonly errors: ErrorPart | null;
  readonly traffic: Traffic;
  /** What is judged. */
  readonly present: Present;
  /** Requests per second of stable in the minutes before the run; null where they are not known. */
  readonly pastPerSecond: number | null;
  readonly #reader: RunReader;
  readonly #scrapeSeconds: number;
  /** Absent where nothing begins anew: it holds the whole history. */
  readonly #begin: ((since: number) => Restartable) | undefined;
  #parts: Restartable;
  readonly #expectsSecond: boolean;
  #since: number | null = null;
  #next = 0;
  #found: Found | null = null;

  /** Reads the history and the names of the pods; samples of the run are read by `step` alone. */
  constructor(evidence: Evidence, spec: AnalysisSpec) {
    const history = readHistory(evidence);
    const pods = {
      canary: Math.max(1, withoutDeleted(evidence.canary, evidence.secondOpinion).length),
      stable: Math.max(1, evidence.stable.length),
      baseline: withoutDeleted(evidence.baseline ?? [], evidence.secondOpinion).length,
    };
    const { scrapeSeconds } = evidence;
    const present = presentIn(evidence, spec);
    this.spec = spec;
    this.present = present;
    this.pastPerSecond = recentRate(history);
    this.#expectsSecond = evidence.secondOpinion !== undefined;
    this.#scrapeSeconds = scrapeSeconds;
    this.alphas = splitBudget(spec.falseRollbackRate, present);
    this.#reader = new RunReader({ scrapeSeconds, warmupSeconds: spec.warmupSeconds, known: history.readers });
    this.traffic = new Traffic(pods);
    const { alphas } = this;
    const controls = { canary: pods.canary, stable: pods.stable + pods.baseline };
    this.errors = present.errors ? new ErrorPart(spec, history, { alphas, pods: controls }) : null;
    const begin = (since: number): Restartable => ({
      latency: present.latency
        ? new LatencyPart({ spec, history, bounds: evidence.boundsSeconds, alphas, pods, since })
        : null,
      gauges: resourceGauges(spec, history, { alphas, pods, present, since }),
      custom: new CustomPart(evidence, spec, alphas, since),
    });
    this.#parts = begin(0);
    this.#begin = this.#expectsSecond ? begin : undefined;
  }

  get latency(): LatencyPart | null {
    return this.#parts.latency;
  }

  get gauges(): Map<string, GaugeMetric> {
    return this.#parts.gauges;
  }

  get custom(): CustomPart {
    return this.#parts.custom;
  }

  /** Seconds for which the present canary pods are compared. */
  get compared(): number {
    return this.#isAwaited ? -1 : this.elapsed - (this.#since ?? 0);
  }

  /** Number of slots read. */
  get slots(): number {
    return this.#next;
  }

  /** Seconds from slot 0 to the newest slot read; -1 before the first. */
  get elapsed(): number {
    return this.#next === 0 ? -1 : (this.#next - 1) * this.#scrapeSeconds;
  }

  /** The first metric that decided for a rollback. What came later does not undo it. */
  get found(): Found | null {
    return this.#isAwaited && this.#found?.borderline === true ? null : this.#found;
  }

  /** A second opinion was asked for, and no slot of it was read yet. */
  get #isAwaited(): boolean {
    return this.#expectsSecond && this.#since === null;
  }

  /** Reads the next slot of the run. */
  step(evidence: Evidence): void {
    const second = this.#secondOpinion(evidence);
    const row = this.#reader.read(evidence, this.#next);
    this.custom.add(evidence, this.#next);
    this.#next += 1;
    if (row === null) return;
    this.traffic.add(row);
    this.errors?.add(row);
    const compared = second === undefined ? row : withoutRows(row, second);
    this.latency?.add(compared);
    this.#addResources(compared);
    if (this.#found === null && !this.traffic.isOtherRoutes) {
      const metric = this.#decide();
      if (metric !== null) this.#found = { metric, at: row.to, borderline: this.#isBorderline(metric) };
    }
  }

  /** The one that holds in the next slot. With its first slot all but errors begins anew. */
  #secondOpinion({ startedAt, secondOpinion }: Evidence): SecondOpinion | undefined {
    if (secondOpinion === undefined) return undefined;
    const since = (secondOpinion.since - startedAt) / 1000;
    if (this.#next * this.#scrapeSeconds < since) return undefined;
    if (this.#since === null) {
      this.#since = since;
      this.#parts = this.#begin?.(since) ?? this.#parts;
      this.#found = null;
    }
    return secondOpinion;
  }

  #isBorderline(metric: string): boolean {
    const all = new Map(this.gauges);
    for (const [name, quantile] of this.latency?.quantiles ?? []) all.set(name, quantile.metric);
    if (!all.has(metric) || this.custom.regression !== null) return false;
    return [...all.values()].every((gauge) => !gauge.isRegression || gauge.isBorderline);
  }

  #addResources(row: Row): void {
    if (this.gauges.size === 0 || row.awaitsBaseline || !row.canarySeen || !row.stableSeen) return;
    const canary = row.canary.filter(isWarm);
    const control = row.baseline.length > 0 ? row.baseline : row.stable.filter(isWarm);
    if (canary.length === 0 || control.length === 0) return;
    for (const gauge of this.gauges.values()) gauge.add(canary, control, row.from, row.to);
  }

  #decide(): string | null {
    return this.#certain() ?? (this.#isWarmingUp ? null : this.#warmed());
  }

  /** What a warm-up does not excuse. */
  #certain(): string | null {
    if (this.errors?.errors.isRegression === true) return 'errors';
    if (this.errors?.newErrors?.isRegression === true) return 'new-errors';
    if (this.latency?.isGrossRegression === true) return 'latency';
    return this.gauges.get('memory')?.isRegression === true ? 'memory' : null;
  }

  /** What a warm-up moves too. */
  #warmed(): string | null {
    for (const [name, { metric }] of this.latency?.quantiles ?? []) if (metric.isRegression) return name;
    if (this.latency?.isSlowRegression === true) return 'latency-slow';
    if (this.gauges.get('latency-mean')?.isRegression === true) return 'latency-mean';
    return this.gauges.get('cpu')?.isRegression === true ? 'cpu' : this.custom.regression;
  }

  /** A quantile or CPU falls towards stable's beyond doubt: what else a warm-up moves is held with it. */
  get #isWarmingUp(): boolean {
    for (const { metric } of this.latency?.quantiles.values() ?? []) if (metric.isClearlyWarmingUp) return true;
    return ['latency-mean', 'cpu'].some((name) => this.gauges.get(name)?.isClearlyWarmingUp === true);
  }

  /** The canary has answered nothing for some scrapes: no promotion. */
  get isCanarySilent(): boolean {
    return this.#reader.canaryMissed >= goneAfterScrapes;
  }
}

function withoutDeleted(names: readonly string[], second: SecondOpinion | undefined): string[] {
  return names.filter((name) => second?.without.includes(name) !== true);
}

function withoutRows(row: Row, { without }: SecondOpinion): Row {
  const stays = (pod: PodRow): boolean => !without.includes(pod.pod);
  return { ...row, canary: row.canary.filter(stays), baseline: row.baseline.filter(stays) };
}

function isWarm(pod: PodRow): boolean {
  return !pod.cold;
}

/** What the spec asks for and stable shows. */
function presentIn(evidence: Evidence, spec: AnalysisSpec): Present {
  const { missing } = evidence.found;
  const has = (signal: string): boolean => !missing.includes(signal);
  const errors = spec.errors.enabled && has('requests') && has('errors');
  return {
    errors,
    newErrors: errors && spec.errors.newClasses && hasClasses(evidence),
    latency: spec.latency.enabled && has('latency') && evidence.boundsSeconds.length > 0,
    mean: spec.latency.enabled && has('latency') && evidence.boundsSeconds.length === 0 && hasMeans(evidence),
    quantiles: spec.latency.quantiles,
    cpu: spec.cpu.enabled && has('cpu'),
    memory: spec.memory.enabled && has('memory'),
    custom: (spec.custom ?? []).filter(({ critical }) => critical).map(({ name }) => customName(name)),
  };
}

function hasMeans({ stable, run, history }: Evidence): boolean {
  const known = (name: string): boolean =>
    [run, history].some((window) => window?.pods[name]?.latencyCount?.some((count) => count !== null) === true);
  return stable.some(known);
}

/** Stable's past says which classes are old; without one every class would be new. */
function hasClasses({ history, stable }: Evidence): boolean {
  return stable.some((name) => Object.keys(history?.pods[name]?.errorClasses ?? {}).length > 0);
}

function resourceGauges(
  spec: AnalysisSpec,
  history: History,
  options: {
    alphas: ReadonlyMap<string, number>;
    pods: { stable: number; baseline: number };
    present: Present;
    since: number;
  },
): Map<string, GaugeMetric> {
  const { alphas, pods, present, since } = options;
  const { runScrapeSeconds } = history;
  const gauges = new Map<string, GaugeMetric>();
  const add = (name: string, meter: Meter, noise: GaugeNoise, limit: { tolerance: number; absolute: number }): void => {
    const factor = pods.baseline > 0 ? baselineFactor(pods) : 1;
    gauges.set(
      name,
      new GaugeMetric({
        limits: { alpha: alphas.get(name) ?? 0, tolerance: limit.tolerance, absolute: limit.absolute },
        meter,
        noise: { ...noise, s2: noise.s2 * factor },
        control: 0,
        scrapeSeconds: batchScrapeSeconds(history),
        since,
      }),
    );
  };
  if (present.mean === true) {
    const { tolerance, absoluteToleranceSeconds: absolute } = spec.latency;
    const prior = learntSpread(spec.podSpread?.['latency-mean']);
    const noise = history.usable ? meanControl(history, prior) : unknownNoise(prior);
    add('latency-mean', new MeanMeter(), noise, { tolerance, absolute });
  }
  if (present.cpu) {
    const prior = learntSpread(spec.podSpread?.['cpu']);
    const { model, noise } = history.usable
      ? cpuControl(history, prior)
      : { model: new CpuModel(), noise: unknownNoise(prior) };
    add('cpu', new CpuMeter(model, runScrapeSeconds), noise, { ...spec.cpu, absolute: cpuFloorCores });
  }
  if (present.memory) {
    const prior = learntSpread(spec.podSpread?.['memory']);
    const noise = history.usable ? memoryControl(history, prior) : unknownNoise(prior);
    add('memory', new MemoryMeter(), noise, { ...spec.memory, absolute: 0 });
  }
  return gauges;
}
