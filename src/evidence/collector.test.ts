import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../lib/log.ts';
import { type Collector, createCollector } from './collector.ts';
import { PrometheusSource } from './config.ts';
import { createPrometheusSource } from './prometheus/client.ts';
import { type FakePrometheus, type FakeSeries, startFakePrometheus } from './testing/fake-prometheus.ts';
import { createInProcessSource } from './testing/in-process.ts';
import { createManualClock, type ManualClock } from './testing/manual-clock.ts';
import { containerSeries, every, podSeries, requestOf } from './testing/world.ts';

const START = 1_750_000_000_000;
let fake: FakePrometheus;
let clock: ManualClock;
let collectors: Collector[];

beforeEach(async () => {
  fake = await startFakePrometheus();
  clock = createManualClock(START);
  collectors = [];
});

afterEach(async () => {
  await Promise.all(collectors.map((collector) => collector.close()));
  await fake.close();
});

function collect(changes: object = {}): Collector {
  const config = PrometheusSource.parse({ name: 'default', url: fake.url, ...changes });
  const collector = createCollector({ sources: [createPrometheusSource(config)], clock, log: silentLogger });
  collectors.push(collector);
  return collector;
}

/** Two stable pods with ten minutes behind them and a canary, scraped every 5 s. */
function world(seconds: number, canary: Partial<Parameters<typeof podSeries>[0]> = {}): FakeSeries[] {
  const end = START + seconds * 1000;
  return [
    ...podSeries({ name: 'stable-0', scrapes: every(5000, START - 700_000 + 1000, end) }),
    ...podSeries({ name: 'stable-1', scrapes: every(5000, START - 700_000 + 2000, end), errors: { 503: 1 } }),
    ...podSeries({ name: 'canary-0', scrapes: every(5000, START + 3000, end), ...canary }),
  ];
}

describe('createCollector', () => {
  test('reads raw counters into slots, history apart', async () => {
    fake.series = world(60, { errors: { 500: 2 } });
    const collector = collect();
    expect(collector.watch('shop/web', requestOf(START))).toEqual({ ok: true });
    clock.advance(30_000);

    await collector.poll();

    const evidence = collector.evidence('shop/web');
    expect(evidence).toMatchObject({
      startedAt: START,
      scrapeSeconds: 5,
      boundsSeconds: [0.05, 0.1, 0.25, 0.5, 1],
      canary: ['canary-0'],
      stable: ['stable-0', 'stable-1'],
      source: { state: 'Collecting', at: START + 30_000 },
    });
    expect(evidence?.run.scrapes).toBe(6);
    expect(evidence?.run.pods['canary-0']).toMatchObject({
      requests: [11, 22, 33, 44, 55, 66],
      errors: [2, 4, 6, 8, 10, 12],
      errorClasses: { 500: [2, 4, 6, 8, 10, 12] },
    });
    expect(evidence?.run.pods['canary-0']?.buckets[1]).toEqual([10, 16, 18, 18, 18, 18]);
    expect(evidence?.history?.scrapes).toBe(120);
    expect(evidence?.history?.pods['stable-1']?.requests.every((value) => value !== null)).toBe(true);
    expect(Object.keys(evidence?.history?.pods ?? {})).toEqual(['stable-0', 'stable-1']);
    expect(evidence?.found).toMatchObject({ source: 'default', preset: 'prom-http', missing: ['cpu', 'memory'] });
  });

  test('one query per metric for all releases, and only the window since the last round', async () => {
    fake.series = world(300);
    const collector = collect();
    for (let i = 0; i < 20; i++) collector.watch(`shop/web-${i}`, requestOf(START));
    clock.advance(30_000);
    await collector.poll();
    fake.requests.length = 0;

    clock.advance(5000);
    await collector.poll();

    expect(fake.requests.map(({ query }) => query)).toEqual([
      'http_request_duration_seconds_bucket{namespace="shop",pod=~"canary-0|stable-0|stable-1"}[19000ms]',
      'up{namespace="shop",pod=~"canary-0|stable-0|stable-1"}[19000ms]',
    ]);
  });

  test('says the same after a restart, for any gaps in scrapes and rounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          missed: fc.array(fc.nat(40), { maxLength: 15 }),
          restart: fc.option(fc.nat(39)),
          rounds: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
          failing: fc.nat(5),
          jitter: fc.array(fc.integer({ min: -400, max: 400 }), { minLength: 5, maxLength: 5 }),
        }),
        async ({ missed, restart, rounds, failing, jitter }) => {
          clock = createManualClock(START);
          const source = createInProcessSource();
          const inProcess = (): Collector => createCollector({ sources: [source], clock, log: silentLogger });
          const scrapes = every(5000, START + 1500, START + 200_000)
            .filter((_, n) => !missed.includes(n))
            .map((at, n) => at + (jitter[n % 5] ?? 0));
          source.series = [
            ...podSeries({ name: 'stable-0', scrapes: every(5000, START - 600_000, START + 200_000) }),
            ...podSeries({ name: 'canary-0', scrapes, errors: { 500: 1 } }).map((series) => reset(series, restart)),
            ...containerSeries('stable-0', 'app', ticks(9100)),
            ...containerSeries('stable-0', 'sidecar', ticks(13_300)),
            ...containerSeries('canary-0', 'app', ticks(11_700)),
          ];
          const request = requestOf(START, { stablePods: [{ name: 'stable-0', startedAt: START - 7_200_000 }] });
          const fed = inProcess();
          fed.watch('a', request);
          for (const [n, seconds] of rounds.entries()) {
            clock.advance(seconds * 1000);
            source.isDown = n === failing;
            await fed.poll();
          }
          source.isDown = false;
          clock.advance(10_000);
          await fed.poll();

          const restarted = inProcess();
          restarted.watch('a', request);
          await restarted.poll();

          expect(JSON.stringify(restarted.evidence('a'))).toBe(JSON.stringify(fed.evidence('a')));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('builds the history again when samples of it arrive late, and only then', async () => {
    const whole = [
      ...world(120),
      ...['stable-0', 'stable-1'].flatMap((pod) => containerSeries(pod, 'web', ticks(15_000))),
    ];
    const upTo = (end: number): FakeSeries[] =>
      whole.map(({ labels, samples }) => ({ labels, samples: samples.filter(([at]) => at < end) }));
    const collector = collect();
    collector.watch('a', requestOf(START));
    const histories: unknown[] = [];
    for (const [seconds, lag] of [
      [4, 12],
      [9, 0],
      [30, 0],
      [90, 0],
      [95, 0],
    ] as const) {
      clock.advance(START + seconds * 1000 - clock.now());
      fake.series = upTo(clock.now() - lag * 1000);
      await collector.poll();
      const other = collect();
      other.watch('a', requestOf(START));
      await other.poll();
      expect(collector.evidence('a')).toEqual(other.evidence('a'));
      histories.push(collector.evidence('a')?.history);
    }
    expect(histories[1]).not.toEqual(histories[0]);
    expect(histories[4]).toBe(histories[3]);
  });

  test('keeps no data and a failed question apart, and loses nothing', async () => {
    const collector = collect();
    collector.watch('a', requestOf(START));
    clock.advance(30_000);
    await collector.poll();
    expect(collector.evidence('a')?.source).toMatchObject({
      state: 'NoData',
      message: 'the pods of stable export no request metrics that a preset knows (preset Auto)',
    });

    fake.series = world(600);
    clock.advance(10_000);
    await collector.poll();
    expect(collector.evidence('a')?.source.state).toBe('Collecting');
    const before = collector.evidence('a')?.run;

    fake.misbehave = { status: 503 };
    clock.advance(10_000);
    await collector.poll();
    clock.advance(10_000);
    await collector.poll();
    expect(collector.evidence('a')).toMatchObject({
      source: {
        state: 'Failed',
        since: START + 50_000,
        at: START + 60_000,
        message: 'Prometheus source default: HTTP 503: on fire',
      },
      run: before,
    });

    fake.misbehave = {};
    clock.advance(10_000);
    await collector.poll();
    expect(collector.evidence('a')?.source.state).toBe('Collecting');
    expect(collector.evidence('a')?.run.pods['canary-0']?.requests).not.toContain(null);
  });

  test('a partial answer is a failure', async () => {
    fake.series = world(60);
    fake.misbehave = { warnings: ['store gateway 3 did not answer'], only: '_bucket{' };
    const collector = collect();
    collector.watch('a', requestOf(START));
    clock.advance(30_000);

    await collector.poll();

    expect(collector.evidence('a')?.source).toMatchObject({
      state: 'Failed',
      message: 'Prometheus source default: partial answer: store gateway 3 did not answer',
    });
  });

  test('a canary that is scraped and gets no request has zero requests, one that is not scraped has none', async () => {
    const scrapes = every(5000, START + 3000, START + 60_000);
    fake.series = [
      ...world(60, { scrapes: [] }),
      {
        labels: { __name__: 'up', namespace: 'shop', pod: 'canary-0', job: 'pods', instance: 'canary-0:8080' },
        samples: scrapes.map((at) => [at, 1]),
      },
    ];
    const collector = collect();
    collector.watch('a', requestOf(START));
    clock.advance(20_000);
    await collector.poll();
    expect(collector.evidence('a')?.source.state).toBe('Collecting');
    expect(collector.evidence('a')?.run.pods['canary-0']).toMatchObject({
      requests: [0, 0, 0, 0],
      errors: [0, 0, 0, 0],
      buckets: [1, 2, 3, 4].map(() => [0, 0, 0, 0, 0, 0]),
    });

    fake.series = world(60, { scrapes: [] });
    const unscraped = collect();
    unscraped.watch('a', requestOf(START));
    await unscraped.poll();
    expect(unscraped.evidence('a')?.source).toMatchObject({
      state: 'NoData',
      message: 'no sample of http_request_duration_seconds_bucket of the canary pods in the last scrapes',
    });
  });

  test('ignored routes do not count', async () => {
    fake.series = [
      ...world(60),
      ...podSeries({ name: 'canary-0', scrapes: every(5000, START + 3000, START + 60_000), route: '/healthz' }),
    ];
    const collector = collect();
    collector.watch('a', requestOf(START));
    clock.advance(10_000);

    await collector.poll();

    expect(collector.evidence('a')?.run.pods['canary-0']?.requests).toEqual([9, 18]);
  });

  test('a pod that two jobs scrape is counted once', async () => {
    fake.series = world(60);
    fake.series.push(...fake.series.map(({ labels, samples }) => ({ labels: { ...labels, job: 'again' }, samples })));
    const collector = collect();
    collector.watch('a', requestOf(START));
    clock.advance(10_000);

    await collector.poll();

    expect(collector.evidence('a')?.run.pods['canary-0']?.requests).toEqual([9, 18]);
  });

  test('pods that come later are read from their start', async () => {
    fake.series = [
      ...world(120),
      ...podSeries({ name: 'canary-1', scrapes: every(5000, START + 23_000, START + 120_000) }),
    ];
    const collector = collect();
    const request = requestOf(START);
    collector.watch('a', request);
    clock.advance(60_000);
    await collector.poll();

    const pods = [...request.canaryPods, { name: 'canary-1', startedAt: START + 20_000 }];
    collector.watch('a', { ...request, canaryPods: pods });
    await collector.poll();

    const requests = collector.evidence('a')?.run.pods['canary-1']?.requests;
    expect(requests?.slice(0, 6)).toEqual([null, null, null, null, 9, 18]);
    expect(collector.evidence('a')?.run.pods['canary-0']?.requests[0]).toBe(9);
  });

  test('finds counters beside a histogram without status, and old pod labels', async () => {
    const rename = ({ labels, samples }: FakeSeries): FakeSeries => {
      const { pod = '', namespace = '', status_code, ...others } = labels;
      const kept = status_code === '503' ? { ...others, le: 'none' } : others;
      return { labels: { ...kept, kubernetes_pod_name: pod, kubernetes_namespace: namespace }, samples };
    };
    const counters = ['stable-0', 'stable-1', 'canary-0'].flatMap((pod) =>
      ['200', '500'].map((code) => ({
        labels: {
          __name__: 'http_requests_total',
          kubernetes_pod_name: pod,
          kubernetes_namespace: 'shop',
          code,
          job: 'pods',
        },
        samples: every(5000, START + 3000, START + 60_000).map((at, n): [number, number] => [
          at,
          (n + 1) * (code === '200' ? 9 : 1),
        ]),
      })),
    );
    fake.series = [...world(60).map(rename), ...counters];
    const collector = collect();
    collector.watch('a', requestOf(START));
    clock.advance(10_000);

    await collector.poll();

    const evidence = collector.evidence('a');
    expect(evidence?.run.pods['canary-0']).toMatchObject({ requests: [10, 20], errors: [1, 2] });
    expect(evidence?.run.pods['canary-0']?.buckets[0]).toEqual([5, 8, 9, 9, 9, 9]);
    expect(evidence?.found.queries['requests']).toMatch(/^http_requests_total\{kubernetes_namespace="shop"/);
  });

  test.each([
    [{ source: 'other' }, 'UnknownSource'],
    [{ namespace: 'pay' }, 'NamespaceNotAllowed'],
    [{ preset: 'mystery' }, 'UnknownPreset'],
    [{ errorCodes: ['(5+)+'] }, 'InvalidCodes'],
  ])('refuses %j as %s', (changes, reason) => {
    const collector = collect({ namespaces: ['shop'] });

    expect(collector.watch('a', requestOf(START, changes))).toMatchObject({ ok: false, problem: { reason } });
    expect(collector.evidence('a')).toBeUndefined();
  });

  test('tells its listeners, and run() goes on until it is stopped', async () => {
    fake.series = world(60);
    const collector = collect();
    collector.watch('a', requestOf(START));
    const seen: string[] = [];
    const stop = new AbortController();
    collector.onUpdate((key) => {
      seen.push(key);
      if (seen.length === 3) stop.abort();
      else setImmediate(() => clock.advance(5000));
    });

    await collector.run(stop.signal, 5000);

    expect(seen).toEqual(['a', 'a', 'a']);
  });
});

function reset(series: FakeSeries, at: number | null): FakeSeries {
  const before = at === null ? undefined : series.samples[at]?.[1];
  if (before === undefined || series.labels['__name__'] === 'up') return series;
  return {
    labels: series.labels,
    samples: series.samples.map(([time, value]) => [time, value > before ? value - before : value]),
  };
}

function ticks(ms: number): { at: number; cpu: number; memory: number }[] {
  return every(ms, START - 400_000, START + 300_000).map((at, n) => ({ at, cpu: n * 0.7, memory: 1e8 + n * 1e5 }));
}
