import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence, PodSamples } from '../evidence/evidence.ts';
import { judge } from './judge.ts';
import { type Behaviour, defaultSpec, healthy, type Scene, START, simulate } from './testing/simulate.ts';
import type { Verdict } from './verdict.ts';

const NO_ERRORS: Behaviour = { ...healthy, errors: {} };
const TWO_ROUTES: Behaviour = { ...healthy, medianSeconds: 0.01, slow: { share: 0.5, seconds: 0.1 } };

/** The first regression when it is asked at every scrape, with the second it fell. */
function firstRegression(evidence: Evidence): { at: number; verdict: Verdict } | undefined {
  for (let slot = 1; slot <= evidence.run.scrapes; slot++) {
    const at = slot * evidence.scrapeSeconds;
    const verdict = judge(evidence, defaultSpec, START + at * 1000);
    if (verdict.verdict === 'Regression') return { at, verdict };
  }
  return undefined;
}

function atEnd(evidence: Evidence): Verdict {
  return judge(evidence, defaultSpec, START + evidence.run.scrapes * evidence.scrapeSeconds * 1000);
}

function canary(changes: Partial<Behaviour>): Partial<Scene> {
  return { canary: { ...healthy, ...changes } };
}

describe('judge', () => {
  test.each([
    ['even', { noise: 0.05 }],
    ['noisy neighbours', { noise: 0.2 }],
    ['one stable pod', { stablePods: 1 }],
    [
      'much traffic',
      { stable: { ...healthy, requestsPerSecond: 60 }, canary: { ...healthy, requestsPerSecond: 60 }, seconds: 1000 },
    ],
    ['less traffic on the canary', canary({ requestsPerSecond: 5 })],
    ['two routes of different speed', { stable: TWO_ROUTES, canary: TWO_ROUTES }],
    ['no errors at all', { stable: NO_ERRORS, canary: NO_ERRORS }],
  ] as [string, Partial<Scene>][])('a healthy version is not taken back and passes after the soak: %s', (_, scene) => {
    for (let seed = 1; seed <= 3; seed++) {
      const evidence = simulate({ ...scene, seed });

      expect(firstRegression(evidence)).toBeUndefined();
      expect(judge(evidence, defaultSpec, START + 890_000).verdict).toBe('Undecided');
      expect(atEnd(evidence)).toMatchObject({ verdict: 'Pass', traffic: true, missing: [] });
    }
  });

  test.each([
    ['5 % errors', canary({ errors: { 500: 0.05 } }), /errors/, 120],
    ['every request fails', canary({ errors: { 500: 1 } }), /errors/, 20],
    ['a new class at 1 %', canary({ errors: { 500: 0.002, '502 Timeout': 0.01 } }), /new-errors/, 600],
    ['+200 ms', canary({ medianSeconds: 0.26 }), /latency/, 100],
    ['a slow tail', canary({ slow: { share: 0.06, seconds: 1 } }), /latency/, 300],
    ['twice the CPU per request', canary({ cpuPerRequest: 0.025 }), /cpu/, 240],
    ['a leak', canary({ leak: 200_000 }), /memory/, 700],
  ] as [string, Partial<Scene>, RegExp, number][])('gross harm falls fast: %s', (_, scene, reason, within) => {
    const found = firstRegression(simulate({ ...scene, seconds: within }));

    expect(found?.verdict.reason).toMatch(reason);
    expect(found?.verdict.metrics.find(({ verdict }) => verdict === 'Regression')?.evidence).toBe(100);
  });

  test('says it in a sentence with both figures, limit and requests', () => {
    expect(firstRegression(simulate(canary({ medianSeconds: 0.26 })))?.verdict.sentence).toMatchInlineSnapshot(
      `"p50 of canary is 249 ms, 65 ms on stable (limit 78 ms) over 187 requests"`,
    );
    expect(atEnd(simulate({})).sentence).toMatchInlineSnapshot(
      `"error rate, rate of errors new to stable, p50, p95, share of slow requests, CPU per pod, memory of canary within tolerance of stable over 11,895 requests"`,
    );
    const middle = judge(simulate(canary({ errors: { 500: 0.02 } })), defaultSpec, START + 60_000);
    expect(middle.sentence).toMatchInlineSnapshot(
      `"error rate of canary is 2.4 %, 0.18 % on stable (limit 0.22 %) over 582 requests; 35 % of the evidence that a rollback needs"`,
    );
  });

  test('moderate harm is neither taken back nor passed', () => {
    const verdict = atEnd(simulate(canary({ memoryBytes: 156e6 })));

    expect(verdict).toMatchObject({ verdict: 'Undecided', weakPass: false });
    expect(verdict.metrics.find(({ name }) => name === 'memory')).toMatchObject({ withinTolerance: false });
  });

  test.each([['canary'], ['stable']] as const)(
    'without requests on %s it is undecided, whatever else is seen',
    (track) => {
      fc.assert(
        fc.property(fc.integer(), fc.integer({ min: 1, max: 5000 }), (seed, cpu) => {
          const idle = { ...healthy, requestsPerSecond: 0, cpuPerRequest: cpu / 1e4 };
          const verdict = atEnd(simulate({ [track]: idle, seed, seconds: 1000, scrapeSeconds: 20 }));

          expect(verdict).toMatchObject({ verdict: 'Undecided', weakPass: false, traffic: false });
          expect(verdict.sentence).toBe(`no request was seen on ${track} yet, so nothing can be compared`);
        }),
        { numRuns: 20 },
      );
    },
  );

  test('evidence without a single sample is undecided', () => {
    const evidence = simulate({});
    evidence.run = { scrapes: evidence.run.scrapes, pods: {} };

    expect(atEnd(evidence)).toMatchObject({
      verdict: 'Undecided',
      weakPass: false,
      traffic: false,
      missing: ['requests', 'errors', 'latency', 'cpu', 'memory'],
    });
  });

  test('what stable does not export is missing, what only the canary lacks stops a pass', () => {
    const nothing = (pod: PodSamples): PodSamples => ({ ...pod, buckets: pod.buckets.map(() => null) });
    const without = (names: RegExp): Evidence => {
      const evidence = simulate({});
      const pods = Object.entries(evidence.run.pods).map(([name, pod]) => [
        name,
        names.test(name) ? nothing(pod) : pod,
      ]);
      return { ...evidence, run: { ...evidence.run, pods: Object.fromEntries(pods) } };
    };

    expect(atEnd(simulate({ noise: 0.01, stable: NO_ERRORS, canary: NO_ERRORS })).weakPass).toBe(true);
    expect(atEnd(without(/./))).toMatchObject({ verdict: 'Pass', missing: ['latency'] });
    expect(atEnd(without(/canary/))).toMatchObject({ verdict: 'Undecided', weakPass: false, missing: [] });
  });

  test('the order of pods and what comes later change nothing', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, slot) => {
        const evidence = simulate({ seed, scrapeSeconds: 20 });
        const now = START + slot * 20_000;
        const turned = { ...evidence, stable: evidence.stable.toReversed() };
        const early = { ...evidence, run: cut(evidence, slot) };

        const verdict = judge(evidence, defaultSpec, now);

        expect(close(judge(turned, defaultSpec, now))).toEqual(close(verdict));
        expect(judge(early, defaultSpec, now)).toEqual(verdict);
      }),
      { numRuns: 15 },
    );
  });

  test('a canary that restarts and misses scrapes is judged by what it served', () => {
    const evidence = simulate({});
    const pod = evidence.run.pods['canary-0'];
    const at = 100;
    const rebased = pod?.requests.map((value, i) =>
      i % 7 === 3 ? null : i < at ? value : (value ?? 0) - (pod.requests[at - 1] ?? 0),
    );
    const restarted = { ...pod, requests: rebased } as PodSamples;
    const changed = { ...evidence, run: { ...evidence.run, pods: { ...evidence.run.pods, 'canary-0': restarted } } };

    expect(atEnd(changed).requests.canary).toBe(atEnd(evidence).requests.canary);
  });

  test('warns of skewed traffic', () => {
    expect(atEnd(simulate(canary({ requestsPerSecond: 3 }))).warnings[0]).toMatch(
      /^skewed traffic: canary has 25 % of the pods and \d+ % of the requests of the last 2 minutes$/,
    );
  });
});

function cut({ run }: Evidence, slots: number): Evidence['run'] {
  const pods = Object.entries(run.pods).map(([name, pod]): [string, PodSamples] => {
    const classes = Object.entries(pod.errorClasses).map(([key, values]) => [key, values.slice(0, slots)]);
    return [
      name,
      {
        requests: pod.requests.slice(0, slots),
        errors: pod.errors.slice(0, slots),
        buckets: pod.buckets.slice(0, slots),
        cpuSeconds: pod.cpuSeconds.slice(0, slots),
        memoryBytes: pod.memoryBytes.slice(0, slots),
        errorClasses: Object.fromEntries(classes),
      },
    ];
  });
  return { scrapes: slots, pods: Object.fromEntries(pods) };
}

/** Sums of floats differ in the last digits with their order. */
function close(verdict: Verdict): unknown {
  return JSON.parse(
    JSON.stringify(verdict, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value)),
  );
}
