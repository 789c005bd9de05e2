import { describe, expect, test } from 'vitest';
import type { Verdict } from '../verdict.ts';
import { incrementalJudge } from './incremental.ts';
import { judgeSequential } from './judge-sequential.ts';
import { type Behaviour, steady, theEnd, usualSpec } from './testing/steady.ts';

/** Noise without chance: the same for every run. */
const wobble = (slot: number, size: number): number => 1 + size * Math.sin(slot * 12.9898 + 78.233);
const isCanary = (pod: string): boolean => pod.startsWith('canary');

function judged(behaviour: Behaviour, options?: Parameters<typeof steady>[1]): Verdict {
  return judgeSequential(steady(behaviour, options), usualSpec, theEnd);
}

/** CPU of some pods at so many times the usual. */
function burning(factor: number, worse: (pod: string) => boolean = isCanary): Behaviour {
  return (slot, pod) => ({ cores: 0.2 * (worse(pod) ? factor : 1) * wobble(slot, 0.01) });
}

describe('borderline', () => {
  test('is a gauge below twice its tolerance', () => {
    expect(judged(burning(1.35))).toMatchObject({ verdict: 'Regression', reason: 'cpu', borderline: true });
    expect(judged(burning(1.6))).toMatchObject({ verdict: 'Regression', reason: 'cpu' });
    expect(judged(burning(1.6))).not.toHaveProperty('borderline');
  });
  test('are not errors, a gross slowdown, or a gauge beside one that is beyond doubt', () => {
    const bad: Behaviour[] = [
      (_, pod) => ({ errors: isCanary(pod) ? 40 : 0 }),
      (_, pod) => ({ latency: isCanary(pod) ? 0.4 : 0.08 }),
      (slot, pod) => ({ ...burning(1.35)(slot, pod), bytes: isCanary(pod) ? 1.9e8 : 1e8 }),
    ];
    for (const behaviour of bad) {
      const verdict = judged(behaviour);
      expect(verdict.verdict).toBe('Regression');
      expect(verdict).not.toHaveProperty('borderline');
    }
  });
  test('is nothing but a regression', () => {
    expect(judged(() => ({}))).not.toHaveProperty('borderline');
  });
});

describe('a second opinion', () => {
  const first = (pod: string): boolean => pod === 'canary-0';

  test('of a good pod takes the first one back, after a soak of its own', () => {
    expect(judged(burning(1.35, first), { slots: 40 }).verdict).toBe('Regression');
    expect(judged(burning(1.35, first), { second: 40, slots: 100 }).verdict).toBe('Undecided');
    expect(judged(burning(1.35, first), { second: 40, slots: 101 }).verdict).toBe('Pass');
  });
  test('of a pod that is worse too confirms it', () => {
    const verdict = judged(burning(1.35), { second: 40 });
    expect(verdict).toMatchObject({ verdict: 'Regression', reason: 'cpu' });
  });
  test('that was asked for and is not heard yet leaves the first one open', () => {
    const all = steady(burning(1.35), { second: 40 });
    expect(judgeSequential(all, usualSpec, 39 * 15_000)).toMatchObject({ verdict: 'Undecided', weakPass: false });
    const errors = steady((_, pod) => ({ errors: isCanary(pod) ? 40 : 0 }), { second: 40 });
    expect(judgeSequential(errors, usualSpec, 39 * 15_000).verdict).toBe('Regression');
  });
  test('begins anew: what the first pod showed does not speak for the second', () => {
    const early = judged(burning(1.35), { second: 40, slots: 47 });
    expect(early.verdict).toBe('Undecided');
    expect(early.metrics.find(({ name }) => name === 'cpu')?.evidence).toBe(0);
  });
  test('waits for the warm-up of the second pod', () => {
    const cold: Behaviour = (slot, pod) => ({
      cores:
        0.2 * (first(pod) ? 1.35 : pod === 'canary-1' && slot < 60 ? 1 + (60 - slot) / 20 : 1) * wobble(slot, 0.01),
    });
    expect(judged(cold, { second: 40, slots: 60 }).verdict).toBe('Undecided');
  });
  test('keeps the errors of the whole run', () => {
    const behaviour: Behaviour = (slot, pod) => ({ ...burning(1.35, first)(slot, pod), errors: 1 });
    const verdict = judged(behaviour, { second: 40, slots: 80 });
    expect(verdict.metrics.find(({ name }) => name === 'errors')?.samples).toBe(verdict.requests.canary);
    expect(verdict.requests.canary).toBeGreaterThan(70 * 400);
  });
  test('finds errors that the gauge of the first pod had come before', () => {
    const behaviour: Behaviour = (slot, pod) => ({
      ...burning(1.35, first)(slot, pod),
      errors: isCanary(pod) && slot > 36 ? 40 : 0,
    });
    expect(judged(behaviour, { second: 44 })).toMatchObject({ verdict: 'Regression', reason: 'errors' });
  });
  test('is the same scrape by scrape', () => {
    const judge = incrementalJudge();
    const whole = steady(burning(1.35), { second: 40, slots: 60 });
    const { secondOpinion: _, ...before } = whole;
    for (let slot = 30; slot < 60; slot += 1) {
      const evidence = slot < 40 ? before : whole;
      expect(judge(evidence, usualSpec, slot * 15_000)).toEqual(judgeSequential(evidence, usualSpec, slot * 15_000));
    }
  });
});
