import { expect, it } from 'vitest';
import { bytesOf, residentMemory } from './memory.ts';

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

it('knows what this process holds, and nothing of one that is gone', async () => {
  const sizes = await residentMemory([process.pid, 999_999_999]);
  expect(sizes.get(process.pid)).toBeGreaterThan(20e6);
  expect(sizes.size).toBe(1);
});
