import { betaBinomialCs } from './intervals.ts';
import { bisect } from './numbers.ts';

/** Kullback-Leibler divergence of two coins, in nats. */
function divergence(p: number, q: number): number {
  return partOf(p, q) + partOf(1 - p, 1 - q);
}

function partOf(a: number, b: number): number {
  return a === 0 ? 0 : a * Math.log(a / b);
}

/** What an error regression looks like and how it is looked for. kappa = exposure of stable / exposure of canary. */
export interface DetectPlan {
  stableErrorRate: number;
  /** True ratio of the rates; with stableErrorRate 0 it has no meaning. */
  ratio: number;
  /** Errors added to the canary's rate on top, for a stable rate of 0. */
  added: number;
  kappa: number;
  rho0: number;
  alpha: number;
  phi: number;
}

/** Median canary requests until the count engine finds a regression; Infinity when it never would. */
export function planDetect(plan: DetectPlan): number {
  const { stableErrorRate, ratio, added, kappa, rho0, alpha, phi } = plan;
  const needed = phi * Math.log(6 / alpha);
  const canaryRate = stableErrorRate * ratio + added;
  if (canaryRate <= 0) return Infinity;
  if (stableErrorRate === 0) return needed / (canaryRate * Math.log((kappa + rho0) / rho0));
  const effective = canaryRate / stableErrorRate;
  if (effective <= rho0) return Infinity;
  const information = divergence(effective / (effective + kappa), rho0 / (rho0 + kappa));
  return needed / (stableErrorRate * (effective + kappa) * information);
}

/** Canary requests until two tracks with the same error rate are shown equal within `margin` at level beta. */
export function planNonInferior(plan: {
  errorRate: number;
  kappa: number;
  margin: number;
  beta: number;
  phi: number;
}): number {
  const { errorRate, kappa, margin, beta, phi } = plan;
  const shown = (n: number): boolean => {
    const canary = betaBinomialCs((errorRate * n) / phi, n / phi, beta);
    const stable = betaBinomialCs((errorRate * n * kappa) / phi, (n * kappa) / phi, beta);
    return canary.upper - stable.lower <= margin;
  };
  const most = 1e9;
  if (!shown(most)) return Infinity;
  return Math.exp(bisect(0, Math.log(most), (logN) => shown(Math.exp(logN))));
}
