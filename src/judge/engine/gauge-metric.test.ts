import { describe, expect, test } from 'vitest';
import { CpuModel } from './cpu-model.ts';
import { GaugeEngine } from './gauge-engine.ts';
import { GaugeMetric } from './gauge-metric.ts';
import { CpuMeter, MemoryMeter, type Meter } from './meters.ts';
import type { PodRow } from './pod-reader.ts';

const noise = { s2: 0.01, nu0: 30, vif: 1, podSpread: 0.01, spreadWeight: 4 };
const limits = { alpha: 0.001, tolerance: 0.2, absolute: 0 };

function row(memoryBytes: number | null): PodRow {
  const none = {
    requests: 0,
    errors: 0,
    buckets: null,
    cpuSeconds: 0,
    cpuScrapes: 0,
    latencySum: 0,
    latencyCount: 0,
    classes: null,
    routes: null,
    routeErrors: null,
    byRoute: false,
    cold: false,
  };
  return { pod: 'a', memoryBytes, ...none };
}

/** A gauge after these differences, one batch each. */
function gauge(differences: readonly number[], meter: Meter = new MemoryMeter(), control = 0): GaugeMetric {
  const metric = new GaugeMetric({ limits, meter, noise, control, scrapeSeconds: 15 });
  differences.map((y, i) => metric.add([row(1e8 * Math.exp(y))], [row(1e8)], 60 + 30 * i, 90 + 30 * i));
  return metric;
}

describe('a gauge', () => {
  test('is shown to be harmless by its interval, not by its mean', () => {
    const few = gauge([0.15, -0.05, 0.05, 0.05]);
    expect(few.isWithin).toBe(true);
    expect(few.isNonInferior).toBe(false);
    expect(gauge(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 0.15 : -0.05))).isNonInferior).toBe(true);
  });
  test('rests on the rows that brought a sample: a source that answers more seldom than rows come makes none of its own', () => {
    const few = new GaugeMetric({ limits, meter: new MemoryMeter(), noise, control: 0, scrapeSeconds: 2 });
    const control = [row(1e8)];
    for (let i = 0; i < 30; i += 1) few.add([row(i % 5 === 4 ? 1e8 : null)], control, 2 * i, 2 * i + 2);
    expect(few.scrapes).toBe(6);
    const model = new CpuModel();
    const cpu = new GaugeMetric({ limits, meter: new CpuMeter(model, 2), noise, control: 0, scrapeSeconds: 2 });
    const burnt = (cpuScrapes: number): PodRow => ({ ...row(null), cpuSeconds: cpuScrapes / 10, cpuScrapes });
    for (let i = 0; i < 30; i += 1) cpu.add([burnt(i % 5 === 4 ? 5 : 0)], [burnt(1)], 2 * i, 2 * i + 2);
    expect(cpu.scrapes).toBe(6);
  });
  test('is not promoted when its newest third is beyond the tolerance', () => {
    const rising = [...Array.from({ length: 60 }, () => 0), ...Array.from({ length: 30 }, () => 0.2)];
    const metric = gauge(rising);
    expect(metric.interval?.upper).toBeLessThan(Math.log(1.2));
    expect(metric.isNonInferior).toBe(false);
  });
  test('is no regression when the newest third is within the tolerance', () => {
    const engine = new GaugeEngine({ ...noise, s2: 0.0004 }, { first: 0.5, every: 300 });
    const asked = { alpha: 0.001, edgeLn: 0.1, toleranceLn: 0.18, horizon: 0 };
    [0.6, 0.6, 0.6, 0.6].map((y, i) => engine.push(y, 30 * i));
    expect(engine.isRegression(asked)).toBe(true);
    [0.15, 0.15].map((y, i) => engine.push(y, 120 + 30 * i));
    expect(engine.logE(0.1)).toBeGreaterThan(-Math.log(0.002));
    expect(engine.isRegression(asked)).toBe(false);
  });
  test('of fewer requests than its A/A control is taken for noisier', () => {
    const thin = (): Meter => Object.assign(new MemoryMeter(), { requests: 5 });
    const differences = [0.4, 0.38, 0.42, 0.4, 0.41, 0.39];
    expect(gauge(differences, thin(), 5).logE).toBeGreaterThan(gauge(differences, thin(), 100).logE + 2);
  });
  test('with a floor in its own unit tolerates that much of it', () => {
    const metric = new GaugeMetric({
      limits: { ...limits, absolute: 1e8 },
      meter: new MemoryMeter(),
      noise,
      control: 0,
      scrapeSeconds: 15,
    });
    metric.add([row(1e8)], [row(1e8)], 60, 90);
    expect(metric.bounds.tolerance).toBeCloseTo(1);
  });
});
