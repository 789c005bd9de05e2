import { expect, it } from 'vitest';
import type { Evidence } from '../../evidence/evidence.ts';
import { profileOf } from './profile.ts';
import { steady, usualSpec } from './testing/steady.ts';

/** Counts how often the history is looked at. */
function counted(evidence: Evidence): { evidence: Evidence; reads: () => number } {
  const { history, ...rest } = evidence;
  let reads = 0;
  const watched = Object.defineProperty(rest, 'history', {
    get: () => {
      reads += 1;
      return history;
    },
  }) as Evidence;
  return { evidence: watched, reads: () => reads };
}

it('reads no history before the run is long enough to plan by', () => {
  const { evidence, reads } = counted(steady(() => ({}), { slots: 4 }));
  expect(profileOf(evidence, usualSpec)).toBeNull();
  expect(reads()).toBe(0);
});

it('plans from a minute of the run on', () => {
  const { evidence, reads } = counted(steady(() => ({}), { slots: 5 }));
  expect(profileOf(evidence, usualSpec)).not.toBeNull();
  expect(reads()).toBeGreaterThan(0);
});
