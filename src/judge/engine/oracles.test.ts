import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bartlettVif } from './autocorrelation.ts';
import { CountEngine, countLogLr } from './count-engine.ts';
import { Dispersion } from './dispersion.ts';
import { GaugeEngine } from './gauge-engine.ts';
import { gaugeNoise } from './gauge-noise.ts';
import { histogramQuantile, survivalAt } from './histogram.ts';
import { counterIncrements } from './increments.ts';
import { betaBinomialCs, ratioCs } from './intervals.ts';
import { betaln, logFactorial, logSumExp } from './numbers.ts';
import { planDetect, planNonInferior } from './planning.ts';
import { slowOddsLogLr } from './slow-odds.ts';
import { startWeight } from './start-mixture.ts';
import { tMixtureHalfWidth, tMixtureLogE } from './t-mixture.ts';

interface Oracles {
  specialFunctions: {
    lgamma: { x: number; value: number }[];
    betaln: { a: number; b: number; value: number }[];
    logsumexp: { x: number[]; value: number }[];
  };
  countEngine: {
    ec: number[];
    nc: number[];
    es: number[];
    ns: number[];
    rho0: number;
    phi: number;
    grid: number[];
    restartEvery: number;
    w0: number;
    firstIntervalLogLr: number[];
    logE: number[];
    logEnoRestart: number;
  }[];
  countEngineSmall: { canaryErrors: number; stableErrors: number; share: number; rho0: number; logE: number }[];
  startWeights: { T: number; every: number; w0: number; weights: number[] };
  dispersion: { events: number[][]; exposure: number[][]; phi: number; df: number; phiMultiscale: number }[];
  betaBinomialCs: { x: number; n: number; alpha: number; lower: number; upper: number }[];
  ratioCs: {
    ec: number;
    nc: number;
    es: number;
    ns: number;
    alpha: number;
    lower: number | null;
    upper: number | null;
  }[];
  tMixture: { t: number; n: number; nu: number; tau2: number; logE: number; logEbyIntegration: number }[];
  tMixtureHalfWidth: {
    s: number;
    n: number;
    nu: number;
    alpha2: number;
    tau2: number;
    halfWidth: number | null;
  }[];
  slowOddsLr: {
    slowCanary: number;
    canary: number;
    slowStable: number;
    stable: number;
    psi0: number;
    grid: number[];
    logLr: number[];
  }[];
  bartlettVif: { x: number[]; lags: number; value: number }[];
  gaugeEngine: {
    y: (number | null)[];
    history: number[][];
    alpha: number;
    toleranceLn: number;
    edgeLn: number;
    restartEvery: number;
    warmupBatches: number;
    vif: number;
    nu0: number;
    s2History: number;
    podSpread: number;
    logE: number[];
    rollback: boolean[];
    niAlpha2: number;
    niTau2: number;
    niUpper: (number | null)[];
    niLower: (number | null)[];
  };
  histogramQuantile: { bounds: number[]; counts: number[]; q: number; value: number | null }[];
  survivalAt: { bounds: number[]; counts: number[]; x: number; value: number }[];
  counterIncrements: {
    name: string;
    samples: (number | null)[];
    podStartedInRun?: boolean;
    increments: (number | null)[];
  }[];
  planDetect: {
    stableErrorRate: number;
    ratio: number;
    added: number;
    kappa: number;
    rho0: number;
    alpha: number;
    phi: number;
    canaryRequests: number;
  }[];
  planNonInferior: {
    errorRate: number;
    kappa: number;
    margin: number;
    beta: number;
    phi: number;
    canaryRequests: number;
  }[];
}

const oracles = JSON.parse(readFileSync(new URL('../testdata/judge-oracles.json', import.meta.url), 'utf8')) as Oracles;

/** null stands for infinite in the oracles. */
function expectClose(actual: number | null, expected: number | null, relative = 1e-9): void {
  if (expected === null || actual === null) {
    expect(actual === null || !Number.isFinite(actual)).toBe(expected === null);
    return;
  }
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.max(1e-3, Math.abs(expected)));
}

describe('special functions', () => {
  test('ln n! agrees with lgamma', () => {
    for (const { x, value } of oracles.specialFunctions.lgamma) {
      if (Number.isInteger(x)) expectClose(logFactorial(x - 1), value, 1e-8);
    }
    for (const n of [15, 16, 17, 100]) expectClose(logFactorial(n) - logFactorial(n - 1), Math.log(n), 1e-12);
  });
  test('betaln', () => {
    for (const { a, b, value } of oracles.specialFunctions.betaln) expectClose(betaln(a, b), value, 1e-8);
  });
  test('logSumExp', () => {
    for (const { x, value } of oracles.specialFunctions.logsumexp) expectClose(logSumExp(x), value);
  });
});

describe('counts', () => {
  test('first interval and every scrape of the mixture', () => {
    for (const oracle of oracles.countEngine) {
      const engine = new CountEngine({
        rho0: oracle.rho0,
        grid: oracle.grid,
        starts: { first: oracle.w0, every: oracle.restartEvery },
      });
      const once = new CountEngine({ rho0: oracle.rho0, grid: oracle.grid, starts: { first: 1, every: Infinity } });
      for (let t = 0; t < oracle.ec.length; t += 1) {
        const split = {
          canaryEvents: oracle.ec[t]!,
          canary: oracle.nc[t]!,
          stableEvents: oracle.es[t]!,
          stable: oracle.ns[t]!,
        };
        if (t === 0) {
          const first = oracle.grid.map((g) => countLogLr(split, oracle.rho0, g * oracle.rho0));
          first.map((value, i) => expectClose(value, oracle.firstIntervalLogLr[i]!));
        }
        engine.step(t, [split], 1 / oracle.phi);
        once.step(t, [split], 1 / oracle.phi);
        expectClose(engine.logE, oracle.logE[t]!);
      }
      expectClose(once.logE, oracle.logEnoRestart);
    }
  });
  test('small counts in closed form', () => {
    for (const { canaryErrors, stableErrors, share, rho0, logE } of oracles.countEngineSmall) {
      const engine = new CountEngine({ rho0, starts: { first: 1, every: Infinity } });
      const split = { canaryEvents: canaryErrors, canary: share, stableEvents: stableErrors, stable: 1 - share };
      engine.step(0, [split], 1);
      expectClose(engine.logE, logE);
    }
  });
  test('weights of the starts', () => {
    const { T, every, w0, weights } = oracles.startWeights;
    for (let t = 0; t < T; t += 1) {
      expectClose(t % every === 0 ? startWeight({ first: w0, every }, t / every) : 0, weights[t]!);
    }
  });
  test('dispersion at one scale and at several', () => {
    for (const oracle of oracles.dispersion) {
      const one = new Dispersion([1]);
      const several = new Dispersion([1, 4, 20]);
      oracle.events.map((events, t) => {
        one.add(events, oracle.exposure[t]!);
        several.add(events, oracle.exposure[t]!);
      });
      expectClose(one.phi, oracle.phi);
      expect(one.df).toBe(oracle.df);
      expectClose(several.phi, oracle.phiMultiscale);
    }
  });
});

describe('intervals', () => {
  test('of a probability', () => {
    for (const { x, n, alpha, lower, upper } of oracles.betaBinomialCs) {
      const interval = betaBinomialCs(x, n, alpha);
      expectClose(interval.lower, lower, 1e-7);
      expectClose(interval.upper, upper, 1e-7);
    }
  });
  test('of a rate ratio', () => {
    for (const { ec, nc, es, ns, alpha, lower, upper } of oracles.ratioCs) {
      const interval = ratioCs({ canaryEvents: ec, canary: nc, stableEvents: es, stable: ns }, alpha);
      expectClose(interval.lower, lower, 1e-6);
      expectClose(interval.upper, upper, 1e-6);
    }
  });
});

describe('gauges', () => {
  test('t mixture', () => {
    for (const { t, n, nu, tau2, logE, logEbyIntegration } of oracles.tMixture) {
      expectClose(tMixtureLogE(t * t, n, nu, tau2), logE);
      expectClose(tMixtureLogE(t * t, n, nu, tau2), logEbyIntegration, 1e-6);
    }
  });
  test('its half width', () => {
    for (const { halfWidth, ...input } of oracles.tMixtureHalfWidth) expectClose(tMixtureHalfWidth(input), halfWidth);
  });
  test('variance inflation', () => {
    for (const { x, lags, value } of oracles.bartlettVif) expectClose(bartlettVif(x, lags), value);
  });
  test('a whole run of the engine', () => {
    const oracle = oracles.gaugeEngine;
    const noise = gaugeNoise(oracle.history);
    expectClose(noise.vif, oracle.vif, 1e-6);
    expectClose(noise.nu0, oracle.nu0, 1e-6);
    expectClose(noise.s2, oracle.s2History, 1e-6);
    expectClose(noise.podSpread, oracle.podSpread, 1e-6);
    const engine = new GaugeEngine(noise, { first: 0.5, every: oracle.restartEvery });
    oracle.y.map((y, batch) => {
      engine.push(y, batch);
      expectClose(engine.logE(oracle.edgeLn), oracle.logE[batch]!, 1e-6);
      const limits = { ...oracle, horizon: oracle.warmupBatches };
      expect(engine.isRegression(limits)).toBe(oracle.rollback[batch]);
      const interval = engine.interval(oracle.niAlpha2, oracle.niTau2);
      expectClose(interval === null ? null : interval.upper, oracle.niUpper[batch]!, 1e-6);
      expectClose(interval === null ? null : interval.lower, oracle.niLower[batch]!, 1e-6);
    });
  });
  test('gross slowdown: noncentral hypergeometric odds', () => {
    for (const { psi0, grid, logLr, ...table } of oracles.slowOddsLr) {
      slowOddsLogLr(table, psi0, grid).map((value, i) => expectClose(value, logLr[i]!, 1e-8));
    }
  });
});

describe('histograms and counters', () => {
  test('quantiles by the rule of Prometheus', () => {
    for (const { bounds, counts, q, value } of oracles.histogramQuantile) {
      expectClose(histogramQuantile(bounds, counts, q), value);
    }
  });
  test('share above a value', () => {
    for (const { bounds, counts, x, value } of oracles.survivalAt) expectClose(survivalAt(bounds, counts, x), value);
  });
  test('increments', () => {
    for (const { samples, podStartedInRun, increments } of oracles.counterIncrements) {
      // Without the field the oracle lists what lies between samples, without the base.
      const all = counterIncrements(samples, podStartedInRun ?? false);
      expect(podStartedInRun === undefined ? all.slice(1) : all).toEqual(increments);
    }
  });
});

describe('planning', () => {
  test('requests to detect', () => {
    for (const { canaryRequests, ...plan } of oracles.planDetect) expectClose(planDetect(plan), canaryRequests);
  });
  test('requests to promotion evidence', () => {
    for (const { canaryRequests, ...plan } of oracles.planNonInferior) {
      expectClose(planNonInferior(plan), canaryRequests, 1e-4);
    }
  });
});
