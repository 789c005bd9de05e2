import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../lib/log.ts';
import { createCollector } from './collector.ts';
import type { Evidence } from './evidence.ts';
import { httpPresets } from './http-presets.ts';
import { scraped } from './testing/exposition.ts';
import type { FakeSeries } from './testing/fake-prometheus.ts';
import { createInProcessSource } from './testing/in-process.ts';
import { createManualClock } from './testing/manual-clock.ts';
import { every, requestOf } from './testing/world.ts';

const START = 1_750_000_000_000;
const FOLDER = new URL('testdata/presets/', import.meta.url);
function textOf(file: string): string {
  return readFileSync(new URL(`${file}.txt`, FOLDER), 'utf8');
}

/** What is known of a stable pod and a canary that export the text, after two scrapes of the run. */
async function evidenceFrom(
  stable: string,
  preset = 'Auto',
  canary = stable,
  more: FakeSeries[] = [],
): Promise<Evidence> {
  const target = (pod: string): Record<string, string> => ({
    namespace: 'shop',
    pod,
    job: 'pods',
    instance: `${pod}:8080`,
  });
  const source = createInProcessSource();
  source.series = [
    ...scraped(stable, target('stable-0'), every(5000, START - 59_000, START + 10_000)),
    ...scraped(canary, target('canary-0'), every(5000, START + 1000, START + 10_000)),
    ...more,
  ];
  const clock = createManualClock(START + 10_000);
  const collector = createCollector({ sources: [source], clock, log: silentLogger });
  const stablePods = [{ name: 'stable-0', startedAt: START - 7_200_000 }];
  const watched = collector.watch('a', requestOf(START, { preset, stablePods, historySeconds: 60 }));
  expect(watched).toEqual({ ok: true });
  await collector.poll();
  const evidence = collector.evidence('a');
  if (evidence === undefined) throw new Error('not watched');
  expect(evidence.source.state).toBe('Collecting');
  return evidence;
}

/** What is left of a native histogram where it was scraped as text. */
test('a histogram without buckets is compared by its mean', async () => {
  const labels = 'axum_http_requests_duration_seconds';
  const text = [
    `${labels}_bucket{endpoint="/buy",status="200",le="+Inf"} 90`,
    `${labels}_sum{endpoint="/buy",status="200"} 4.5`,
    `${labels}_count{endpoint="/buy",status="200"} 90\n`,
  ].join('\n');
  const { found, run, boundsSeconds } = await evidenceFrom(text);
  expect(boundsSeconds).toEqual([]);
  expect(found).toMatchObject({ preset: 'axum', missing: ['cpu', 'memory'] });
  expect(run.pods['canary-0']?.requests.at(-1)).toBeGreaterThan(0);
  expect(run.pods['canary-0']?.latencyCount?.at(-1)).toBe(run.pods['canary-0']?.requests.at(-1));
  expect(run.pods['canary-0']?.latencySumSeconds?.at(-1)).toBeGreaterThan(0);
});

interface Expected {
  file: string;
  preset: string;
  /** Of one scrape, ignored routes left out. */
  requests: number;
  errors: number;
  classes: Record<string, number>;
  /** Successful requests by bucket as far as they are not all in, and all of them. */
  buckets?: [number[], number];
  bounds?: number[];
  mean?: [sum: number, count: number];
  missing?: string[];
  limits?: RegExp[];
  queries?: Record<string, RegExp>;
}

const resources = ['cpu', 'memory'];

const table: Expected[] = [
  {
    file: 'otel-http',
    preset: 'otel-http',
    requests: 102,
    errors: 2,
    classes: { '500 System.TimeoutException': 2 },
    bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    buckets: [[10, 50, 80, 90, 94, 96, 98, 99, 99], 100],
  },
  {
    file: 'otel-http-old',
    preset: 'otel-http-old',
    requests: 103,
    errors: 3,
    classes: { '503': 3 },
    bounds: [0, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    buckets: [[0, 30, 60, 80, 90, 95, 98, 99], 100],
  },
  {
    file: 'prom-http',
    preset: 'prom-http',
    requests: 104,
    errors: 4,
    classes: { '502': 4 },
    bounds: [0.003, 0.03, 0.1, 0.3, 1.5, 10],
    buckets: [[5, 65, 85, 95, 99], 100],
    missing: [],
  },
  {
    file: 'micrometer',
    preset: 'micrometer',
    requests: 96,
    errors: 6,
    classes: { '500 IllegalStateException': 6 },
    bounds: [0.001, 0.005, 0.05, 0.25, 1, 10],
    buckets: [[5, 35, 75, 85], 90],
  },
  {
    file: 'micrometer-mean',
    preset: 'micrometer',
    requests: 96,
    errors: 6,
    classes: { '500 IllegalStateException': 6 },
    mean: [4.5, 90],
    limits: [/^only the mean of the latency is compared: http_server_requests_seconds_sum and /],
    queries: { latency: /^http_server_requests_seconds_sum\{.*\} \/ http_server_requests_seconds_count\{/ },
  },
  {
    file: 'fastapi-instrumentator',
    preset: 'fastapi-instrumentator',
    requests: 108,
    errors: 5,
    classes: { '5xx': 5 },
    buckets: [[100, 130, 140, 144, 146, 147], 148],
    limits: [/^the latency includes failed requests and ignored routes: http_request_duration_highr_seconds_bucket/],
  },
  {
    file: 'django',
    preset: 'django',
    requests: 100,
    errors: 7,
    classes: { 'exception KeyError': 7 },
    buckets: [[50, 80, 90, 95, 98], 100],
    limits: [/^the latency includes failed requests: django_http_requests_latency/],
    queries: { requests: /^django_http_responses_total_by_status_view_method_total\{/, exceptions: /by_type_total\{/ },
  },
  {
    file: 'flask',
    preset: 'flask',
    requests: 94,
    errors: 4,
    classes: { 'exception 500': 4 },
    buckets: [[20, 50, 70, 80, 85, 88], 90],
  },
  {
    file: 'rack',
    preset: 'rack',
    requests: 90,
    errors: 2,
    classes: { 'exception PG::ConnectionBad': 2 },
    buckets: [[30, 60, 80, 85, 88], 90],
    limits: [/^the latency includes failed requests: http_server_request_duration_seconds_bucket/],
    queries: { requests: /^http_server_requests_total\{/ },
  },
  {
    file: 'ruby-prometheus-exporter',
    preset: 'ruby-prometheus-exporter',
    requests: 63,
    errors: 3,
    classes: { '500': 3 },
    mean: [3.15, 63],
    limits: [/^only the mean of the latency is compared/, /^the latency includes failed requests/],
  },
  {
    file: 'axum',
    preset: 'axum',
    requests: 75,
    errors: 5,
    classes: { '504': 5 },
    buckets: [[40, 60, 65, 68, 69], 70],
  },
  {
    file: 'grpc',
    preset: 'grpc',
    requests: 130,
    errors: 7,
    classes: { Unavailable: 3, DeadlineExceeded: 2, Internal: 1, Unknown: 1 },
    buckets: [[50, 70, 80, 90, 95, 98], 100],
    limits: [/^the latency includes failed requests: grpc_server_handling_seconds_bucket/],
  },
  {
    file: 'istio',
    preset: 'istio',
    requests: 57,
    errors: 7,
    classes: { '14': 4, '503 UH': 3 },
    buckets: [[0, 0, 10, 30, 40, 45, 48, 49], 50],
    queries: { requests: /reporter="destination"/, latency: /^istio_request_duration_milliseconds_bucket\{/ },
  },
  {
    file: 'linkerd',
    preset: 'linkerd',
    requests: 75,
    errors: 5,
    classes: { '13': 2, '503': 3 },
    buckets: [[10, 20, 30, 35, 40, 50, 60, 65, 67, 68, 69], 70],
    queries: { requests: /^response_total\{.*direction="inbound"\}$/ },
  },
];

function bucketsOf({ buckets: [below, all] = [[], 0], bounds }: Expected, width: number): number[] {
  expect(bounds === undefined || bounds.length === width).toBe(true);
  return Array.from({ length: width + 1 }, (_, i) => below[i] ?? all);
}

/** A scrape's counts, then twice as many. */
const twice = (count: number): number[] => [count, 2 * count];

describe('presets', () => {
  test.each(table)('$file', async (expected) => {
    const evidence = await evidenceFrom(textOf(expected.file));

    const canary = evidence.run.pods['canary-0'];
    expect(evidence.found.preset).toBe(expected.preset);
    expect(canary).toMatchObject({ requests: twice(expected.requests), errors: twice(expected.errors) });
    const classes = Object.entries(expected.classes).map(([name, count]) => [name, twice(count)]);
    expect(canary?.errorClasses).toEqual(Object.fromEntries(classes));
    if (expected.bounds !== undefined) expect(evidence.boundsSeconds).toEqual(expected.bounds);
    if (expected.buckets === undefined) expect(evidence.boundsSeconds).toEqual([]);
    else expect(canary?.buckets[0]).toEqual(bucketsOf(expected, evidence.boundsSeconds.length));
    expect(canary?.latencySumSeconds).toEqual(expected.mean && twice(expected.mean[0]));
    expect(canary?.latencyCount).toEqual(expected.mean && twice(expected.mean[1]));
    expect(evidence.found.missing).toEqual(expected.missing ?? resources);
    expect(evidence.found.limits ?? []).toEqual((expected.limits ?? []).map((text) => expect.stringMatching(text)));
    for (const [signal, query] of Object.entries(expected.queries ?? {})) {
      expect(evidence.found.queries[signal]).toMatch(query);
    }
  });

  test.each(table)('$file when it is named', async ({ file, preset, requests, errors }) => {
    const evidence = await evidenceFrom(textOf(file), preset);

    expect(evidence.found.preset).toBe(preset);
    expect(evidence.run.pods['canary-0']).toMatchObject({ requests: twice(requests), errors: twice(errors) });
  });

  test('each one has a text, and each text a test', () => {
    const files = readdirSync(FOLDER).map((name) => name.replace('.txt', ''));

    expect(files.toSorted()).toEqual(table.map(({ file }) => file).toSorted());
    expect([...new Set(table.map(({ preset }) => preset))].toSorted()).toEqual(
      httpPresets.map(({ name }) => name).toSorted(),
    );
  });

  test.each([
    ['an application with a status before the sidecar', ['istio', 'prom-http'], 'prom-http'],
    ['the sidecar before an application without a histogram', ['istio', 'micrometer-mean'], 'istio'],
    ['the sidecar before an application that tells no errors', ['linkerd', 'unlabelled'], 'linkerd'],
    ['a histogram before a mean', ['micrometer-mean', 'axum'], 'axum'],
  ])('takes %s', async (_, files, preset) => {
    const unlabelled =
      'http_request_duration_seconds_bucket{le="1"} 5\nhttp_request_duration_seconds_bucket{le="+Inf"} 6\n';
    const text = files.map((file) => (file === 'unlabelled' ? unlabelled : textOf(file))).join('\n');

    expect((await evidenceFrom(text)).found.preset).toBe(preset);
  });

  test('the first exceptions are seen where the canary alone raises them', async () => {
    const quiet = textOf('rack').replace(/^http_server_exceptions_total.*$/m, '');

    const evidence = await evidenceFrom(quiet, 'Auto', textOf('rack'));

    expect(evidence.run.pods['canary-0']?.errorClasses).toEqual({ 'exception PG::ConnectionBad': [2, 4] });
    expect(Object.keys(evidence.run.pods['stable-0']?.errorClasses ?? {})).toEqual(['500']);
  });

  test('a native histogram is read as finely as it is', async () => {
    const low = 2 ** (-35 / 8);
    const target = (pod: string): Record<string, string> => ({ namespace: 'shop', pod, job: 'pods', instance: pod });
    const native = (pod: string, status: string, counts: number[], from: number): FakeSeries => ({
      labels: { __name__: 'http_request_duration_seconds', status_code: status, route: '/buy', ...target(pod) },
      samples: [],
      histograms: every(5000, from, START + 10_000).map((at, n) => [
        at,
        {
          count: counts.reduce((a, b) => a + b, 0) * (n + 1),
          sum: n,
          buckets: counts.map((count, i) => ({
            low: low * 2 ** (i / 8),
            high: low * 2 ** ((i + 1) / 8),
            count: count * (n + 1),
          })),
        },
      ]),
    });
    const series = [
      native('stable-0', '200', [4, 4, 2], START - 59_000),
      native('canary-0', '200', [1, 5, 4], START + 1000),
      native('canary-0', '500', [0, 2, 0], START + 1000),
    ];

    const evidence = await evidenceFrom('', 'Auto', '', series);

    const { boundsSeconds: bounds } = evidence;
    const at = bounds.findIndex((bound) => bound > low * 2 ** (0.9 / 8));
    expect(evidence.found.queries['latency']).toMatch(/^http_request_duration_seconds\{/);
    expect((bounds[at] ?? 0) / (bounds[at - 1] ?? 1)).toBeCloseTo(2 ** (1 / 8));
    const canary = evidence.run.pods['canary-0'];
    expect(canary).toMatchObject({ requests: [12, 24], errors: [2, 4], errorClasses: { 500: [2, 4] } });
    expect(canary?.buckets[1]?.slice(at, at + 4)).toEqual([2, 12, 20, 20]);
    expect(canary?.buckets[1]?.at(-1)).toBe(20);
    expect(evidence.found.limits).toBeUndefined();
  });
});
