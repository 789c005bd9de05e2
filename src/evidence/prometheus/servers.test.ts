import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLoopbackCertificate } from '../../sandbox/http/certificate.ts';
import { PrometheusSource, type PrometheusSourceInput } from '../config.ts';
import { createPrometheusSource, type PrometheusApi } from './client.ts';

interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body: string | Buffer;
}

let folder: string;
let servers: Server[];
let sources: PrometheusApi[];
let seen: { path: string; headers: IncomingMessage['headers']; form: URLSearchParams }[];
let reply: Reply;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-'));
  servers = [];
  sources = [];
  seen = [];
});

afterEach(async () => {
  await Promise.all(sources.map((source) => source.close()));
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await rm(folder, { recursive: true });
});

const answer: RequestListener = (request, response) => {
  void text(request).then((body) => {
    seen.push({ path: request.url ?? '', headers: request.headers, form: new URLSearchParams(body) });
    const headers = { 'content-type': 'application/json', ...reply.headers };
    response.writeHead(reply.status ?? 200, headers).end(reply.body);
  });
};

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function source(changes: Partial<PrometheusSourceInput> = {}, prefix = ''): Promise<PrometheusApi> {
  const url = changes.url ?? `http://127.0.0.1:${await listen(createPlainServer(answer))}${prefix}`;
  const made = createPrometheusSource(PrometheusSource.parse({ name: 'main', ...changes, url }));
  sources.push(made);
  return made;
}

const matrix = (result: object[]): object => ({ status: 'success', data: { resultType: 'matrix', result } });
const series = {
  metric: { __name__: 'm', pod: 'canary-0' },
  values: [
    [10, '1'],
    [15.5, '2'],
  ],
};
const value = {
  kind: 'value',
  value: [
    {
      labels: series.metric,
      samples: [
        [10_000, 1],
        [15_500, 2],
      ],
    },
  ],
};
const json = (content: object): Reply => ({ body: JSON.stringify(content) });
const broken = (code: string, message: string): object => ({
  kind: 'failed',
  error: { code, message: `Prometheus source main: ${message}` },
});

describe('Thanos', () => {
  const thanos = { parameters: { dedup: 'true', partial_response: 'false' } };

  test('is sent its parameters with every query', async () => {
    reply = json({ ...matrix([series]), analysis: {} });

    expect(await (await source(thanos)).query('m{}[60000ms]', 20_000)).toEqual(value);
    expect(Object.fromEntries(seen[0]?.form ?? [])).toEqual({
      dedup: 'true',
      partial_response: 'false',
      query: 'm{}[60000ms]',
      time: '20.000',
    });
  });

  test.each([[[series]], [[]]])('an answer with a warning is partial, with series and without', async (result) => {
    const warning = 'fetch series for {cluster="eu"} Addr: sidecar:10901: rpc error: code = Unavailable';
    reply = json({ ...matrix(result), warnings: [warning] });

    expect(await (await source(thanos)).query('m{}', 0)).toEqual(broken('Partial', `partial answer: ${warning}`));
  });

  test('remarks on the query take nothing away', async () => {
    const remark = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "m"';
    reply = json({ ...matrix([series]), warnings: [remark], infos: [remark] });

    expect(await (await source()).query('m{}', 0)).toEqual(value);
  });
});

describe('Mimir', () => {
  test('is asked below its prefix and for its tenant, which no header of the configuration doubles', async () => {
    reply = json(matrix([]));
    const mimir = await source({ tenant: 'team-a', headers: { 'X-Scope-OrgID': 'other' } }, '/prometheus/');

    expect(await mimir.query('m{}', 0)).toEqual({ kind: 'nodata' });
    expect(seen[0]).toMatchObject({ path: '/prometheus/api/v1/query', headers: { 'x-scope-orgid': 'team-a' } });
  });

  test.each([
    [422, 'execution', 'query processing would load too many samples into memory in query execution', 'Rejected'],
    [400, 'bad_data', 'the query time range is out of bounds', 'Rejected'],
    [401, 'bad_data', 'no org id', 'Refused'],
    [429, 'too_many_requests', 'too many outstanding requests', 'Unavailable'],
    [500, 'internal', 'expanding series: failed to fetch', 'Unavailable'],
  ])('HTTP %i %s is a failure in its own words, never no data', async (status, errorType, error, code) => {
    reply = { status, ...json({ status: 'error', errorType, error }) };

    expect(await (await source()).query('m{}', 0)).toEqual(broken(code, `HTTP ${status}: ${error}`));
  });
});

describe('VictoriaMetrics', () => {
  const stats = { seriesFetched: '1', executionTimeMsec: 3 };

  test('fields of its own are left alone, and warnings need not be there', async () => {
    reply = json({ ...matrix([series]), isPartial: false, stats, trace: { message: '' } });
    expect(await (await source()).query('m{}', 0)).toEqual(value);

    reply = json({ ...matrix([]), isPartial: false, stats });
    expect(await (await source()).query('m{}', 0)).toEqual({ kind: 'nodata' });
  });

  test.each([[[series]], [[]]])('isPartial is a failure, with series and without', async (result) => {
    reply = json({ ...matrix(result), isPartial: true, stats });

    expect(await (await source()).query('m{}', 0)).toEqual(
      broken('Partial', 'partial answer: not all storage nodes answered'),
    );
  });

  test('its time is the time of the sample: the value is taken half a minute earlier', async () => {
    const data = { resultType: 'vector', result: [{ metric: {}, value: [1_750_000_030.25, '1750000000.25'] }] };
    reply = json({ status: 'success', isPartial: false, data });

    expect(await (await source()).now?.()).toEqual({ kind: 'value', value: 1_750_000_030_250 });
    expect(seen[0]?.form.has('time')).toBe(false);
  });
});

describe('on the way', () => {
  test('a body that is packed, and one that is broken', async () => {
    reply = { headers: { 'content-encoding': 'gzip' }, body: gzipSync(JSON.stringify(matrix([series]))) };
    expect(await (await source()).query('m{}', 0)).toEqual(value);
    expect(seen[0]?.headers['accept-encoding']).toBe('gzip');

    reply = { ...reply, body: gzipSync(JSON.stringify(matrix([series]))).subarray(0, 40) };
    expect(await (await source()).query('m{}', 0)).toMatchObject({ kind: 'failed' });
  });

  test('small when packed and too large when unpacked', async () => {
    reply = { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(200_000, ' ')) };

    expect(await (await source()).query('m{}', 0, { maxBytes: 100_000 })).toEqual(
      broken('TooLarge', 'the answer is larger than 100000 bytes'),
    );
  });

  test('a page of a proxy is cut', async () => {
    const page = `<html><head><title>503 Service Temporarily Unavailable</title></head>${'<p>nginx</p>'.repeat(500)}`;
    reply = { status: 503, headers: { 'content-type': 'text/html' }, body: page };

    const answered = await (await source()).query('m{}', 0);

    expect(answered).toMatchObject({ kind: 'failed', error: { code: 'Unavailable' } });
    expect(JSON.stringify(answered)).toContain('HTTP 503: <html><head><title>503 Service');
    expect(JSON.stringify(answered).length).toBeLessThan(500);
  });

  test('a redirect is not followed, and credentials go nowhere else', async () => {
    const elsewhere: string[] = [];
    const other = await listen(
      createPlainServer((request, response) => {
        elsewhere.push(request.url ?? '');
        response.end();
      }),
    );
    const bearerTokenFile = join(folder, 'token');
    await writeFile(bearerTokenFile, 'geheim');
    reply = { status: 307, headers: { location: `http://127.0.0.1:${other}/login` }, body: '' };

    const answered = await (await source({ bearerTokenFile })).query('m{}', 0);

    expect(answered).toMatchObject({ kind: 'failed', error: { code: 'Unavailable' } });
    expect(elsewhere).toEqual([]);
    expect(JSON.stringify(answered)).not.toContain('geheim');
  });

  test('a token that is rotated between two questions', async () => {
    const bearerTokenFile = join(folder, 'token');
    await writeFile(bearerTokenFile, 'first\n');
    reply = json(matrix([series]));
    const made = await source({ bearerTokenFile, headers: { Authorization: 'Bearer stale' } });
    await made.query('m{}', 0);
    await writeFile(bearerTokenFile, 'second\n');
    await made.query('m{}', 0);

    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  test('basic authentication', async () => {
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'geheim:mit-ü\n');
    reply = json(matrix([series]));

    expect(await (await source({ basicAuth: { username: 'tandem', passwordFile } })).query('m{}', 0)).toEqual(value);
    const [scheme, pair = ''] = (seen[0]?.headers.authorization ?? '').split(' ');
    expect([scheme, Buffer.from(pair, 'base64').toString('utf8')]).toEqual(['Basic', 'tandem:geheim:mit-ü']);
  });

  test('a certificate of a private authority is taken with its file, and refused without', async () => {
    const { cert, key } = createLoopbackCertificate(Date.now());
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, cert);
    reply = json(matrix([series]));
    const url = `https://127.0.0.1:${await listen(createTlsServer({ cert, key }, answer))}`;

    expect(await (await source({ url, caFile })).query('m{}', 0)).toEqual(value);
    const refused = await (await source({ url })).query('m{}', 0);
    expect(refused).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });
    expect(JSON.stringify(refused)).toContain('certificate');
    expect(() => createPrometheusSource(PrometheusSource.parse({ name: 'a', url, caFile: '/none' }))).toThrow('/none');
  });
});
