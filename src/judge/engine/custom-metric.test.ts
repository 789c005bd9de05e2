import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CustomMetricSpec } from '../spec.ts';
import type { Verdict } from '../verdict.ts';
import { onScale, relativeOf, scaleOf, worsening } from './custom-difference.ts';
import { incrementalJudge } from './incremental.ts';
import { judgeSequential } from './judge-sequential.ts';
import { steady, theEnd, usualSpec } from './testing/steady.ts';

type Values = (slot: number, track: 'canary' | 'stable') => number | null;

const metric: CustomMetricSpec = { name: 'queue-age', worse: 'Higher', tolerance: 0.2, critical: true };

function evidenceOf(values: Values, problem?: string): ReturnType<typeof steady> {
  const evidence = steady(() => ({}));
  const slots = (track: 'canary' | 'stable'): (number | null)[] =>
    Array.from({ length: evidence.run.scrapes }, (_, slot) => values(slot, track));
  const samples = { canary: slots('canary'), stable: slots('stable'), ...(problem === undefined ? {} : { problem }) };
  return { ...evidence, custom: { 'queue-age': samples } };
}

function judged(values: Values, changes: Partial<CustomMetricSpec> = {}, problem?: string): Verdict {
  const spec = { ...usualSpec, custom: [{ ...metric, ...changes }] };
  return judgeSequential(evidenceOf(values, problem), spec, theEnd);
}

const wobble = (slot: number, size: number): number => 1 + size * Math.sin(slot * 12.9898 + 78.233);
const times =
  (factor: number, level = 10): Values =>
  (slot, track) =>
    level * wobble(slot, 0.05) * (track === 'canary' ? factor * wobble(slot + 7, 0.03) : 1);

describe('a custom metric', () => {
  test('takes a version back when it is worse', () => {
    const verdict = judged(times(1.6));
    expect(verdict).toMatchObject({ verdict: 'Regression', reason: 'custom-queue-age' });
    expect(verdict.sentence).toMatch(/^queue-age of canary is 16, 10 on stable \(limit 12\) over \d+ scrapes$/);
    expect(verdict.metrics.at(-1)).toMatchObject({ name: 'custom-queue-age', verdict: 'Regression', evidence: 100 });
  });

  test('passes with the others when it is not', () => {
    expect(judged(times(1))).toMatchObject({ verdict: 'Pass', weakPass: true, warnings: [] });
    expect(judged(times(0.4)).verdict).toBe('Pass');
  });

  test('counts the other way round where lower is worse', () => {
    expect(judged(times(0.6, 0.9), { worse: 'Lower' })).toMatchObject({
      verdict: 'Regression',
      reason: 'custom-queue-age',
    });
    expect(judged(times(1.6, 0.9), { worse: 'Lower' }).verdict).toBe('Pass');
    const found = judged(times(0.6, 0.9), { worse: 'Lower' }).metrics.at(-1);
    expect(found?.limit).toBeCloseTo(1 / 1.2 - 1);
    expect(found?.interval[0]).toBeLessThan(-0.35);
    expect(found?.interval[1]).toBeGreaterThan(found?.interval[0] ?? 0);
    expect(found?.detectable).toBeLessThan(0);
  });

  test('that is not critical is reported and decides nothing', () => {
    const worse = judged(times(3), { critical: false });
    expect(worse).toMatchObject({ verdict: 'Pass', weakPass: true });
    expect(worse.metrics.at(-1)).toMatchObject({ verdict: 'Regression', reported: true });
    expect(worse.warnings).toEqual(['custom metric queue-age is worse, and not critical: reported only']);
    expect(worse.sentence).not.toContain('queue-age');
    const silent = judged(() => null, { critical: false }, 'the query failed');
    expect(silent).toMatchObject({ verdict: 'Pass', weakPass: true });
    expect(silent.warnings).toEqual(['custom metric queue-age has no value: the query failed']);
  });

  test('without data never passes, and says why', () => {
    const verdict = judged(() => null, {}, 'the query brings 3 series for canary');
    expect(verdict).toMatchObject({ verdict: 'Undecided', weakPass: false });
    expect(verdict.sentence).toContain(
      'custom metric queue-age has no value: the query brings 3 series for canary, so nothing passes; ',
    );
    expect(judged((_, track) => (track === 'canary' ? null : 5)).verdict).toBe('Undecided');
    const ended: Values = (slot, track) => (slot > 110 ? null : times(1)(slot, track));
    expect(judged(ended)).toMatchObject({ verdict: 'Undecided', weakPass: false });
    const noEvidence = judgeSequential(
      steady(() => ({})),
      { ...usualSpec, custom: [metric] },
      theEnd,
    );
    expect(noEvidence.verdict).toBe('Undecided');
  });

  test('may stand still, at any value', () => {
    for (const level of [0, 5, -5]) {
      expect(judged(() => level)).toMatchObject({ verdict: 'Pass' });
    }
    expect(judged((_, track) => (track === 'canary' ? 7 : 5)).verdict).toBe('Regression');
    expect(judged((_, track) => (track === 'canary' ? 5 : 0)).verdict).toBe('Regression');
    expect(judged((_, track) => (track === 'canary' ? 0 : 5)).verdict).toBe('Pass');
    expect(judged((_, track) => (track === 'canary' ? -9 : -5), { worse: 'Lower' }).verdict).toBe('Regression');
    expect(judged((_, track) => (track === 'canary' ? -9 : -5)).verdict).toBe('Pass');
  });

  test('with a stray 0 is judged by what it usually is', () => {
    const stray =
      (factor: number): Values =>
      (slot, track) =>
        slot === 30 || slot === 31 ? 0 : times(factor)(slot, track);
    expect(judged(stray(1)).verdict).toBe('Pass');
    expect(judged(stray(1.8))).toMatchObject({ verdict: 'Regression', reason: 'custom-queue-age' });
  });

  test('leaves the warm-up out', () => {
    const cold: Values = (slot, track) => (slot < 4 && track === 'canary' ? 1000 : 10);
    expect(judged(cold).verdict).toBe('Pass');
  });

  test('takes its share of the error budget from the others', () => {
    // A change that the other metrics find with their whole budget is found later with a part of it, never earlier.
    const evidence = evidenceOf(times(1));
    const alone = judgeSequential(evidence, usualSpec, theEnd);
    const shared = judgeSequential(evidence, { ...usualSpec, custom: [metric] }, theEnd);
    expect(shared.metrics[0]?.evidence).toBeLessThanOrEqual(alone.metrics[0]?.evidence ?? 0);
    const reported = judgeSequential(evidence, { ...usualSpec, custom: [{ ...metric, critical: false }] }, theEnd);
    expect(reported.metrics.slice(0, -1)).toEqual(alone.metrics);
  });
});

describe('a judge that remembers', () => {
  test('notices a value that was answered late', () => {
    const judge = incrementalJudge();
    const spec = { ...usualSpec, custom: [metric] };
    const whole = evidenceOf(times(1.1));
    const late = evidenceOf((slot, track) => (slot > 60 ? null : times(1.1)(slot, track)));
    judge(late, spec, theEnd);
    expect(judge(whole, spec, theEnd)).toEqual(judgeSequential(whole, spec, theEnd));
  });
});

describe('the scale of differences', () => {
  const value = fc.double({ min: -1000, max: 1000, noNaN: true });

  test('is the same seen from both sides, and worse is never better', () => {
    fc.assert(
      fc.property(value, value, (canary, stable) => {
        const batch = { canary, stable, at: 0 };
        const scale = scaleOf([batch]);
        const y = worsening(batch, 'Higher', scale);
        expect(worsening(batch, 'Lower', scale)).toBeCloseTo(-y, 9);
        // One zero is as good as the other.
        expect(Math.sign(y) || 0).toBe(Math.sign(canary - stable) || 0);
        expect(Number.isFinite(y)).toBe(true);
      }),
    );
  });

  test('gives back the relative difference that it was made from', () => {
    const difference = { kind: 'difference', scale: 3 } as const;
    for (const scale of [{ kind: 'ratio' } as const, difference])
      for (const relative of [0, 0.2, 1.5]) {
        expect(relativeOf(onScale(relative, scale), 'Higher', scale)).toBeCloseTo(relative);
      }
  });
});
