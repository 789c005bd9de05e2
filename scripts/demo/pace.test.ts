import { expect, it } from 'vitest';
import { createPace } from './pace.ts';

it('complains when the load falls behind, once a minute at most', () => {
  let now = 0;
  let requests = 0;
  const pace = createPace(100, () => now);
  const after = (seconds: number, rate: number): string | undefined => {
    now += seconds * 1000;
    requests += seconds * rate;
    return pace(requests);
  };
  expect(after(5, 10)).toBeUndefined();
  expect(after(15, 100)).toBeUndefined();
  expect(after(20, 40)).toBe('this machine is busy: it answers 40 of 100 requests a second, so verdicts take longer');
  expect(after(20, 40)).toBeUndefined();
  expect(after(20, 100)).toBeUndefined();
  expect(after(20, 40)).toContain('40 of 100');
});
