import { describe, expect, it } from 'vitest';
import type { Evidence } from '../evidence/evidence.ts';
import { steady, usualSpec } from '../judge/engine/testing/steady.ts';
import { courseOf } from './course.ts';
import { createCourseFollower } from './following.ts';

const whole = steady((slot, pod) => (slot >= 0 && pod.startsWith('canary') ? { latency: 0.2 } : {}), { slots: 260 });
const end = 260 * 15_000;

/** The run as it was after so many slots. */
function after(slots: number): Evidence {
  return { ...whole, run: { ...whole.run, scrapes: slots } };
}

describe('following a course', () => {
  it('answers after every scrape as if it had read all of them, also where the course is thinned out', async () => {
    const follow = createCourseFollower(async () => undefined);
    for (const slots of [0, 1, 2, 40, 239, 240, 241, 242, 259, 260])
      expect(await follow('a', after(slots), usualSpec, end)).toEqual(courseOf(after(slots), usualSpec, end));
  });

  it('reads only what is new', async () => {
    let scrapes = 0;
    const follow = createCourseFollower(async () => void (scrapes += 1));
    await follow('a', after(30), usualSpec, end);
    expect(scrapes).toBe(30);
    await follow('a', after(32), usualSpec, end);
    expect(scrapes).toBe(32);
    await follow('a', after(32), usualSpec, end);
    expect(scrapes).toBe(32);
  });

  it('begins anew when a sample came late', async () => {
    const follow = createCourseFollower(async () => undefined);
    const late = structuredClone(after(30));
    const pod = late.run.pods[late.canary[0]!]!;
    for (const series of [pod.requests, pod.errors, pod.buckets]) series[10] = null;
    await follow('a', late, usualSpec, end);
    expect(await follow('a', after(31), usualSpec, end)).toEqual(courseOf(after(31), usualSpec, end));
  });

  it('keeps releases apart, and what is asked for at the same time', async () => {
    const follow = createCourseFollower(async () => undefined, 1);
    const answers = await Promise.all(
      ['a', 'b', 'a'].map((key, index) => follow(key, after(20 + index), usualSpec, end)),
    );
    expect(answers).toEqual([20, 21, 22].map((slots) => courseOf(after(slots), usualSpec, end)));
  });
});
