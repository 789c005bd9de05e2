import { describe, expect, test } from 'vitest';
import type { FakeSeries } from './testing/fake-prometheus.ts';
import { startWatching } from './testing/watching.ts';
import { containerSeries, every, podSeries } from './testing/world.ts';

const START = 1_750_000_000_000;
const END = START + 400_000;

/** A canary and two stable pods with containers, scraped every 5 s; cAdvisor every 15 s. */
function world(): FakeSeries[] {
  const pods = [
    ['stable-0', START - 100_000],
    ['stable-1', START - 99_000],
    ['canary-0', START + 3000],
  ] as const;
  return pods.flatMap(([name, from]) => [
    ...podSeries({ name, scrapes: every(5000, from, END) }),
    ...counters(name, every(5000, from, END)),
    ...containerSeries(
      name,
      'app',
      every(15_000, from, END).map((at, n) => ({ at, cpu: n, memory: 5e7 })),
    ),
  ]);
}

/** A counter beside the histogram, as many libraries export it. */
function counters(pod: string, scrapes: readonly number[]): FakeSeries[] {
  const labels = { namespace: 'shop', pod, job: 'pods', instance: `${pod}:8080`, route: '/buy', code: '200' };
  return [{ labels: { __name__: 'http_requests_total', ...labels }, samples: scrapes.map((at, n) => [at, 9 * n + 9]) }];
}

/** The world with the canary's series changed, or left out where the change says undefined. */
function changed(change: (series: FakeSeries) => FakeSeries | undefined): FakeSeries[] {
  return world().flatMap((series) => {
    const kept = series.labels['pod'] === 'canary-0' ? change(series) : series;
    return kept === undefined ? [] : [kept];
  });
}

const without =
  (name: string) =>
  (series: FakeSeries): FakeSeries | undefined =>
    series.labels['__name__'] === name ? undefined : series;

const bare =
  (label: string) =>
  ({ labels, samples }: FakeSeries): FakeSeries => ({
    labels: Object.fromEntries(Object.entries(labels).filter(([name]) => name !== label)),
    samples,
  });

const remedy =
  'the new version lost or renamed it; export it again, switch the metric off under spec.analysis, or promote by hand';

describe('a canary that lost a metric which stable has', () => {
  test('nothing is said of a canary that has them all', async () => {
    expect((await startWatching({ startedAt: START, series: world() }).go(300)).source.state).toBe('Collecting');
  });

  test.each([
    ['status label', changed(bare('status_code')), 60, 'label status_code of http_request_duration_seconds_bucket'],
    ['buckets', changed(without('http_request_duration_seconds_bucket')), 60, 'http_request_duration_seconds_bucket'],
    ['CPU', changed(without('container_cpu_usage_seconds_total')), 180, 'container_cpu_usage_seconds_total'],
    ['memory', changed(without('container_memory_working_set_bytes')), 180, 'container_memory_working_set_bytes'],
  ])('%s: said after its time and not before, with a remedy', async (_, series, seconds, what) => {
    const watching = startWatching({ startedAt: START, series });
    expect((await watching.go(seconds - 10)).source.state).toBe('Collecting');

    const { source } = await watching.go(20);

    expect(source).toEqual({
      state: 'NoData',
      at: START + (seconds + 10) * 1000,
      message: `the canary serves and has no ${what} for ${seconds / 5} scrapes, while stable has it: ${remedy}`,
    });
  });

  test.each([
    [5, 12],
    [15, 5],
    [30, 5],
  ])('scraped every %i s it is said after %i scrapes', async (interval, scrapes) => {
    const far = (name: string, from: number): FakeSeries[] =>
      podSeries({ name, scrapes: every(interval * 1000, from, START + 400_000) });
    const canary = far('canary-0', START + 3000).map(bare('status_code'));
    const series = [...far('stable-0', START - 300_000), ...far('stable-1', START - 300_000), ...canary];

    const evidence = await startWatching({ startedAt: START, series }).go(240);

    expect(evidence.scrapeSeconds).toBe(interval);
    expect(evidence.source).toMatchObject({ state: 'NoData', message: expect.stringContaining(`${scrapes} scrapes`) });
  });

  test('a metric that comes back is compared again, and nothing is lost', async () => {
    const gone = (at: number): boolean => at > START + 30_000 && at < START + 260_000;
    const series = changed((one) =>
      one.labels['__name__'] === 'container_memory_working_set_bytes'
        ? { ...one, samples: one.samples.filter(([at]) => !gone(at)) }
        : one,
    );
    const watching = startWatching({ startedAt: START, series });
    expect((await watching.go(240)).source.state).toBe('NoData');

    const { source, run } = await watching.go(60);

    expect(source.state).toBe('Collecting');
    expect(run.pods['canary-0']?.memoryBytes.slice(-6)).toContain(5e7);
    expect(run.pods['canary-0']?.memoryBytes.slice(0, 5)).toContain(5e7);
  });

  test('stable lost it too: there is nothing to compare, and nobody to blame', async () => {
    const series = world().map((one) =>
      one.labels['__name__'] === 'container_cpu_usage_seconds_total'
        ? { ...one, samples: one.samples.filter(([at]) => at < START) }
        : one,
    );

    expect((await startWatching({ startedAt: START, series }).go(300)).source.state).toBe('Collecting');
  });

  test('names that changed are said with both names, and the way out', async () => {
    const names: Record<string, string> = {
      http_request_duration_seconds_bucket: 'http_server_request_duration_seconds_bucket',
    };
    const series = changed(({ labels, samples }) => {
      const { __name__: name = '', status_code, ...others } = labels;
      if (name === 'http_requests_total') return undefined;
      const renamed = names[name];
      if (renamed === undefined) return { labels, samples };
      const status = status_code === undefined ? {} : { http_response_status_code: status_code };
      return { labels: { __name__: renamed, ...others, ...status }, samples };
    });

    const { source } = await startWatching({ startedAt: START, series }).go(90);

    expect(source).toMatchObject({
      state: 'NoData',
      message:
        'the canary exports http_server_request_duration_seconds_bucket (preset otel-http) where stable exports http_request_duration_seconds_bucket: the new version changed the names of its metrics, and nothing can be compared; keep the old names for one release beside the new ones, or promote by hand',
    });
  });
});
