import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence, PodSamples, PodWindow } from '../../src/evidence/evidence.ts';
import { incrementalJudge } from '../../src/judge/engine/incremental.ts';
import { judgeSequential } from '../../src/judge/engine/judge-sequential.ts';
import { usualSpec } from '../../src/judge/engine/testing/steady.ts';
import { replay } from '../../src/judge/recording/replay.ts';
import { type Scenario, simulate } from './simulate.ts';

/** Releases of all kinds: healthy and not, noisy, with gaps and restarts, long and short pasts. */
const releases = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e9 }),
    rate: fc.constantFrom(1, 10, 100, 500),
    errorRate: fc.constantFrom(0, 0.001, 0.01),
    historyMinutes: fc.constantFrom(0, 20, 60),
    stablePods: fc.integer({ min: 1, max: 4 }),
    missed: fc.constantFrom(0, 0.1),
    restartSeconds: fc.constantFrom(1e9, 600),
    burst: fc.constantFrom(1, 5),
    noise: fc.constantFrom({ sd: 0.03, seconds: 60 }, { sd: 0.15, seconds: 60 }),
    baseline: fc.boolean(),
    harm: fc.constantFrom(
      {},
      { errorFactor: 8, from: 300 },
      { latencyFactor: 1.6 },
      { errorsAdded: 0.02, newClass: true },
      { cpuFactor: 2, from: 200 },
      { leakPerMinute: 0.05 },
    ),
  })
  .map(({ seed, ...scenario }) => simulate({ name: 'any', minutes: 20, ...scenario } as Scenario, seed));

const settings = { numRuns: 40 };

function cut(evidence: Evidence, slots: number): Evidence {
  const shorten = (pod: PodSamples): PodSamples => ({
    requests: pod.requests.slice(0, slots),
    errors: pod.errors.slice(0, slots),
    buckets: pod.buckets.slice(0, slots),
    cpuSeconds: pod.cpuSeconds.slice(0, slots),
    memoryBytes: pod.memoryBytes.slice(0, slots),
    errorClasses: Object.fromEntries(Object.entries(pod.errorClasses).map(([name, s]) => [name, s.slice(0, slots)])),
  });
  const pods = Object.fromEntries(Object.entries(evidence.run.pods).map(([name, pod]) => [name, shorten(pod)]));
  return { ...evidence, run: { scrapes: slots, pods } };
}

describe('whatever happens in a release', () => {
  test('cutting the data changes no earlier decision, and the future none at all', () => {
    fc.assert(
      fc.property(releases, fc.integer({ min: 1, max: 80 }), (evidence, slots) => {
        const whole = replay(evidence, usualSpec);
        const part = replay(cut(evidence, slots), usualSpec);
        const end = (slots - 1) * evidence.scrapeSeconds;
        const decided = whole.rollback ?? whole.promote ?? Infinity;
        if (decided <= end) expect(part).toEqual(whole);
        else expect([part.rollback, part.promote]).toEqual([null, null]);
        const now = end * 1000;
        expect(judgeSequential(evidence, usualSpec, now)).toEqual(
          judgeSequential(cut(evidence, slots), usualSpec, now),
        );
      }),
      settings,
    );
  });

  test('scrape by scrape, in leaps or from a restart: the same bytes', () => {
    fc.assert(
      fc.property(releases, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (evidence, leaps) => {
        const judge = incrementalJudge();
        let now = 0;
        for (const leap of leaps) {
          now += leap * 15_000;
          const grown = cut(evidence, Math.min(evidence.run.scrapes, now / 15_000 + 1));
          const step = JSON.stringify(judge(grown, usualSpec, now));
          expect(step).toBe(JSON.stringify(judgeSequential(evidence, usualSpec, now)));
        }
      }),
      settings,
    );
  });

  test('samples that arrive late are judged as if they had been there', () => {
    fc.assert(
      fc.property(releases, fc.integer({ min: 2, max: 40 }), (evidence, slot) => {
        const judge = incrementalJudge();
        const late = structuredClone(evidence);
        const pod = late.run.pods['canary-0'];
        if (pod !== undefined) pod.requests[slot] = null;
        judge(late, usualSpec, 60 * 15_000);
        expect(judge(evidence, usualSpec, 61 * 15_000)).toEqual(judgeSequential(evidence, usualSpec, 61 * 15_000));
      }),
      settings,
    );
  });

  test('the order of the stable pods changes nothing', () => {
    fc.assert(
      fc.property(releases, (evidence) => {
        const swapped = { ...evidence, stable: evidence.stable.toReversed() };
        const one = replay(evidence, usualSpec);
        const other = replay(swapped, usualSpec);
        expect([other.rollback, other.promote]).toEqual([one.rollback, one.promote]);
        expect(other.verdict.reason).toEqual(one.verdict.reason);
      }),
      settings,
    );
  });

  test('without requests of a track nothing passes, not even weakly', () => {
    fc.assert(
      fc.property(releases, fc.constantFrom('canary', 'stable'), (evidence, track) => {
        const names = track === 'canary' ? evidence.canary : [...evidence.stable, ...(evidence.baseline ?? [])];
        const verdict = judgeSequential(silenced(evidence, names), usualSpec, 1e12);
        expect(verdict.verdict).toBe('Undecided');
        expect(verdict.traffic).toBe(false);
        expect(verdict.weakPass).toBe(false);
      }),
      settings,
    );
  });

  test('an outage of both tracks takes no healthy release back and helps no harmful one to a promotion', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e9 }),
        fc.integer({ min: 100, max: 900 }),
        fc.constantFrom({}, { errorFactor: 20 }),
        (seed, from, harm) => {
          const outage = (t: number) => ({ errors: t > from && t < from + 120 ? 0.4 : 0, latency: 1 });
          const healthy = Object.keys(harm).length === 0;
          const decision = replay(simulate({ name: 'outage', rate: 100, harm, outage }, seed), usualSpec);
          if (healthy) expect(decision.rollback).toBeNull();
          else expect(decision.promote).toBeNull();
        },
      ),
      settings,
    );
  });

  test('splitting equal traffic over more equal pods keeps the decision', () => {
    // Two pods that share one pod's requests show the same counts: what is judged are tracks.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (seed) => {
        const evidence = simulate({ name: 'split', rate: 100, historyMinutes: 0, harm: { errorFactor: 20 } }, seed);
        const errors = replay(evidence, onlyErrors).rollback;
        expect(replay(split(evidence, 'canary-0'), onlyErrors).rollback).toBe(errors);
      }),
      settings,
    );
  });
});

const off = { enabled: false, tolerance: 0.2 };
const onlyErrors = { ...usualSpec, latency: { ...usualSpec.latency, enabled: false }, cpu: off, memory: off };

function silenced(evidence: Evidence, names: readonly string[]): Evidence {
  const still = (samples: (number | null)[]): (number | null)[] => samples.map(() => 0);
  const silence = (window: PodWindow): PodWindow => ({
    ...window,
    pods: Object.fromEntries(
      Object.entries(window.pods).map(([name, pod]) => [
        name,
        names.includes(name)
          ? { ...pod, requests: still(pod.requests), errors: still(pod.errors), buckets: pod.buckets.map(() => null) }
          : pod,
      ]),
    ),
  });
  return { ...evidence, run: silence(evidence.run) };
}

/** The pod becomes two that split its requests and errors. */
function split(evidence: Evidence, name: string): Evidence {
  const pod = evidence.run.pods[name];
  if (pod === undefined) throw new Error(`${name} is not there`);
  const part = (share: (value: number) => number): PodSamples => ({
    ...pod,
    requests: pod.requests.map((value) => (value === null ? null : share(value))),
    errors: pod.errors.map((value) => (value === null ? null : share(value))),
    errorClasses: {},
  });
  const { [name]: _, ...rest } = evidence.run.pods;
  const pods = { ...rest, one: part((value) => Math.floor(value / 2)), two: part((value) => Math.ceil(value / 2)) };
  return { ...evidence, canary: ['one', 'two'], run: { ...evidence.run, pods } };
}
