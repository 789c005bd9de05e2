import type { AnalysisSpec } from '../spec.ts';
import { splitBudget } from './budget.ts';
import {
  batchSeconds,
  cpuFloorCores,
  errorFloor,
  errorMargin,
  promotionBeta,
  promotionTau2,
  spreadFactor,
  starts,
} from './constants.ts';
import { leastGaugeBatches, mixtureTau2 } from './gauge-engine.ts';
import { type GaugeBounds, gaugeBounds } from './gauge-metric.ts';
import type { GaugeNoise } from './gauge-noise.ts';
import { requestsPerBatch } from './meters.ts';
import { logSumExp } from './numbers.ts';
import { planDetect, planNonInferior } from './planning.ts';
import type { QuantileProfile, ServiceProfile } from './profile.ts';
import { leastTailSeconds } from './slow-tail.ts';
import { tMixtureHalfWidth, tMixtureLogE } from './t-mixture.ts';

/** One answer that a release may give, and when. */
export interface PlanStep {
  /** What it is an answer to: a harm (`errors doubled`), or a metric of a good version (`latency-p95`). */
  what: string;
  answer: 'Regression' | 'Pass';
  /** Seconds from the first Ready moment, about the median; Infinity: not at this traffic, or smaller than what counts. */
  seconds: number;
}

/** What a comparison can show at the traffic seen, and how long it should be given. */
export interface Plan {
  /** Requests per second of the canary that it rests on. */
  canaryRequestsPerSecond: number;
  steps: PlanStep[];
}

/** Noise of a batch that is assumed where nobody measured it (standard deviation of the ln difference). */
const assumedNoise = 0.05;
/** Batches after which a gauge is given up. */
const mostBatches = 5000;

/**
 * How long the comparison of a service would take, by the formulas of the engines themselves: until typical harms are
 * found and until a good version is proven. Pure.
 */
export function planRelease(profile: ServiceProfile, spec: AnalysisSpec): Plan {
  const alphas = splitBudget(spec.falseRollbackRate, profile.present);
  const alpha = (name: string): number => alphas.get(name) ?? 0;
  return {
    canaryRequestsPerSecond: profile.requests.canary,
    steps: [
      ...errorSteps(profile, spec, alpha),
      ...latencySteps(profile, spec, alpha),
      ...resourceSteps(profile, spec, alpha),
    ],
  };
}

type Alpha = (name: string) => number;

function errorSteps(
  { errors, present, requests, pods, scrapeSeconds }: ServiceProfile,
  spec: AnalysisSpec,
  alpha: Alpha,
): PlanStep[] {
  if (errors === null) return [];
  const { rate, phi, spread } = errors;
  const kappa = requests.canary > 0 ? requests.stable / requests.canary : 1;
  const rho0 = Math.max(
    1 + spec.errors.tolerance,
    Math.exp(spreadFactor * spread * Math.sqrt(1 / pods.canary + 1 / pods.stable)),
  );
  // Harm has to be seen in two scrapes.
  const seconds = (count: number): number => Math.max(2 * scrapeSeconds, count / requests.canary);
  const found = (name: string, base: number, change: { ratio: number; added: number }): number => {
    const excess = base * change.ratio + change.added - rho0 * base;
    if (excess < errorFloor) return Infinity;
    return seconds(planDetect({ stableErrorRate: base, ...change, kappa, rho0, alpha: alpha(name), phi }));
  };
  const added = { ratio: 1, added: 0.005 };
  const fresh = present.newErrors ? found('new-errors', 0, added) : Infinity;
  const margin = Math.max(errorMargin, spec.errors.tolerance * rate);
  return [
    ...(rate > 0 ? [step('Regression', 'errors doubled', found('errors', rate, { ratio: 2, added: 0 }))] : []),
    step('Regression', '0.5 % new errors', Math.min(fresh, found('errors', rate, added))),
    step('Pass', 'errors', seconds(planNonInferior({ errorRate: rate, kappa, margin, beta: promotionBeta, phi }))),
  ];
}

function latencySteps(profile: ServiceProfile, spec: AnalysisSpec, alpha: Alpha): PlanStep[] {
  const { quantiles, pods, requests, scrapeSeconds } = profile;
  if (!profile.present.latency || quantiles.length === 0) return [];
  const limits = { tolerance: spec.latency.tolerance, absolute: spec.latency.absoluteToleranceSeconds };
  const planned = quantiles.map((one) => {
    const least = Math.max(batchSeconds, 2 * scrapeSeconds, requestsPerBatch(one.quantile) / requests.canary);
    const length = Math.ceil(least / scrapeSeconds) * scrapeSeconds;
    const bounds = gaugeBounds(limits, one.noise.podSpread, { canary: pods.canary, control: pods.stable }, one.seconds);
    const gauge: PlannedGauge = { bounds, length, ...quantileNoise(one, requests, length), alpha: alpha(one.name) };
    return { name: one.name, seconds: one.seconds, gauge };
  });
  const warm = spec.warmupSeconds;
  const soonest = (effect: (seconds: number) => number): number =>
    Math.min(...planned.map(({ gauge, seconds }) => warm + secondsToFind(gauge, effect(seconds))));
  return [
    step(
      'Regression',
      'latency x1.5',
      soonest(() => Math.log(1.5)),
    ),
    step(
      'Regression',
      'latency +50 ms',
      soonest((seconds) => (seconds > 0 ? Math.log1p(0.05 / seconds) : 0)),
    ),
    ...planned.map(({ name, gauge }) => step('Pass', name, warm + secondsToPass(gauge))),
    step('Pass', 'latency-slow', requests.canary > 0 ? warm + leastTailSeconds : Infinity),
  ];
}

/** Measured on stable's pods among themselves, else what chance alone makes of so many requests. */
function quantileNoise(
  { noise, requestsPerBatch: measured, sampling }: QuantileProfile,
  requests: ServiceProfile['requests'],
  length: number,
): { s: number; nu0: number } {
  const perBatch = requests.canary * length;
  if (noise.nu0 > 0) {
    const thin = Math.max(1, measured / Math.max(1, perBatch));
    return { s: Math.sqrt(noise.vif * noise.s2 * thin), nu0: noise.nu0 };
  }
  const chance = sampling * (1 / perBatch + 1 / Math.max(1, requests.stable * length));
  return { s: Math.sqrt(noise.vif * (chance + assumedNoise ** 2 / noise.vif)), nu0: 0 };
}

function resourceSteps(profile: ServiceProfile, spec: AnalysisSpec, alpha: Alpha): PlanStep[] {
  const { cpu, memory, pods, scrapeSeconds } = profile;
  const length = Math.ceil(Math.max(batchSeconds, 2 * scrapeSeconds) / scrapeSeconds) * scrapeSeconds;
  const gauge = (name: 'cpu' | 'memory', noise: GaugeNoise, absolute: number, value: number): PlannedGauge => ({
    bounds: gaugeBounds(
      { tolerance: spec[name].tolerance, absolute },
      noise.podSpread,
      { canary: pods.canary, control: pods.stable },
      value,
    ),
    length,
    s: noise.nu0 > 0 ? Math.sqrt(noise.vif * noise.s2) : assumedNoise,
    nu0: noise.nu0,
    alpha: alpha(name),
  });
  const warm = spec.warmupSeconds;
  const steps: PlanStep[] = [];
  if (cpu !== null) {
    const planned = gauge('cpu', cpu.noise, cpuFloorCores, cpu.cores);
    steps.push(step('Regression', 'CPU x1.3', warm + secondsToFind(planned, Math.log(1.3))));
    steps.push(step('Pass', 'cpu', warm + secondsToPass(planned)));
  }
  if (memory !== null) steps.push(step('Pass', 'memory', warm + secondsToPass(gauge('memory', memory.noise, 0, 0))));
  return steps;
}

function step(answer: PlanStep['answer'], what: string, seconds: number): PlanStep {
  return { what, answer, seconds: Number.isFinite(seconds) ? Math.ceil(seconds) : Infinity };
}

interface PlannedGauge {
  bounds: GaugeBounds;
  /** Seconds of a batch. */
  length: number;
  /** Standard deviation of a batch, autocorrelation included, and the degrees of freedom known before. */
  s: number;
  nu0: number;
  alpha: number;
}

/** Seconds until a lasting ln difference is past the evidence that a rollback needs; Infinity: it is tolerated. */
function secondsToFind({ bounds, length, s, nu0, alpha }: PlannedGauge, effect: number): number {
  if (effect < Math.log1p(bounds.tolerance)) return Infinity;
  const beyond = effect - Math.log1p(bounds.edge);
  const needed = -Math.log(2 * alpha) - Math.log(starts.first);
  const logE = (n: number): number => {
    const parts = mixtureTau2.map((tau2) => tMixtureLogE((n * beyond ** 2) / s ** 2, n, nu0 + n - 1, tau2));
    return logSumExp(parts) - Math.log(mixtureTau2.length);
  };
  for (let n = leastGaugeBatches; n <= mostBatches; n += 1) if (logE(n) >= needed) return n * length;
  return Infinity;
}

/** Seconds until no difference at all is shown to be within the tolerance. */
function secondsToPass({ bounds, length, s, nu0 }: PlannedGauge): number {
  const limit = Math.log1p(bounds.tolerance);
  for (let n = 2; n <= mostBatches; n += 1) {
    const half = tMixtureHalfWidth({ s, n, nu: nu0 + n - 1, alpha2: 2 * promotionBeta, tau2: promotionTau2 });
    if (half < limit) return n * length;
  }
  return Infinity;
}
