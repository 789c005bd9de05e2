import { describe, expect, test } from 'vitest';
import type { PodSamples } from '../../evidence/evidence.ts';
import { PodReader } from './pod-reader.ts';

/** CPU seconds and scrapes of a pod by slot, a row for each. */
function cpu(samples: Partial<PodSamples>, age: 'fresh' | 'older'): [seconds: number, scrapes: number][] {
  const reader = new PodReader('a', age);
  const { cpuSeconds = [] } = samples;
  const none = cpuSeconds.map(() => null);
  const pod = {
    requests: none,
    errors: none,
    buckets: none,
    cpuSeconds,
    memoryBytes: none,
    errorClasses: {},
    ...samples,
  };
  return cpuSeconds.map((_, slot) => {
    reader.read(pod, slot, slot * 15, 0);
    const { cpuSeconds: seconds, cpuScrapes } = reader.take(slot * 15);
    return [seconds, cpuScrapes];
  });
}

describe('CPU time of a pod', () => {
  test('is an increment from sample to sample, over the scrapes between them', () => {
    expect(cpu({ cpuSeconds: [3, null, 9] }, 'fresh')).toEqual([
      [3, 1],
      [0, 0],
      [6, 2],
    ]);
    expect(cpu({ cpuSeconds: [3, null, 9] }, 'older')).toEqual([
      [0, 0],
      [0, 0],
      [6, 2],
    ]);
  });

  test('after a break the first sample is a base, of a fresh pod too, and its scrapes do not count', () => {
    const breaks = { cpuSeconds: [5, 8, null, 8, 10], cpuBreaks: [1, null, null, 1, null] };
    for (const age of ['fresh', 'older'] as const)
      expect(cpu(breaks, age)).toEqual([
        [0, 0],
        [3, 1],
        [0, 0],
        [0, 0],
        [2, 1],
      ]);
  });
});
