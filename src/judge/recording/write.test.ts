import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence, PodSamples, PodWindow } from '../../evidence/evidence.ts';
import { judgeSequential } from '../engine/judge-sequential.ts';
import { steady, usualSpec } from '../engine/testing/steady.ts';
import { answerLine } from './answer.ts';
import { parseRecording } from './parse.ts';
import { recordingOf } from './write.ts';

const sample = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }));
const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== '__proto__');

function samplesOf(scrapes: number): fc.Arbitrary<(number | null)[]> {
  return fc.array(sample, { minLength: scrapes, maxLength: scrapes });
}

function podOf(scrapes: number, width: number, labels: string[], parts: Parts): fc.Arbitrary<PodSamples> {
  const series = samplesOf(scrapes);
  const labelled = fc.constant(labels).chain((names) => fc.tuple(...names.map(() => series)));
  const byLabel = labelled.map((all) => Object.fromEntries(labels.map((label, i) => [label, all[i] ?? []])));
  const bucket = fc.option(
    fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: width, maxLength: width }),
  );
  return fc
    .record({
      requests: series,
      errors: series,
      buckets: fc.array(bucket, { minLength: scrapes, maxLength: scrapes }),
      cpuSeconds: series,
      cpuBreaks: samplesOf(scrapes).map(([, ...rest]) =>
        [1, ...rest.map((one) => (one === null ? null : 1))].slice(0, scrapes),
      ),
      memoryBytes: series,
      errorClasses: byLabel,
      latencySumSeconds: series,
      latencyCount: samplesOf(scrapes).map(([, ...rest]) => [1, ...rest].slice(0, scrapes)),
      routes: byLabel,
      routeErrors: byLabel,
    })
    .map(({ latencySumSeconds, latencyCount, routes, routeErrors, cpuBreaks, ...rest }) => ({
      ...rest,
      ...(parts.breaks ? { cpuBreaks } : {}),
      ...(parts.mean ? { latencySumSeconds, latencyCount } : {}),
      ...(parts.routes ? { routes, routeErrors } : {}),
    }));
}

interface Parts {
  mean: boolean;
  breaks: boolean;
  routes: boolean;
}

function windowOf(scrapes: number, names: string[], width: number, labels: string[], parts: Parts) {
  return fc
    .tuple(...names.map(() => podOf(scrapes, width, labels, parts)))
    .map(
      (pods): PodWindow => ({ scrapes, pods: Object.fromEntries(names.map((pod, i) => [pod, pods[i] as PodSamples])) }),
    );
}

const shape = fc.record({
  pods: fc.uniqueArray(name, { minLength: 3, maxLength: 5 }),
  labels: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
  scrapes: fc.integer({ min: 1, max: 6 }),
  width: fc.integer({ min: 1, max: 4 }),
  parts: fc.record({ mean: fc.boolean(), routes: fc.boolean(), breaks: fc.boolean() }),
  own: fc.option(fc.constantFrom(5, 60), { nil: undefined }),
  past: fc.boolean(),
  second: fc.boolean(),
});

/** All that evidence can hold, whether it makes sense or not. */
const anything: fc.Arbitrary<Evidence> = shape.chain(({ pods, labels, scrapes, width, parts, own, past, second }) => {
  const [canary = '', stable = '', ...baseline] = pods;
  return fc
    .record({
      run: windowOf(scrapes, pods, width, labels, parts),
      history: windowOf(scrapes + 1, [stable], width, labels, parts),
      startedAt: fc.integer({ min: 0, max: 1e12 }),
      since: fc.integer({ min: 1, max: 1e7 }),
      custom: fc.tuple(samplesOf(scrapes), samplesOf(scrapes)),
    })
    .map(({ run, history, startedAt, since, custom }) => ({
      startedAt,
      scrapeSeconds: 15,
      boundsSeconds: Array.from({ length: width - 1 }, (_, i) => i + 1),
      canary: [canary],
      stable: [stable],
      ...(baseline.length === 0 ? {} : { baseline }),
      ...(past ? { history: { ...history, ...(own === undefined ? {} : { scrapeSeconds: own }) } } : {}),
      ...(second ? { secondOpinion: { since: startedAt + since, without: [canary] } } : {}),
      run,
      custom: { age: { canary: custom[0], stable: custom[1] } },
      found: { source: 'default', queries: {}, missing: [] },
      source: { state: 'Collecting', at: 0 },
    }));
});

function roundTrip(evidence: Evidence): Evidence {
  const parsed = parseRecording(JSON.stringify(recordingOf(evidence, 'one')));
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.recording.evidence;
}

/** As a recording tells it: times from the canary's first scrape, and -0 is 0. */
function asRecorded(evidence: Evidence): unknown {
  const { startedAt, secondOpinion, found: _, source, ...rest } = evidence;
  const second =
    secondOpinion === undefined ? {} : { secondOpinion: { ...secondOpinion, since: secondOpinion.since - startedAt } };
  return JSON.parse(JSON.stringify({ ...rest, ...second, startedAt: 0, source }));
}

describe('the recording of a release', () => {
  test('holds all that the evidence holds', () => {
    fc.assert(
      fc.property(anything, (evidence) => {
        const { found: _, ...back } = roundTrip(evidence);
        expect(JSON.parse(JSON.stringify(back))).toEqual(asRecorded(evidence));
      }),
      { numRuns: 200 },
    );
  });

  test('is judged as the evidence was', () => {
    const slow = steady((slot, pod) => (slot >= 0 && pod.startsWith('canary') ? { latency: 0.2 } : {}), { slots: 40 });
    const now = 40 * 15_000;
    const silent = { ...slow, stable: [...slow.stable, 'stable-silent'] };
    for (const evidence of [slow, silent]) {
      const later = { ...evidence, startedAt: 1_700_000_000_000 };
      const said = judgeSequential(later, usualSpec, later.startedAt + now);
      expect(judgeSequential(roundTrip(later), usualSpec, now)).toEqual(said);
      expect(said.verdict).toBe('Regression');
    }
  });

  test('is judged by what was asked, unless a spec is named', () => {
    const slower = steady((slot, pod) => (slot >= 0 && pod.startsWith('canary') ? { latency: 0.2 } : {}), {
      slots: 80,
    });
    const lenient = { ...usualSpec, latency: { ...usualSpec.latency, enabled: false }, minDurationSeconds: 60 };
    const line = JSON.stringify(recordingOf(slower, 'one', lenient));

    expect(answerLine(line, { spec: usualSpec, always: false, aa: false })).toMatchObject({ verdict: 'Pass' });
    expect(answerLine(line, { spec: usualSpec, always: true, aa: false })).toMatchObject({ verdict: 'Regression' });
    const broken = JSON.stringify({ ...recordingOf(slower, 'one'), asked: { ...lenient, warmupSeconds: 'long' } });
    expect(answerLine(broken, { spec: usualSpec, always: false, aa: false })).toMatchObject({
      id: 'one',
      error: expect.stringMatching(/^asked\.warmupSeconds: .*--spec$/),
    });
  });

  test('is none while a track has no pod', () => {
    const evidence = steady(() => ({}), { slots: 2 });
    expect(recordingOf({ ...evidence, canary: [] }, 'one')).toBeUndefined();
    expect(recordingOf({ ...evidence, stable: [] }, 'one')).toBeUndefined();
  });
});
