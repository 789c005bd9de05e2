import { describe, expect, it } from 'vitest';
import { bytesOf, psArguments, residentByPid, residentIn, residentMemory } from './memory.ts';

it.each([
  ['128Mi', 134_217_728],
  ['1G', 1e9],
  ['1.5Ki', 1536],
  [1000, 1000],
  [undefined, undefined],
  ['many', undefined],
])('%s is %s bytes', (quantity, bytes) => {
  expect(bytesOf(quantity)).toBe(bytes);
});

describe('the memory of processes', () => {
  it.each(['linux', 'darwin'] as const)(
    'is known of this one, and not of one that is gone, as on %s',
    async (platform) => {
      const sizes = await residentMemory([process.pid, 999_999_999], platform);
      const { rss } = process.memoryUsage();
      expect(sizes.get(process.pid)).toBeGreaterThan(0.7 * rss);
      expect(sizes.get(process.pid)).toBeLessThan(1.3 * rss);
      expect(sizes.size).toBe(1);
    },
  );

  it('is told by Linux in kB, whatever its pages are, and not of a zombie', () => {
    expect(residentIn('Name:\tnode\nVmHWM:\t   70000 kB\nVmRSS:\t   51200 kB\nThreads:\t11\n')).toBe(52_428_800);
    expect(residentIn('Name:\tnode\nState:\tZ (zombie)\nThreads:\t1\n')).toBeUndefined();
  });

  it('is told by the ps of macOS in columns that are filled up', () => {
    expect(residentByPid('  501  51200\n12345    800\n')).toEqual(
      new Map([
        [501, 52_428_800],
        [12_345, 819_200],
      ]),
    );
    expect(residentByPid('')).toEqual(new Map());
  });

  it('is asked for with one title in each option: to macOS all that follows one belongs to it', () => {
    const words = psArguments([1, 2]);
    const columns = words.filter((_, index) => words[index - 1] === '-o');
    expect(columns).toEqual(['pid=', 'rss=']);
  });
});
