import { describe, expect, it } from 'vitest';
import type { CanaryReleaseStatus } from '../api/schema.ts';
import { judgeSequential } from '../judge/engine/judge-sequential.ts';
import { type Behaviour, steady, theEnd, usualSpec } from '../judge/engine/testing/steady.ts';
import type { PodSpread } from '../judge/spec.ts';
import type { Verdict } from '../judge/verdict.ts';
import { learntSpreads, noteCalibration } from './calibration.ts';

type Kept = Pick<CanaryReleaseStatus, 'calibration'>;

const wobble = (slot: number, size: number): number => 1 + size * Math.sin(slot * 12.9898 + 78.233);

/** Pods that differ by the same few percent from release to release. */
function verdict(spread: number, learnt?: Record<string, PodSpread>): Verdict {
  const level: Record<string, number> = { 'stable-0': 1 - spread, 'stable-1': 1, 'stable-2': 1 + spread };
  const behaviour: Behaviour = (slot, pod) => ({ bytes: 1e8 * (level[pod] ?? 1) * wobble(slot, 0.005) });
  const spec = learnt === undefined ? usualSpec : { ...usualSpec, podSpread: learnt };
  return judgeSequential(steady(behaviour, { slots: 10 }), spec, theEnd);
}

function release(status: Kept, spread: number, stable: string): void {
  noteCalibration(status, verdict(spread, learntSpreads(status.calibration)), stable);
}

describe('what pods of one version differ by', () => {
  it('begins at 5 % and comes to what many pods show', () => {
    const even: Kept = {};
    for (let i = 0; i < 12; i += 1) release(even, 0.01, `v${i}`);
    expect(Number(even.calibration?.podSpread?.['memory'])).toBeLessThan(0.03);
    expect(even.calibration?.pods?.['memory']).toBe(4 + 12 * 2);
    const uneven: Kept = {};
    for (let i = 0; i < 12; i += 1) release(uneven, 0.2, `v${i}`);
    expect(Number(uneven.calibration?.podSpread?.['memory'])).toBeGreaterThan(0.15);
  });
  it('counts the pods of one version once', () => {
    const status: Kept = {};
    release(status, 0.2, 'v1');
    const first = structuredClone(status);
    release(status, 0.2, 'v1');
    expect(status).toEqual(first);
    release(status, 0.2, 'v2');
    expect(status.calibration?.pods?.['memory']).toBe(8);
  });
  it('is not touched by a release without a past', () => {
    const status: Kept = {};
    const blind = judgeSequential(
      steady(() => ({}), { history: 0, slots: 10 }),
      usualSpec,
      theEnd,
    );
    noteCalibration(status, blind, 'v1');
    noteCalibration(status, undefined, 'v1');
    expect(status.calibration).toBeUndefined();
  });
  it('moves the limit of a difference that counts', () => {
    const worse: Behaviour = (slot, pod) => ({ bytes: 1e8 * (pod === 'canary-0' ? 1.4 : wobble(slot, 0.005)) });
    const judged = (learnt: PodSpread): string =>
      judgeSequential(steady(worse), { ...usualSpec, podSpread: { memory: learnt } }, theEnd).verdict;
    expect(judged({ sd: 0.02, weight: 20 })).toBe('Regression');
    expect(judged({ sd: 0.15, weight: 20 })).not.toBe('Regression');
  });
  it('cannot be brought to nothing, or to everything, by what stands in status', () => {
    const at = (sd: number, weight: number): number =>
      verdict(0, { memory: { sd, weight } }).podSpread?.['memory']?.sd ?? 0;
    expect(at(0, 1e9)).toBeGreaterThan(0.009);
    expect(at(1e9, 1e9)).toBeLessThan(0.6);
    expect(learntSpreads({ podSpread: { memory: 'much' }, pods: { memory: 4 } })).toBeUndefined();
  });
});
