import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { matches, type ParsedQuery, parseQuery } from './selector.ts';

/** A series: labels with `__name__`, samples as milliseconds and value, ascending. */
export interface FakeSeries {
  labels: Record<string, string>;
  samples: [number, number][];
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
  const time = Math.round(Number(parameters.get('time')) * 1000);
  fake.requests.push({ query, time, headers: request.headers, path: request.url ?? '', parameters });
  const { only } = fake.misbehave;
  const trouble = only === undefined || query.includes(only) ? fake.misbehave : {};
  if (trouble.hang) return undefined;
  if (trouble.status !== undefined || trouble.body !== undefined) {
    return { status: trouble.status ?? 200, body: trouble.body ?? JSON.stringify(ON_FIRE) };
  }
  try {
    const data = evaluate(fake.series, parseQuery(query), time);
    const answer = { status: 'success', data, ...(trouble.warnings ? { warnings: trouble.warnings } : {}) };
    return { status: 200, body: JSON.stringify(answer) };
  } catch (error) {
    return { status: 400, body: JSON.stringify({ status: 'error', errorType: 'bad_data', error: String(error) }) };
  }
}

const ON_FIRE = { status: 'error', errorType: 'internal', error: 'on fire' };

function evaluate(series: readonly FakeSeries[], query: ParsedQuery, time: number): object {
  const windowMs = query.windowMs ?? LOOK_BACK_MS;
  const found = series
    .filter(({ labels }) => matches(labels, query))
    .map(({ labels, samples }) => ({ labels, samples: samples.filter(([at]) => at > time - windowMs && at <= time) }))
    .filter(({ samples }) => samples.length > 0);
  if (query.countBy !== undefined) return { resultType: 'vector', result: countBy(found, query.countBy, time) };
  const values = (samples: [number, number][]): [number, string][] =>
    samples.map(([at, value]) => [at / 1000, print(value)]);
  if (query.windowMs === undefined) {
    const result = found.map(({ labels, samples }) => ({ metric: labels, value: values(samples.slice(-1))[0] }));
    return { resultType: 'vector', result };
  }
  return {
    resultType: 'matrix',
    result: found.map(({ labels, samples }) => ({ metric: labels, values: values(samples) })),
  };
}

function countBy(series: readonly FakeSeries[], names: readonly string[], time: number): object[] {
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
