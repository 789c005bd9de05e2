import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { NativeSample } from '../prometheus/schema.ts';
import { matches, type ParsedQuery, parseQuery } from './selector.ts';

/** A series: labels with `__name__`, samples as milliseconds and value, ascending. */
export interface FakeSeries {
  labels: Record<string, string>;
  samples: [number, number][];
  /** Of a native histogram. */
  histograms?: [number, NativeSample][];
}

export interface SeenRequest {
  query: string;
  time: number;
  headers: IncomingMessage['headers'];
  path: string;
  parameters: URLSearchParams;
}

/** How the server misbehaves; nothing set: it answers. */
export interface Misbehaviour {
  status?: number;
  body?: string;
  warnings?: string[];
  /** Never answers. */
  hang?: boolean;
  /** Only queries that contain it. */
  only?: string;
}

/**
 * A Prometheus over HTTP on the loopback, that answers from a table. Unlike the real one it knows only the queries that
 * we send, has no rate limits, and takes its samples from whoever fills `series`.
 */
export interface FakePrometheus {
  url: string;
  series: FakeSeries[];
  requests: SeenRequest[];
  misbehave: Misbehaviour;
  /** Its own clock; unset: it does not know `time()`. */
  now?: () => number;
  close(): Promise<void>;
}

const LOOK_BACK_MS = 300_000;

export async function startFakePrometheus(): Promise<FakePrometheus> {
  const fake: Omit<FakePrometheus, 'url' | 'close'> = { series: [], requests: [], misbehave: {} };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const answer = respond(fake, request, body);
      if (answer === undefined) return;
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function respond(
  fake: Omit<FakePrometheus, 'url' | 'close'>,
  request: IncomingMessage,
  body: string,
): { status: number; body: string } | undefined {
  const parameters = new URLSearchParams(body);
  const query = parameters.get('query') ?? '';
  const time = timeOf(fake, parameters);
  fake.requests.push({ query, time, headers: request.headers, path: request.url ?? '', parameters });
  const { only } = fake.misbehave;
  const trouble = only === undefined || query.includes(only) ? fake.misbehave : {};
  if (trouble.hang) return undefined;
  if (trouble.status !== undefined || trouble.body !== undefined) {
    return { status: trouble.status ?? 200, body: trouble.body ?? JSON.stringify(ON_FIRE) };
  }
  if (query === 'time()' && fake.now !== undefined) {
    const data = { resultType: 'scalar', result: [time / 1000, String(time / 1000)] };
    return { status: 200, body: JSON.stringify({ status: 'success', data }) };
  }
  try {
    const data = evaluate(fake.series, parseQuery(query), time);
    const answer = { status: 'success', data, ...(trouble.warnings ? { warnings: trouble.warnings } : {}) };
    return { status: 200, body: JSON.stringify(answer) };
  } catch (error) {
    return { status: 400, body: JSON.stringify({ status: 'error', errorType: 'bad_data', error: String(error) }) };
  }
}

/** Without a time it is the server's own. */
function timeOf(fake: Pick<FakePrometheus, 'now'>, parameters: URLSearchParams): number {
  const given = parameters.get('time');
  return given === null ? (fake.now?.() ?? Number.NaN) : Math.round(Number(given) * 1000);
}

const ON_FIRE = { status: 'error', errorType: 'internal', error: 'on fire' };

/** What a server with these series answers, as `data`. */
export function evaluate(
  series: readonly FakeSeries[],
  query: ParsedQuery,
  time: number,
): { resultType: string; result: object[] } {
  const windowMs = query.windowMs ?? LOOK_BACK_MS;
  const inWindow = ([at]: [number, unknown]): boolean => at > time - windowMs && at <= time;
  const found = series
    .filter(({ labels, histograms }) => matches(labels, query) && (!query.native || histograms !== undefined))
    .map(({ labels, samples, histograms = [] }) => ({
      labels,
      samples: samples.filter(inWindow),
      histograms: histograms.filter(inWindow),
    }))
    .filter(({ samples, histograms }) => samples.length + histograms.length > 0);
  if (query.countBy !== undefined) return { resultType: 'vector', result: countBy(found, query.countBy, time) };
  const result = found.map(({ labels, samples, histograms }) => ({
    metric: labels,
    values: samples.map(([at, value]): [number, string] => [at / 1000, print(value)]),
    ...(histograms.length === 0 ? {} : { histograms: histograms.map(printNative) }),
  }));
  if (query.windowMs !== undefined) return { resultType: 'matrix', result };
  return { resultType: 'vector', result: result.map(({ metric, values }) => ({ metric, value: values.at(-1) })) };
}

/** As Prometheus writes it: bounds and counts as text, bucket rule 0 is open below and closed above. */
function printNative([at, { count, sum, buckets }]: [number, NativeSample]): [number, object] {
  const shown = buckets.map((bucket) => [0, print(bucket.low), print(bucket.high), print(bucket.count)]);
  return [at / 1000, { count: print(count), sum: print(sum), buckets: shown }];
}

function countBy(series: readonly Pick<FakeSeries, 'labels'>[], names: readonly string[], time: number): object[] {
  const groups = new Map<string, { metric: Record<string, string>; count: number }>();
  for (const { labels } of series) {
    const kept = names.filter((name) => labels[name] !== undefined).map((name) => [name, labels[name] ?? ''] as const);
    const group = groups.get(JSON.stringify(kept)) ?? { metric: Object.fromEntries(kept), count: 0 };
    group.count += 1;
    groups.set(JSON.stringify(kept), group);
  }
  return [...groups.values()].map(({ metric, count }) => ({ metric, value: [time / 1000, String(count)] }));
}

function print(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
