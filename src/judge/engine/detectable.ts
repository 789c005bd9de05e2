import { promotionTau2 } from './constants.ts';
import { type CountMetric, rates } from './count-metric.ts';
import type { GaugeMetric } from './gauge-metric.ts';
import { bisect } from './numbers.ts';
import { planDetect } from './planning.ts';

/** The largest ratio that is asked about. */
const mostRatio = 1000;

/** The smallest relative excess of the rate that the requests so far would probably have shown; null when none. */
export function countDetectable(metric: CountMetric): number | null {
  const { canary, stable } = metric.whole;
  const found = rates(metric.whole);
  if (found === null || found.stable === 0) return null;
  const plan = {
    stableErrorRate: found.stable,
    added: 0,
    kappa: stable / canary,
    rho0: metric.rho0,
    alpha: metric.limits.alpha,
    phi: metric.phi,
  };
  if (planDetect({ ...plan, ratio: mostRatio }) > canary) return null;
  return bisect(metric.rho0, mostRatio, (ratio) => planDetect({ ...plan, ratio }) <= canary) - 1;
}

/** The smallest relative difference that the batches so far would probably have shown; null when none. */
export function gaugeDetectable(metric: GaugeMetric): number | null {
  const { edge, tolerance } = metric.bounds;
  const reach = metric.engine.interval(2 * metric.limits.alpha, promotionTau2);
  if (reach === null) return null;
  const half = (reach.upper - reach.lower) / 2;
  return Math.max(tolerance, Math.expm1(Math.log1p(edge) + half));
}
