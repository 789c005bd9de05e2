import { describe, expect, test } from 'vitest';
import type { Verdict } from '../verdict.ts';
import { judgeSequential } from './judge-sequential.ts';
import { type Behaviour, steady, theEnd, usualSpec } from './testing/steady.ts';

const off = { enabled: false, tolerance: 0.2 };
const noLatency = { ...usualSpec.latency, enabled: false };
const onlyErrors = { ...usualSpec, latency: noLatency, cpu: off, memory: off };
const onlyMemory = { ...usualSpec, errors: { ...usualSpec.errors, enabled: false }, latency: noLatency, cpu: off };
const onlyLatency = { ...usualSpec, cpu: off, memory: off };

type Options = Parameters<typeof steady>[1];

function judged(behaviour: Behaviour, options?: Options): Verdict {
  return judgeSequential(steady(behaviour, options), usualSpec, theEnd);
}

const isCanary = (pod: string): boolean => pod === 'canary-0';
/** Noise without chance: the same for every run. */
const wobble = (slot: number, size: number): number => 1 + size * Math.sin(slot * 12.9898 + 78.233);

describe('a healthy canary', () => {
  test('passes once the soak is over', () => {
    const evidence = steady((slot) => ({ latency: 0.08 * wobble(slot, 0.02) }));
    expect(judgeSequential(evidence, usualSpec, 899_000).verdict).toBe('Undecided');
    expect(judgeSequential(evidence, usualSpec, 900_000).verdict).toBe('Pass');
  });
  test('a regression found once stays one', () => {
    const bad = judged((slot, pod) => ({ errors: isCanary(pod) && slot < 40 ? 40 : 0 }));
    expect(bad).toMatchObject({ verdict: 'Regression', reason: 'errors' });
  });
});

describe('requests that all lie in one bucket', () => {
  const evidenceOf = ({ metrics }: Verdict): number[] => metrics.map(({ evidence }) => evidence);
  test.each([{ history: 240 }, { history: 0 }])('are proven as others are: history %o', (options) => {
    const fast = judged(() => ({ latency: 0.0001 }), options);
    expect(evidenceOf(fast).every(Number.isFinite)).toBe(true);
    expect(fast.verdict).toBe('Pass');
  });
  test('above the highest bound show nothing, and are no proof', () => {
    const slow = judged(() => ({ latency: 100 }));
    expect(evidenceOf(slow).every(Number.isFinite)).toBe(true);
    expect(slow.verdict).toBe('Undecided');
  });
  test('of the canary in a slower one are found, without any noise to measure by', () => {
    const slower = judged((_, pod) => ({ latency: isCanary(pod) ? 0.3 : 0.0001 }));
    expect(slower.verdict).toBe('Regression');
    expect(evidenceOf(slower).every(Number.isFinite)).toBe(true);
    const p95 = slower.metrics.find(({ name }) => name === 'latency-p95');
    expect(p95?.evidence).toBe(99);
  });
});

describe('missing data is no failure and no pass', () => {
  test('no request of the canary', () => {
    const verdict = judged((_, pod) => (isCanary(pod) ? { requests: 0 } : {}));
    expect(verdict).toMatchObject({ verdict: 'Undecided', traffic: false, weakPass: false });
  });
  test('no request of stable', () => {
    const verdict = judged((slot, pod) => (isCanary(pod) ? { errors: 200 } : { requests: slot < 0 ? 400 : 0 }));
    expect(verdict).toMatchObject({ verdict: 'Undecided', traffic: false, weakPass: false });
  });
  test('a canary that fell silent is not promoted on what it showed before', () => {
    const early = judged((slot, pod) => ({ missed: isCanary(pod) && slot > 70 }), { slots: 76 });
    expect(early.verdict).toBe('Undecided');
    expect(judged(() => ({}), { slots: 76 }).verdict).toBe('Pass');
  });
  test('a source that does not answer promotes nothing', () => {
    const evidence = steady(() => ({}));
    const failed = { ...evidence, source: { state: 'Failed', at: 0, since: 0, message: 'down' } as const };
    expect(judgeSequential(failed, usualSpec, theEnd).verdict).toBe('Undecided');
  });
  test('worse memory of a canary without requests is no verdict on the version', () => {
    const idle: Behaviour = (_, pod) => (isCanary(pod) ? { requests: 0, bytes: 4e8 } : {});
    expect(judged(idle)).toMatchObject({ verdict: 'Undecided', traffic: false });
  });
  test('no traffic in the last minutes: not promoted on older evidence', () => {
    const behaviour: Behaviour = (slot) => ({ requests: slot < 40 ? 400 : 0 });
    expect(judgeSequential(steady(behaviour, { slots: 80 }), onlyMemory, theEnd).verdict).toBe('Undecided');
    expect(
      judgeSequential(
        steady(() => ({}), { slots: 80 }),
        onlyMemory,
        theEnd,
      ).verdict,
    ).toBe('Pass');
    expect(judged((slot) => ({ requests: slot < 40 ? 400 : 0 }), { slots: 80 }).verdict).toBe('Undecided');
  });
});

describe('counters', () => {
  test('a reset is no jump and no gap', () => {
    const verdict = judged((slot, pod) => ({ errors: 4, reset: isCanary(pod) && slot % 30 === 20 }));
    expect(verdict.verdict).not.toBe('Regression');
    expect(verdict.requests.canary).toBe(120 * 400);
  });
  test('an outage in the canary’s gap meets the outage of stable in the same time', () => {
    const isOut = (slot: number): boolean => slot >= 40 && slot % 20 < 4;
    const behaviour: Behaviour = (slot, pod) => ({
      latency: isOut(slot) ? 0.4 : 0.08,
      missed: isCanary(pod) && isOut(slot),
    });
    expect(judged(behaviour).verdict).not.toBe('Regression');
  });
  test('a canary that comes back after a long gap does not carry the gap', () => {
    const isOut = (slot: number): boolean => slot >= 40 && slot % 20 < 10;
    const behaviour: Behaviour = (slot, pod) => ({
      latency: isOut(slot) ? 0.4 : 0.08,
      missed: isCanary(pod) && isOut(slot),
    });
    expect(judged(behaviour).verdict).not.toBe('Regression');
  });
  test('what stable does while the canary is silent is not compared', () => {
    const isSilent = (slot: number): boolean => slot > 0 && slot % 8 < 7;
    const behaviour: Behaviour = (slot, pod) => ({
      missed: isCanary(pod) && isSilent(slot),
      bytes: isCanary(pod) || !isSilent(slot) ? 1e8 : 0.3e8,
    });
    expect(judged(behaviour, { history: 0 }).verdict).not.toBe('Regression');
  });
  test('counters of stable that do not go on from its past begin anew', () => {
    const evidence = steady(() => ({}));
    const jump = (samples: (number | null)[]): (number | null)[] => samples.map((value) => (value ?? 0) + 1e6);
    for (const name of evidence.stable) {
      const pod = evidence.run.pods[name];
      if (pod !== undefined) evidence.run.pods[name] = { ...pod, requests: jump(pod.requests) };
    }
    expect(judgeSequential(evidence, usualSpec, theEnd).requests.stable).toBe(3 * 119 * 400);
  });
  test('a stable pod that vanishes stops counting', () => {
    const verdict = judged((slot, pod) => ({
      missed: pod === 'stable-1' && slot > 30,
      latency: 0.08 * wobble(slot, 0.02),
    }));
    expect(verdict.verdict).toBe('Pass');
  });
});

describe('errors', () => {
  test('few requests without an error prove little', () => {
    const verdict = judgeSequential(
      steady(() => ({ requests: 4 })),
      onlyErrors,
      theEnd,
    );
    expect(verdict).toMatchObject({ verdict: 'Undecided', weakPass: true });
    expect(
      judgeSequential(
        steady(() => ({})),
        onlyErrors,
        theEnd,
      ).verdict,
    ).toBe('Pass');
  });
  test('errors of the last minutes stop a promotion that the whole run would allow', () => {
    const late: Behaviour = (slot, pod) => ({ errors: isCanary(pod) && slot === 470 ? 100 : 0 });
    const verdict = judgeSequential(steady(late, { slots: 480 }), onlyErrors, theEnd);
    expect(verdict.verdict).toBe('Undecided');
    const early: Behaviour = (slot, pod) => late(slot + 300, pod);
    expect(judgeSequential(steady(early, { slots: 480 }), onlyErrors, theEnd).verdict).toBe('Pass');
  });
  test('errors in a single scrape are not enough', () => {
    const once = judged((slot, pod) => ({ errors: isCanary(pod) && slot === 40 ? 100 : 0 }));
    expect(once.verdict).not.toBe('Regression');
    const twice = judged((slot, pod) => ({ errors: isCanary(pod) && (slot === 40 || slot === 41) ? 50 : 0 }));
    expect(twice.verdict).toBe('Regression');
  });
  test('one burst among the usual errors decides nothing', () => {
    const usual = (slot: number): number => (slot % 2 === 0 ? 1 : 0);
    const burst: Behaviour = (slot, pod) => ({ errors: isCanary(pod) && slot === 40 ? 200 : usual(slot) });
    expect(judged(burst).verdict).not.toBe('Regression');
  });
  test('an outage on both tracks is nobody’s fault', () => {
    expect(judged((slot) => ({ errors: slot >= 30 && slot < 60 ? 250 : 0 })).verdict).not.toBe('Regression');
  });
  test('what stable does in bursts too is judged more slowly', () => {
    // Every pod has a scrape with 12 errors now and then; the canary has two of them in one run.
    const bursty: Behaviour = (slot, pod) => {
      const turn = (slot + 240) % 60;
      if (isCanary(pod)) return { errors: slot === 30 || slot === 31 ? 12 : 0 };
      return { errors: turn === 7 * (Number(pod.slice(-1)) + 1) ? 12 : 0 };
    };
    expect(judged(bursty).verdict).not.toBe('Regression');
    const calm: Behaviour = (slot, pod) => (isCanary(pod) ? bursty(slot, pod) : {});
    expect(judged(calm)).toMatchObject({ verdict: 'Regression', reason: 'errors' });
  });
  test('an excess too small to matter is no harm, however certain', () => {
    const rare: Behaviour = (slot, pod) => ({ requests: 40_000, errors: isCanary(pod) && slot % 2 === 0 ? 20 : 0 });
    expect(judged(rare).verdict).not.toBe('Regression');
  });
});

describe('gauges', () => {
  test('lasting differences like those between stable’s pods are none', () => {
    const levels: Record<string, number> = { 'stable-0': 0.9, 'stable-1': 1, 'stable-2': 1.11, 'canary-0': 1.28 };
    const uneven: Behaviour = (slot, pod) => ({ bytes: 1e8 * (levels[pod] ?? 1) * wobble(slot, 0.01) });
    expect(judged(uneven).verdict).not.toBe('Regression');
    const even: Behaviour = (slot, pod) => ({ bytes: 1e8 * (isCanary(pod) ? 1.28 : wobble(slot, 0.01)) });
    expect(judged(even)).toMatchObject({ verdict: 'Regression', reason: 'memory' });
  });
  test('a heap that fills up in the first minutes is no leak, one that goes on growing is', () => {
    const early = { ...usualSpec, minDurationSeconds: 240 };
    const at = (grown: (minutes: number) => number): Verdict => {
      const behaviour: Behaviour = (slot, pod) => ({
        bytes: isCanary(pod) ? 1e8 * grown(slot / 4) * wobble(slot, 0.001) : 1e8,
        latency: 0.08 * wobble(slot, 0.02),
      });
      return judgeSequential(steady(behaviour), early, 330_000);
    };
    expect(at((minutes) => 1 - 0.15 * Math.exp(-minutes / 4)).verdict).toBe('Pass');
    expect(at((minutes) => 0.9 + 0.025 * minutes).verdict).toBe('Undecided');
  });
  test('a tail that happens to fall does not stop a promotion', () => {
    const early = { ...usualSpec, minDurationSeconds: 240 };
    const falling: Behaviour = (slot, pod) => ({
      hanging: isCanary(pod) && slot < 12 ? 1 : 0,
      latency: 0.08 * wobble(slot, 0.02),
    });
    expect(judgeSequential(steady(falling), early, 400_000).verdict).toBe('Pass');
  });
  test('a warm-up that falls towards stable is waited for', () => {
    const start = (slot: number, pod: string): number => (isCanary(pod) ? Math.max(0, 1 - slot / 24) : 0);
    const warming: Behaviour = (slot, pod) => ({ bytes: 1e8 * (1 + 0.9 * start(slot, pod)) * wobble(slot, 0.01) });
    expect(judged(warming).verdict).not.toBe('Regression');
    const lasting: Behaviour = (slot, pod) => ({ bytes: 1e8 * (isCanary(pod) ? 1.45 : 1) * wobble(slot, 0.01) });
    expect(judged(lasting)).toMatchObject({ verdict: 'Regression', reason: 'memory' });
  });
  test('while CPU falls from a cold start, latency is held too', () => {
    const behaviour =
      (cold: number): Behaviour =>
      (slot, pod) => {
        if (!isCanary(pod)) return { cores: 0.2 * wobble(slot, 0.01) };
        const start = Math.max(0, 1 - slot / 30);
        return { latency: slot < 22 ? 0.12 : 0.08, cores: 0.2 * (1 + cold * start) * wobble(slot + 5, 0.01) };
      };
    expect(judged(behaviour(1)).verdict).not.toBe('Regression');
    expect(judged(behaviour(0))).toMatchObject({ verdict: 'Regression', reason: 'latency-p50' });
  });
  test('a fresh baseline shares the warm-up of the canary', () => {
    const fresh = (pod: string): boolean => isCanary(pod) || pod === 'baseline-0';
    const cold: Behaviour = (slot, pod) => ({ cores: 0.2 * (fresh(pod) && slot < 20 ? 1.9 : 1) * wobble(slot, 0.01) });
    expect(judged(cold, { baseline: true }).verdict).not.toBe('Regression');
    expect(judged(cold)).toMatchObject({ verdict: 'Regression', reason: 'cpu' });
  });
  test('beside a fresh baseline nothing is put down to a cold start', () => {
    const slower: Behaviour = (_, pod) => (isCanary(pod) ? { latency: 0.14 } : {});
    expect(judged(slower, { slots: 5 }).verdict).not.toBe('Regression');
    expect(judged(slower, { slots: 5, baseline: true })).toMatchObject({ verdict: 'Regression', reason: 'latency' });
  });
  test('a cold start is compared with that of the baseline alone, also while that is on its way', () => {
    const fresh = (pod: string): boolean => isCanary(pod) || pod === 'baseline-0';
    const cold: Behaviour = (slot, pod) => ({
      latency: fresh(pod) && slot < 6 ? 0.4 : 0.08,
      missed: pod === 'baseline-0' && slot < 4,
    });
    expect(judged(cold)).toMatchObject({ verdict: 'Regression', reason: 'latency' });
    expect(judged(cold, { baseline: true }).verdict).not.toBe('Regression');
  });
  test.each([
    ['never answers', 0],
    ['is gone after a while', 10],
  ])('a baseline that %s leaves the comparison to stable', (_, until) => {
    const worse: Behaviour = (slot, pod) => ({
      missed: pod === 'baseline-0' && slot >= until,
      ...(isCanary(pod) && slot >= until ? { cores: 0.4 * wobble(slot, 0.01), bytes: 1e8 } : {}),
    });
    expect(judged(worse, { baseline: true })).toMatchObject({ verdict: 'Regression', reason: 'cpu' });
    const good: Behaviour = (slot, pod) => ({ missed: pod === 'baseline-0' && slot >= until });
    expect(judged(good, { baseline: true }).verdict).toBe('Pass');
  });
  test('CPU is compared at equal load: little traffic has its idle cost', () => {
    const cost = (requests: number): number => 0.1 + 0.004 * (requests / 15);
    const behaviour: Behaviour = (slot, pod) => {
      const requests = Math.round((isCanary(pod) ? 240 : 400) * wobble(slot, 0.3));
      return { requests, cores: cost(requests) };
    };
    expect(judged(behaviour).metrics.find(({ name }) => name === 'cpu')?.withinTolerance).toBe(true);
    expect(judged(behaviour).verdict).not.toBe('Regression');
  });
  test('CPU is not compared while the load differs more than twofold', () => {
    const behaviour: Behaviour = (slot, pod) => {
      const requests = Math.round((isCanary(pod) ? 80 : 400) * wobble(slot, 0.3));
      return { requests, cores: isCanary(pod) ? 0.4 : 0.2 };
    };
    const verdict = judged(behaviour);
    expect(verdict.reason).not.toBe('cpu');
    expect(verdict.metrics.map(({ name }) => name)).not.toContain('cpu');
    expect(verdict.warnings.join()).toContain('cpu is not judged');
  });
  test('slow waves like those of stable’s pods are none, alone they are', () => {
    const phases: Record<string, number> = { 'stable-0': 0.2, 'stable-1': 0.45, 'stable-2': 0.75 };
    const wave = (slot: number, phase: number): number => 1 + 0.35 * Math.sin(2 * Math.PI * (slot / 160 + phase));
    const waves: Behaviour = (slot, pod) => ({
      bytes: 1e8 * (isCanary(pod) ? wave(slot, 0) : wave(slot, phases[pod] ?? 0)) * wobble(slot, 0.01),
    });
    expect(judged(waves).verdict).not.toBe('Regression');
    const alone: Behaviour = (slot, pod) => ({ bytes: 1e8 * (isCanary(pod) ? wave(slot, 0) : wobble(slot, 0.01)) });
    expect(judged(alone)).toMatchObject({ verdict: 'Regression', reason: 'memory' });
  });
  test('the warm-up of the canary is left out', () => {
    const starting: Behaviour = (slot, pod) => ({ bytes: isCanary(pod) && slot <= 4 ? 3e8 : 1e8 });
    const memory = (warmupSeconds: number): number =>
      judgeSequential(steady(starting), { ...usualSpec, warmupSeconds }, theEnd).metrics.find(
        ({ name }) => name === 'memory',
      )?.canary ?? 0;
    expect(memory(60)).toBe(1e8);
    expect(memory(0)).toBeGreaterThan(1.02e8);
  });
  test('a restarted pod is cold again', () => {
    const behaviour: Behaviour = (slot, pod) => {
      const cold = isCanary(pod) && slot % 7 < 4;
      return { reset: isCanary(pod) && slot % 7 === 0, cores: 0.2 * (cold ? 1.8 : 1) * wobble(slot, 0.01) };
    };
    expect(judged(behaviour).verdict).not.toBe('Regression');
  });
  test('a leak that is still within the tolerance is not promoted', () => {
    const leak: Behaviour = (slot, pod) => ({
      bytes: (isCanary(pod) ? 0.85e8 * (1 + 0.004 * slot) : 1e8) * wobble(slot, 0.002),
    });
    const verdict = judged(leak, { slots: 62 });
    expect(verdict.verdict).toBe('Undecided');
    expect(verdict.metrics.filter((metric) => metric.verdict !== 'Pass').map(({ name }) => name)).toEqual(['memory']);
  });
});

describe('slow requests', () => {
  test('gross slowdowns fall within a few scrapes', () => {
    const slow = judged((_, pod) => ({ latency: isCanary(pod) ? 0.4 : 0.08 }), { slots: 4 });
    expect(slow).toMatchObject({ verdict: 'Regression', reason: 'latency' });
  });
  test('a hiccup of two scrapes is no gross slowdown', () => {
    const hiccup = (from: number, to: number): Verdict =>
      judged((slot, pod) => ({ latency: isCanary(pod) && slot >= from && slot < to ? 0.4 : 0.08 }));
    expect(hiccup(40, 42).verdict).not.toBe('Regression');
    expect(hiccup(40, 43)).toMatchObject({ verdict: 'Regression', reason: 'latency' });
  });
  test('a cold start may be slower than a warm canary', () => {
    const slow = (from: number): Verdict =>
      judged((slot, pod) => ({ latency: isCanary(pod) && slot >= from && slot < from + 4 ? 0.13 : 0.08 }));
    expect(slow(0).verdict).not.toBe('Regression');
    expect(slow(40)).toMatchObject({ verdict: 'Regression', reason: 'latency' });
  });
  test('slow minutes that stable’s pods have in turn are no gross harm', () => {
    const slowIn = (slot: number, pod: string): boolean =>
      (slot + 240) % 80 < 4 && pod === `stable-${(((slot + 240) / 80) % 3) | 0}`;
    const canarySlow = (slot: number, pod: string): boolean => isCanary(pod) && slot >= 40 && slot < 44;
    const turns: Behaviour = (slot, pod) => ({ latency: slowIn(slot, pod) || canarySlow(slot, pod) ? 0.125 : 0.08 });
    expect(judged(turns).verdict).not.toBe('Regression');
    expect(judged((slot, pod) => ({ latency: canarySlow(slot, pod) ? 0.125 : 0.08 })).verdict).toBe('Regression');
  });
  test('a tail that grows is found though the quantiles stand still', () => {
    const hanging: Behaviour = (slot, pod) => ({ hanging: isCanary(pod) && slot % 2 === 0 ? 3 : 0 });
    expect(judged(hanging)).toMatchObject({ verdict: 'Regression', reason: 'latency-slow' });
  });
  test('a tail that is a little longer is no harm, however certain', () => {
    const tail = (more: number): Behaviour => {
      return (_, pod) => ({ requests: 4000, hanging: isCanary(pod) ? 40 * more : 40 });
    };
    expect(judged(tail(1.45)).verdict).not.toBe('Regression');
    expect(judged(tail(2.5))).toMatchObject({ verdict: 'Regression', reason: 'latency-slow' });
  });
  test('a tail of the first minutes is waited for', () => {
    const start: Behaviour = (slot, pod) => ({ hanging: isCanary(pod) ? Math.max(0, 8 - Math.floor(slot / 3)) : 0 });
    expect(judged(start).verdict).not.toBe('Regression');
  });
  test('a tail that may be worse is not promoted', () => {
    const late = (slot: number): number => (slot > 106 && slot % 4 === 0 ? 2 : 0);
    const some: Behaviour = (slot, pod) => ({ requests: 200, hanging: isCanary(pod) ? late(slot) : 0 });
    const verdict = judgeSequential(steady(some), onlyLatency, theEnd);
    expect(verdict.verdict).toBe('Undecided');
    expect(verdict.metrics.filter((metric) => metric.verdict !== 'Pass').map(({ name }) => name)).toEqual([
      'latency-slow',
    ]);
  });
});

describe('what is said', () => {
  test('a canary that serves other routes is not judged', () => {
    const worse = steady((slot, pod) => ({ latency: 0.08 * (isCanary(pod) ? 1.6 : 1) * wobble(slot, 0.02) }));
    expect(judgeSequential(worse, usualSpec, theEnd).verdict).toBe('Regression');
    const shares = { 'canary-0': 0.8, stable: 0.4 };
    for (const [name, pod] of Object.entries(worse.run.pods)) {
      const share = isCanary(name) ? shares['canary-0'] : shares.stable;
      const part = (of: number): (number | null)[] => pod.requests.map((count) => (count ?? 0) * of);
      worse.run.pods[name] = { ...pod, routes: { '/report': part(share), '/': part(1 - share) } };
    }
    const verdict = judgeSequential(worse, usualSpec, theEnd);
    expect(verdict).toMatchObject({ verdict: 'Undecided', weakPass: false });
    expect(verdict.warnings.join()).toContain('other routes');
  });
  test('a canary that serves other routes in the end is not promoted on what it showed before', () => {
    const promoted = (moves: boolean): Verdict => {
      const evidence = steady(() => ({}));
      for (const [name, pod] of Object.entries(evidence.run.pods)) {
        const other = pod.requests.map((count, slot) =>
          moves && isCanary(name) && slot > 60 ? (count ?? 0) - 25_000 : 0,
        );
        const home = pod.requests.map((count, slot) => (count ?? 0) - (other[slot] ?? 0));
        evidence.run.pods[name] = { ...pod, routes: { '/': home, '/report': other } };
      }
      return judgeSequential(evidence, usualSpec, theEnd);
    };
    expect(promoted(false).verdict).toBe('Pass');
    expect(promoted(true).verdict).toBe('Undecided');
  });
  test('buckets too wide to show a difference are named', () => {
    const evidence = steady(() => ({}));
    const said = (boundsSeconds: number[]): string =>
      judgeSequential({ ...evidence, boundsSeconds }, usualSpec, theEnd).warnings.join();
    expect(said(evidence.boundsSeconds)).not.toContain('coarse');
    expect(said([0.01, 0.03, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])).toContain(
      'coarse buckets: p50 of stable lies between 0.03 s and 0.1 s',
    );
  });
  test('skewed traffic is named', () => {
    expect(judged((_, pod) => ({ requests: isCanary(pod) ? 100 : 400 })).warnings.join()).toContain('skewed traffic');
    expect(judged(() => ({})).warnings.join()).not.toContain('skewed traffic');
  });
  test('a canary that its source does not know yet is not called skewed', () => {
    const late = (slot: number, pod: string) => ({ missed: isCanary(pod) && slot >= 0 && slot < 6 });
    for (const slots of [4, 6, 8, 10]) {
      const { warnings } = judgeSequential(steady(late, { slots }), usualSpec, theEnd);
      expect([slots, warnings.join()]).toEqual([slots, expect.not.stringContaining('skewed traffic')]);
    }
  });
  test('a metric that stable does not have is missing, not passed', () => {
    const evidence = steady(() => ({}));
    const verdict = judgeSequential({ ...evidence, found: { ...evidence.found, missing: ['cpu'] } }, usualSpec, theEnd);
    expect(verdict.missing).toEqual(['cpu']);
    expect(verdict.metrics.map(({ name }) => name)).not.toContain('cpu');
  });
  test('weak evidence needs every estimate within its tolerance', () => {
    const few: Behaviour = (slot) => ({ requests: 2, latency: 0.08 * wobble(slot, 0.05) });
    expect(judged(few)).toMatchObject({ verdict: 'Undecided', weakPass: true });
    const slower: Behaviour = (slot, pod) => ({ ...few(slot, pod), bytes: isCanary(pod) && slot > 90 ? 4e8 : 1e8 });
    expect(judged(slower).weakPass).toBe(false);
  });
});
