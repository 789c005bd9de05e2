import { describe, expect, it } from 'vitest';
import { judgeSequential } from '../judge/engine/judge-sequential.ts';
import { steady, usualSpec } from '../judge/engine/testing/steady.ts';
import { courseOf } from './course.ts';

const slow = steady((slot, pod) => (slot >= 0 && pod.startsWith('canary') ? { latency: 0.2 } : {}), { slots: 40 });
const end = 40 * 15_000;

describe('the course of a release', () => {
  it('ends with what the judge says, and has a point for every scrape', () => {
    const { metrics, verdict, foundAt } = courseOf(slow, usualSpec, end);

    expect(verdict).toEqual(judgeSequential(slow, usualSpec, end));
    const p95 = metrics.find(({ name }) => name === 'latency-p95');
    expect(p95?.points.at(-1)).toMatchObject({
      at: 39 * 15_000,
      lower: verdict?.metrics.find(({ name }) => name === 'latency-p95')?.interval[0],
    });
    expect(p95?.points).toHaveLength(40);
    expect(foundAt).toBeLessThan(end);
  });

  it('thins out a long run, with the last scrape in it', () => {
    const { metrics } = courseOf(slow, usualSpec, end, 9);
    for (const { points } of metrics) {
      expect(points.length).toBeLessThanOrEqual(9);
      expect(points.at(-1)?.at).toBe(39 * 15_000);
    }
  });

  it('knows nothing of scrapes to come', () => {
    const early = courseOf(slow, usualSpec, 5 * 15_000 - 1);
    const whole = courseOf(slow, usualSpec, end);
    for (const { name, points } of early.metrics)
      expect(whole.metrics.find((metric) => metric.name === name)?.points.slice(0, 5)).toEqual(points);
    expect(courseOf(slow, usualSpec, -1)).toEqual({ metrics: [], verdict: undefined, foundAt: undefined });
  });
});
