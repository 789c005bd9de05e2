import { describe, expect, test } from 'vitest';
import type { Evidence, PodSamples, PodWindow } from '../../evidence/evidence.ts';
import type { Verdict } from '../verdict.ts';
import { judgeSequential } from './judge-sequential.ts';
import { type Behaviour, steady, theEnd, usualSpec } from './testing/steady.ts';

const isCanary = (pod: string): boolean => pod === 'canary-0';
/** Noise without chance: the same for every run, another for every pod. */
const wobble = (slot: number, pod: string): number =>
  1 + 0.03 * Math.sin(slot * 12.9898 + pod.length * 7 + pod.charCodeAt(7));
const off = { enabled: false, tolerance: 0.2 };
const onlyErrors = { ...usualSpec, latency: { ...usualSpec.latency, enabled: false }, cpu: off, memory: off };

function changed(evidence: Evidence, change: (pod: PodSamples, name: string, first: number) => PodSamples): Evidence {
  const windowOf = (window: PodWindow, first: number): PodWindow => ({
    ...window,
    pods: Object.fromEntries(Object.entries(window.pods).map(([name, pod]) => [name, change(pod, name, first)])),
  });
  const { history, run } = evidence;
  const past = history === undefined ? {} : { history: windowOf(history, -history.scrapes) };
  return { ...evidence, ...past, run: windowOf(run, 0) };
}

/** The same requests with sums of durations in the place of buckets. */
function onlyMeans(latency: (slot: number, pod: string) => number, behaviour: Behaviour = () => ({})): Evidence {
  const evidence = changed(steady(behaviour), (pod, name, first) => {
    let sum = 0;
    let before = 0;
    return {
      ...pod,
      buckets: pod.buckets.map(() => null),
      latencyCount: pod.requests,
      latencySumSeconds: pod.requests.map((requests, i) => {
        sum += ((requests ?? 0) - before) * latency(first + i, name);
        before = requests ?? 0;
        return sum;
      }),
    };
  });
  const limits = ['only the mean of the latency is compared: a_sum and a_count come without buckets'];
  return { ...evidence, boundsSeconds: [], found: { ...evidence.found, limits } };
}

function judged(evidence: Evidence): Verdict {
  return judgeSequential(evidence, usualSpec, theEnd);
}

describe('latency without a histogram', () => {
  test('the mean is compared, and said to be all there is', () => {
    const verdict = judged(onlyMeans((slot, pod) => 0.08 * wobble(slot, pod)));

    expect(verdict.verdict).toBe('Pass');
    expect(verdict.metrics.map(({ name }) => name)).toEqual(['errors', 'latency-mean', 'cpu', 'memory']);
    expect(verdict.metrics[1]?.canary).toBeCloseTo(0.08, 2);
    expect(verdict.metrics[1]).toMatchObject({ unit: 's', verdict: 'Pass', withinTolerance: true, samples: 120 * 400 });
    expect(verdict.warnings).toContainEqual(expect.stringMatching(/^only the mean of the latency is compared/));
    expect(verdict.missing).toEqual([]);
  });

  test('a canary whose mean is half as much again is taken back', () => {
    const verdict = judged(onlyMeans((slot, pod) => (isCanary(pod) ? 0.12 : 0.08) * wobble(slot, pod)));

    expect(verdict).toMatchObject({ verdict: 'Regression', reason: 'latency-mean' });
    expect(verdict.sentence).toMatch(
      /^mean latency of canary is 1\d\d ms, 80 ms on stable \(limit 9\d ms\) over [\d,]+ requests/,
    );
  });

  test('what releases taught of the spread between pods counts for the mean too', () => {
    const evidence = onlyMeans((slot, pod) => (isCanary(pod) ? 0.12 : 0.08) * wobble(slot, pod));
    const podSpread = { 'latency-mean': { sd: 0.3, weight: 40 } };
    const verdict = judgeSequential(evidence, { ...usualSpec, podSpread }, theEnd);

    expect(verdict.verdict).not.toBe('Regression');
    expect(verdict.podSpread?.['latency-mean']?.weight).toBeGreaterThan(40);
  });

  test('a few milliseconds within the absolute tolerance are nothing', () => {
    const verdict = judged(onlyMeans((slot, pod) => (isCanary(pod) ? 0.009 : 0.003) * wobble(slot, pod)));

    expect(verdict.verdict).toBe('Pass');
  });
});

/** Two routes, one of which fails; the canary serves more of it. Stable's rates by route are the canary's too. */
function mixed(shareOfBad: (pod: string) => number, rate: (pod: string) => number, withRoutes: boolean): Evidence {
  const errorsOf = (requests: number, pod: string): number => Math.round(requests * shareOfBad(pod) * rate(pod));
  const behaviour: Behaviour = (_, pod) => ({ errors: errorsOf(400, pod) });
  return changed(steady(behaviour), (pod, name) => {
    if (!withRoutes) return pod;
    const bad = pod.requests.map((requests) => Math.round((requests ?? 0) * shareOfBad(name)));
    const good = pod.requests.map((requests, i) => (requests ?? 0) - (bad[i] ?? 0));
    const none = pod.requests.map(() => 0);
    return { ...pod, routes: { '/pay': bad, '/buy': good }, routeErrors: { '/pay': pod.errors, '/buy': none } };
  });
}

describe('latency in coarse buckets', () => {
  test('a tolerance that is small beside the bucket is said to see nothing', () => {
    const evidence = steady(() => ({ latency: 0.16 }));
    const merged = (counts: number[] | null): number[] | null => counts && [2, 3, 5, 6, 8].map((i) => counts[i] ?? 0);
    const coarse = changed(evidence, (pod) => ({ ...pod, buckets: pod.buckets.map(merged) }));
    const latency = { ...usualSpec.latency, quantiles: [0.5], absoluteToleranceSeconds: 0.05 };

    const verdict = judgeSequential(
      { ...coarse, boundsSeconds: [0.1, 0.25, 0.8, 1.6] },
      { ...usualSpec, latency },
      theEnd,
    );

    expect(verdict.warnings).toEqual([
      'coarse buckets: p50 of stable lies between 0.1 s and 0.25 s, and a tolerance of 50 ms inside one bucket sees next to nothing; add a bound such as 0.16 s',
    ]);
  });
});

describe('errors by route', () => {
  const moreOfBad = (pod: string): number => (isCanary(pod) ? 0.3 : 0.1);

  test('a canary that gets more of a route that fails is no worse for that', () => {
    const verdict = (withRoutes: boolean): Verdict =>
      judgeSequential(
        mixed(moreOfBad, () => 0.2, withRoutes),
        onlyErrors,
        theEnd,
      );

    expect(verdict(false)).toMatchObject({ verdict: 'Regression', reason: 'errors' });
    expect(verdict(true).verdict).not.toBe('Regression');
  });

  test('one that fails more on the same route is', () => {
    const rate = (pod: string): number => (isCanary(pod) ? 0.5 : 0.1);

    expect(
      judgeSequential(
        mixed(() => 0.1, rate, true),
        onlyErrors,
        theEnd,
      ),
    ).toMatchObject({
      verdict: 'Regression',
      reason: 'errors',
    });
  });
});
