import { describe, expect, test } from 'vitest';
import type { FakeSeries } from './testing/fake-prometheus.ts';
import { startWatching } from './testing/watching.ts';
import { every, podSeries, type WorldPod } from './testing/world.ts';

const START = 1_750_000_000_000;
const END = START + 120_000;

function tracks(canary: Partial<WorldPod> = {}, stable: Partial<WorldPod> = {}): FakeSeries[] {
  return [
    ...podSeries({ name: 'stable-0', scrapes: every(5000, START - 100_000 + 1000, END), ...stable }),
    ...podSeries({ name: 'stable-1', scrapes: every(5000, START - 100_000 + 2000, END), ...stable }),
    ...podSeries({ name: 'canary-0', scrapes: every(5000, START + 3000, END), ...canary }),
  ];
}

/** Without the buckets of some bounds. */
function lacking(series: FakeSeries[], pods: RegExp, ...bounds: string[]): FakeSeries[] {
  return series.filter(({ labels }) => !pods.test(labels['pod'] ?? '') || !bounds.includes(labels['le'] ?? ''));
}

describe('bounds of the buckets that differ between the tracks', () => {
  test('are compared where both have them, which is said', async () => {
    const series = lacking(lacking(tracks(), /canary/, '0.05', '0.5'), /stable/, '0.25');

    const { boundsSeconds, run, found } = await startWatching({ startedAt: START, series }).go(10);

    expect(boundsSeconds).toEqual([0.1, 1]);
    expect(run.pods['canary-0']?.buckets).toEqual([
      [8, 9, 9],
      [16, 18, 18],
    ]);
    expect(run.pods['stable-0']?.buckets[0]).toHaveLength(3);
    expect(found.missing).not.toContain('latency');
    expect(found.limits).toContain(
      'the pods export http_request_duration_seconds_bucket with different bounds: latency is compared at the 2 that all of them have (0.1, 1 s)',
    );
  });

  test('with none in common the latency is missing, and everything else is compared', async () => {
    const series = lacking(lacking(tracks(), /canary/, '0.05', '0.1', '0.25'), /stable/, '0.5', '1');

    const { boundsSeconds, run, found, source } = await startWatching({ startedAt: START, series }).go(10);

    expect({ boundsSeconds, state: source.state }).toEqual({ boundsSeconds: [], state: 'Collecting' });
    expect(run.pods['canary-0']?.requests).toEqual([9, 18]);
    expect(found.missing).toContain('latency');
    expect(found.limits?.join()).toContain('have none in common; use the same bounds');
  });
});

describe('routes', () => {
  /** Twelve routes; route n has n requests a scrape, and one more is a probe. */
  function twelve(): FakeSeries[] {
    const routes = Array.from({ length: 12 }, (_, i) => ({ route: `/r${i + 1}`, perScrape: [i + 1, 0, 0, 0, 0, 0] }));
    return [...routes, { route: '/healthz', perScrape: [1000, 0, 0, 0, 0, 0] }].flatMap((one, n) =>
      tracks({ ...one, ...(n === 0 ? { errors: { 500: 2 } } : {}) }, one),
    );
  }

  test("the ten with most of stable's traffic are kept, the rest is one more, and all add up", async () => {
    const { run } = await startWatching({ startedAt: START, series: twelve() }).go(10);
    const pod = run.pods['canary-0'];

    expect(Object.keys(pod?.routes ?? {}).toSorted()).toEqual(
      [...Array.from({ length: 10 }, (_, i) => `/r${i + 3}`), 'other'].toSorted(),
    );
    expect(pod?.routes?.['/r12']).toEqual([12, 24]);
    expect(pod?.routes?.['other']).toEqual([1 + 2 + 2, 2 * (1 + 2 + 2)]);
    expect(pod?.routeErrors?.['other']).toEqual([2, 4]);
    const sums = pod?.requests.map((_, slot) =>
      Object.values(pod.routes ?? {}).reduce((a, of) => a + (of[slot] ?? 0), 0),
    );
    expect(sums).toEqual(pod?.requests);
  });

  test('ignored ones count nowhere, whatever their traffic', async () => {
    const { run } = await startWatching({ startedAt: START, series: twelve() }).go(10);

    expect(run.pods['stable-0']?.requests).toEqual([21, 22].map((n) => 78 * n));
    expect(JSON.stringify(run)).not.toContain('/healthz');
  });

  test('the choice stays while the run goes on', async () => {
    const busy = (at: number): number => (at > START + 20_000 ? 1e6 : 0);
    const series = twelve().map((one) =>
      one.labels['route'] === '/r1'
        ? { ...one, samples: one.samples.map(([at, value]): [number, number] => [at, value + busy(at)]) }
        : one,
    );
    const watching = startWatching({ startedAt: START, series });
    const before = Object.keys((await watching.go(10)).run.pods['canary-0']?.routes ?? {});

    expect(Object.keys((await watching.go(60)).run.pods['canary-0']?.routes ?? {})).toEqual(before);
  });
});

describe('a pod whose container started again', () => {
  test('its counters are told as they are: a fall, and every request before and after it', async () => {
    const restartAt = START + 23_000;
    const series = tracks({ errors: { 500: 1 } }).map((one) => {
      if (one.labels['pod'] !== 'canary-0' || one.labels['__name__'] === 'up') return one;
      const before = one.samples.find(([at]) => at === restartAt - 5000)?.[1] ?? 0;
      return {
        ...one,
        samples: one.samples.map(([at, value]): [number, number] => [at, at >= restartAt ? value - before : value]),
      };
    });

    const { run, source } = await startWatching({ startedAt: START, series }).go(40);

    expect(source.state).toBe('Collecting');
    expect(run.pods['canary-0']?.requests).toEqual([10, 20, 30, 40, 10, 20, 30, 40]);
    expect(run.pods['canary-0']?.errors).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(run.pods['canary-0']?.buckets.map((values) => values?.at(-1))).toEqual([9, 18, 27, 36, 9, 18, 27, 36]);
  });
});
