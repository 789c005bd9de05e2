import { describe, expect, test } from 'vitest';
import { planRelease } from '../../src/judge/engine/plan-release.ts';
import { profileOf, type ServiceProfile } from '../../src/judge/engine/profile.ts';
import { usualSpec } from '../../src/judge/engine/testing/steady.ts';
import { type Scenario, simulate } from './simulate.ts';
import { tally } from './tally.ts';

function profile(scenario: Partial<Scenario>): ServiceProfile {
  const found = profileOf(simulate({ name: 'planned', rate: 100, minutes: 2, ...scenario }, 5), usualSpec);
  if (found === null) throw new Error('too little is known');
  return found;
}

function seconds(known: ServiceProfile, what: string, answer: 'Regression' | 'Pass' = 'Regression'): number {
  const step = planRelease(known, usualSpec).steps.find((one) => one.what === what && one.answer === answer);
  if (step === undefined) throw new Error(`${what} is not planned`);
  return step.seconds;
}

/** The same service with so many times the traffic. */
function busier(known: ServiceProfile, times: number): ServiceProfile {
  const { canary, stable } = known.requests;
  return { ...known, requests: { canary: times * canary, stable: times * stable } };
}

describe('a plan', () => {
  test.each([
    ['errors doubled', { rate: 100, errorRate: 0.01 }, { errorFactor: 2 }],
    ['0.5 % new errors', { rate: 100, errorRate: 0 }, { errorsAdded: 0.005 }],
    ['latency x1.5', { rate: 100 }, { latencyFactor: 1.5 }],
    ['latency +50 ms', { rate: 10 }, { latencyAddedSeconds: 0.05 }],
    ['CPU x1.3', { rate: 100 }, { cpuFactor: 1.42 }],
  ])('says about when %s is found', (what, scenario: Partial<Scenario>, harm) => {
    const planned = seconds(profile(scenario), what);
    const found = tally({ name: what, rate: 100, minutes: 15, ...scenario, harm }, 3, 3);
    expect(found.rolledBack).toBe(3);
    // Gross harm may be found earlier by another engine than the one that is planned with.
    expect(found.median).toBeLessThan(1.7 * planned);
    expect(found.median).toBeGreaterThan(0.3 * planned);
  });
  test('says about when a good version is proven', () => {
    const good: Scenario = { name: 'proven', rate: 60, minutes: 15, minDurationSeconds: 60 };
    const known = profile(good);
    const passes = planRelease(known, usualSpec).steps.filter(({ answer }) => answer === 'Pass');
    const planned = Math.max(...passes.map((step) => step.seconds));
    const { promoted, promotedAt } = tally(good, 3, 3);
    expect(promoted).toBe(3);
    expect(promotedAt).toBeLessThan(2 * planned);
    expect(promotedAt).toBeGreaterThan(planned / 2);
  });
  test('takes less time with more traffic, and for ever without', () => {
    const known = profile({ rate: 10, errorRate: 0.01 });
    const { steps } = planRelease(known, usualSpec);
    const more = planRelease(busier(known, 10), usualSpec).steps;
    expect(more.map(({ what }) => what)).toEqual(steps.map(({ what }) => what));
    steps.map((step, i) => expect(more[i]?.seconds).toBeLessThanOrEqual(step.seconds));
    expect(seconds(busier(known, 10), 'errors doubled')).toBeLessThan(seconds(known, 'errors doubled') / 5);
    const idle = planRelease(busier(known, 0), usualSpec).steps.filter(({ what }) => !/cpu|CPU|memory/.test(what));
    expect(idle.map((step) => step.seconds)).toEqual(idle.map(() => Infinity));
  });
  test('says never where the harm is smaller than what is tolerated', () => {
    const wide = { ...usualSpec, latency: { ...usualSpec.latency, tolerance: 0.6, absoluteToleranceSeconds: 1 } };
    const step = planRelease(profile({}), wide).steps.find(({ what }) => what === 'latency x1.5');
    expect(step?.seconds).toBe(Infinity);
    expect(seconds(profile({ errorRate: 0.0001 }), 'errors doubled')).toBe(Infinity);
  });
  test('of a service whose requests all lie in one bucket knows no noise, and plans all the same', () => {
    const known = profile({});
    const still = known.quantiles.map((one) => ({ ...one, noise: { ...one.noise, s2: 0 } }));
    const planned = seconds({ ...known, quantiles: still }, 'latency x1.5');
    expect(planned).toBeLessThanOrEqual(seconds(known, 'latency x1.5'));
  });
  test('of a service without a canary yet rests on its past', () => {
    const evidence = { ...simulate({ name: 'idle', rate: 40, minutes: 0 }, 5), canary: [] };
    expect(profileOf(evidence, usualSpec, 1)?.requests.canary).toBeCloseTo(10, 0);
    expect(profileOf(evidence, usualSpec, 3)?.requests.canary).toBeCloseTo(20, 0);
  });
  test('waits for a minute of the run', () => {
    const evidence = simulate({ name: 'early', rate: 40, minutes: 0.75 }, 5);
    expect(profileOf(evidence, usualSpec)).toBeNull();
  });
});
