import { describe, expect, it } from 'vitest';
import { deltaOf, type PlotData, plotDataOf, withDelta } from './plot-data.ts';
import { courseAfter } from './testing/source.ts';

function dataAfter(slots: number): PlotData {
  return { version: `after ${slots}`, ...plotDataOf(courseAfter(slots)) };
}

describe('the data of plots', () => {
  it('are what the judge saw, with four digits', () => {
    const { metrics } = courseAfter(30);
    const plotted = dataAfter(30).metrics;
    expect(plotted.map(({ name }) => name)).toEqual(metrics.map(({ name }) => name));
    for (const [index, { points }] of metrics.entries())
      for (const [at, { canary }] of points.entries()) {
        const shown = plotted[index]?.columns.canary[at];
        if (metrics[index]?.points[at]?.counted !== metrics[index]?.counted) {
          expect(shown).toBeNull();
          continue;
        }
        if (canary === null) expect(shown).toBeNull();
        else expect(Math.abs((shown ?? 0) - canary)).toBeLessThanOrEqual(Math.abs(canary) * 1e-3);
      }
  });

  it('leave out shares of what was counted by another bound', () => {
    const course = courseAfter(3);
    const [metric] = course.metrics.filter(({ name }) => name === 'latency-slow');
    const points = ['requests over 100 ms', 'requests over 250 ms', 'requests over 250 ms'].map((counted, index) => ({
      ...metric!.points[index]!,
      stable: 0.1 * index,
      counted,
    }));
    const data = plotDataOf({ metrics: [{ ...metric!, counted: 'requests over 250 ms', points }], foundAt: undefined });
    expect(data.metrics[0]?.columns.stable).toEqual([null, 0.1, 0.2]);
    expect(data.metrics[0]?.counted).toBe('requests over 250 ms');
  });

  it('come as what is new, and that is little', () => {
    const [before, after] = [dataAfter(30), dataAfter(31)];
    const delta = deltaOf(before, after);
    expect(withDelta(before, delta)).toEqual(after);
    expect(JSON.stringify(delta).length).toBeLessThan(JSON.stringify(after).length / 5);
  });

  it.each([
    [31, 30],
    [0, 5],
    [5, 0],
    [240, 241],
  ])('go from %i scrapes to %i', (from, to) => {
    expect(withDelta(dataAfter(from), deltaOf(dataAfter(from), dataAfter(to)))).toEqual(dataAfter(to));
  });

  it('are read anew where the delta is for others', () => {
    expect(withDelta(dataAfter(3), deltaOf(dataAfter(4), dataAfter(5)))).toBeUndefined();
  });
});
