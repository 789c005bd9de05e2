import { expect, test } from 'vitest';
import { planRequest, warmupDelay } from './behaviour.ts';
import { readSettings } from './settings.ts';

test('without switches the application is healthy', () => {
  const settings = readSettings({});
  expect(settings).toMatchObject({ port: 8080, errorRate: 0, latencyMs: 0, host: undefined, neverReady: false });
  expect(planRequest(settings, '/fast', 5, () => 0.5).error).toBeUndefined();
});

test('an error class may carry a type', () => {
  expect(readSettings({ ERROR_CLASS: '503:upstream_timeout' }).errorClass).toEqual({
    status: 503,
    type: 'upstream_timeout',
  });
  expect(readSettings({}).errorClass).toEqual({ status: 500, type: 'injected' });
});

test.each([
  [{ ERROR_RATE: '5' }, 'ERROR_RATE=5'],
  [{ LATENCY_MS: 'slow' }, 'LATENCY_MS=slow'],
  [{ ERROR_CLASS: 'broken' }, 'ERROR_CLASS=broken'],
])('%j is refused by name', (env, message) => {
  expect(() => readSettings(env)).toThrow(message);
});

test('added latency holds for one route alone when a route is named', () => {
  const settings = readSettings({ LATENCY_MS: '200', LATENCY_ROUTE: '/slow' });
  expect(planRequest(settings, '/slow', 40, () => 0.5).delayMs).toBeGreaterThan(200);
  expect(planRequest(settings, '/fast', 5, () => 0.5).delayMs).toBeLessThan(20);
});

test('a process that just started is slower, and less so as time goes by', () => {
  const settings = readSettings({ WARMUP_MS: '80', WARMUP_S: '40' });
  expect([0, 10, 30, 40, 400].map((age) => warmupDelay(settings, age))).toEqual([80, 60, 20, 0, 0]);
});

test('errors and slow requests come at their rates', () => {
  const settings = readSettings({ ERROR_RATE: '0.25', TAIL_RATE: '0.1', TAIL_MS: '10000' });
  const random = lehmer(7);
  const plans = Array.from({ length: 4000 }, () => planRequest(settings, '/fast', 5, random));
  const share = (count: number): number => count / plans.length;
  expect(share(plans.filter((plan) => plan.error).length)).toBeCloseTo(0.25, 1);
  expect(share(plans.filter((plan) => plan.delayMs > 10_000).length)).toBeCloseTo(0.1, 1);
});

/** A fixed sequence of numbers in [0, 1): Lehmer's generator modulo 2^31 - 1. */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

test('metrics are odd for the named addresses alone, in a known way', () => {
  expect(readSettings({}).odd).toBeUndefined();
  expect(readSettings({ METRICS_ODD: 'slow', METRICS_ODD_FOR: '10.0.0.1,10.0.0.2' }).odd).toEqual({
    kind: 'slow',
    addresses: new Set(['10.0.0.1', '10.0.0.2']),
  });
  expect(() => readSettings({ METRICS_ODD: 'late' })).toThrow('METRICS_ODD=late: expected slow, large, html, tls');
});
