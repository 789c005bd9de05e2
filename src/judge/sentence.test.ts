import { describe, expect, test } from 'vitest';
import { judgeSequential } from './engine/judge-sequential.ts';
import { type Behaviour, steady, theEnd, usualSpec } from './engine/testing/steady.ts';

function said(behaviour: Behaviour, slots = 120): string {
  return judgeSequential(steady(behaviour, { slots }), usualSpec, theEnd).sentence;
}

const isCanary = (pod: string): boolean => pod === 'canary-0';

describe('the sentence of a verdict', () => {
  test('names the metric, both values, the limit and what they rest on', () => {
    expect(said((_, pod) => ({ errors: isCanary(pod) ? 20 : 4 }))).toBe(
      'error rate of canary is 5 %, 1 % on stable (limit 1.3 %) over 48,000 requests',
    );
    expect(said((_, pod) => ({ bytes: isCanary(pod) ? 2e8 : 1e8 }))).toBe(
      'memory of canary is 191 MiB, 95 MiB on stable (limit 114 MiB) over 115 scrapes',
    );
    expect(said((_, pod) => ({ latency: isCanary(pod) ? 0.6 : 0.08 }), 20)).toBe(
      "99 % of canary's requests take over 200 ms, 2.5 % of stable's, over 7,980 requests",
    );
  });
  test('names no limit where stable has none of it', () => {
    expect(said((_, pod) => ({ errors: isCanary(pod) ? 20 : 0 }))).toBe(
      'error rate of canary is 5 %, 0 % on stable over 48,000 requests',
    );
  });
  test('says how much evidence there is while nothing is decided', () => {
    expect(said((_, pod) => ({ errors: isCanary(pod) ? 8 : 4 }), 10)).toMatch(
      /^error rate of canary is 2 %, 1 % on stable \(limit 1.3 %\) over 4,000 requests; \d+ % of the evidence that a rollback needs$/,
    );
  });
  test('says what cannot be ruled out yet where nothing speaks against the canary', () => {
    expect(said(() => ({}), 30)).toMatch(
      /(up to \d+ % more cannot be ruled out yet|too little evidence yet to say more)$/,
    );
  });
  test('names what passed, and what has no request', () => {
    expect(said(() => ({}))).toBe(
      'error rate, latency, p50, p95, slow requests, CPU per pod, memory of canary within tolerance of stable over 48,000 requests',
    );
    expect(said((_, pod) => ({ requests: isCanary(pod) ? 0 : 400 }))).toBe(
      'no request was seen on canary yet, so nothing can be compared',
    );
  });
});
