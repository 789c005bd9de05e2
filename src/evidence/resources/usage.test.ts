import { describe, expect, test } from 'vitest';
import { counterIncrements } from '../../judge/engine/increments.ts';
import { addReading, noUsage, type PodUsage, usageSlots } from './usage.ts';

const START = 1_750_000_000_000;

/** Windows of 15 s that end at these seconds. */
function read(windows: readonly [at: number, cores: number][], windowSeconds = 15): PodUsage {
  const usage = noUsage();
  for (const [at, cores] of windows)
    addReading(usage, { pod: 'a', at: START + at * 1000, windowMs: windowSeconds * 1000, cores, bytes: at });
  return usage;
}

function slots(usage: PodUsage | undefined, count: number, slotSeconds = 15): ReturnType<typeof usageSlots> {
  return usageSlots(usage, { origin: START, slotMs: slotSeconds * 1000, slots: count });
}

describe('windows of metrics.k8s.io', () => {
  test('that follow on one another add up to a counter; the first is its base', () => {
    const { cpuSeconds, cpuBreaks, memoryBytes } = slots(
      read([
        [10, 9],
        [25, 0.2],
        [40, 0.4],
      ]),
      3,
    );
    expect(cpuSeconds).toEqual([0, 3, 9]);
    expect(cpuBreaks).toEqual([1, null, null]);
    expect(memoryBytes).toEqual([10, 25, 40]);
    expect(counterIncrements(cpuSeconds, false)).toEqual([null, 3, 6]);
  });

  test('read twice are one', () => {
    const usage = read([
      [10, 1],
      [25, 0.2],
    ]);
    const reading = { pod: 'a', windowMs: 15_000, cores: 7, bytes: 7 };
    expect(addReading(usage, { ...reading, at: START + 25_000 })).toBe(false);
    expect(addReading(usage, { ...reading, at: START + 10_000 })).toBe(false);
    expect(slots(usage, 2)).toMatchObject({ cpuSeconds: [0, 3], memoryBytes: [10, 25] });
  });

  test('say nothing of the time between them: after a gap a new stretch begins', () => {
    const usage = read([
      [10, 1],
      [25, 0.2],
      [70, 8],
      [85, 0.4],
    ]);
    const { cpuSeconds, cpuBreaks } = slots(usage, 6);
    expect(cpuSeconds).toEqual([0, 3, null, null, 3, 9]);
    expect(cpuBreaks).toEqual([1, null, null, null, 1, null]);
  });

  test('that overlap are left out until one does not', () => {
    const usage = read(
      [
        [0, 1],
        [5, 9],
        [30, 9],
        [60, 0.5],
        [62, 9],
      ],
      60,
    );
    expect(slots(usage, 5)).toMatchObject({ cpuSeconds: [0, null, null, null, 30] });
  });

  test('may end a second off, and those of a minute three', () => {
    const seconds = read([
      [10, 1],
      [26, 0.2],
      [40, 0.4],
    ]);
    expect(slots(seconds, 3).cpuBreaks).toEqual([1, null, null]);
    const minutes = read(
      [
        [0, 1],
        [63, 0.5],
      ],
      60,
    );
    expect(slots(minutes, 2, 60).cpuSeconds).toEqual([0, 30]);
  });

  test('a slot that has a break in it is a base as a whole', () => {
    const usage = read(
      [
        [0, 1],
        [10, 1],
        [35, 1],
        [45, 1],
      ],
      10,
    );
    expect(slots(usage, 2, 30)).toMatchObject({ cpuSeconds: [10, 20], cpuBreaks: [1, 1] });
  });

  test('a pod without any has no sample', () => {
    expect(slots(undefined, 2)).toEqual({
      cpuSeconds: [null, null],
      cpuBreaks: [null, null],
      memoryBytes: [null, null],
    });
  });
});
