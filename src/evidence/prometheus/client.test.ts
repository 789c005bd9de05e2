import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Answer } from '../answer.ts';
import { PrometheusSource, type PrometheusSourceInput } from '../config.ts';
import { type FakePrometheus, startFakePrometheus } from '../testing/fake-prometheus.ts';
import { createPrometheusSource, type PrometheusApi } from './client.ts';
import type { Series } from './schema.ts';

let fake: FakePrometheus;
let folder: string;
let sources: PrometheusApi[];

beforeEach(async () => {
  fake = await startFakePrometheus();
  folder = await mkdtemp(join(tmpdir(), 'tandem-'));
  sources = [];
});

afterEach(async () => {
  await fake.close();
  await Promise.all(sources.map((source) => source.close()));
  await rm(folder, { recursive: true });
});

function source(changes: Partial<PrometheusSourceInput> = {}): PrometheusApi {
  const made = createPrometheusSource(PrometheusSource.parse({ name: 'main', url: fake.url, ...changes }));
  sources.push(made);
  return made;
}

function ask(changes: Partial<PrometheusSourceInput> = {}): Promise<Answer<Series[]>> {
  return source(changes).query('m{a="1"}[60000ms]', 100_000);
}

describe('createPrometheusSource', () => {
  test('brings raw samples, and takes those that are no number for missing', async () => {
    fake.series = [
      {
        labels: { __name__: 'm', a: '1' },
        samples: [
          [10_000, 1],
          [50_000, 2],
          [60_500, Number.NaN],
          [70_000, 1e21],
          [80_000, Number.POSITIVE_INFINITY],
        ],
      },
      { labels: { __name__: 'm', a: '2' }, samples: [[50_000, 7]] },
    ];

    expect(await ask()).toEqual({
      kind: 'value',
      value: [
        {
          labels: { __name__: 'm', a: '1' },
          samples: [
            [50_000, 2],
            [70_000, 1e21],
          ],
        },
      ],
    });
  });

  test('an empty answer is no data', async () => {
    expect(await ask()).toEqual({ kind: 'nodata' });
  });

  test.each([
    ['Unavailable', { status: 503 }, 'HTTP 503: on fire'],
    ['Refused', { status: 401, body: 'no' }, 'HTTP 401: no'],
    ['Rejected', { status: 422 }, 'HTTP 422: on fire'],
    ['Unavailable', { status: 302, body: '' }, 'HTTP 302: empty answer'],
    ['Malformed', { body: '<html>sign in</html>' }, 'HTTP 200: <html>sign in</html>'],
    [
      'Malformed',
      { body: '{"status":"success","data":{"resultType":"matrix","result":[7]}}' },
      'the answer is no vector and no matrix',
    ],
    ['Malformed', { body: '{"status":"success"}' }, 'the answer is no vector and no matrix'],
    ['Partial', { warnings: ['one store is down'] }, 'partial answer: one store is down'],
  ])('a failure is told from no data: %s %j', async (code, misbehave, message) => {
    fake.misbehave = misbehave;

    expect(await ask()).toEqual({ kind: 'failed', error: { code, message: `Prometheus source main: ${message}` } });
  });

  test('a server that hangs or is gone is unreachable', async () => {
    fake.misbehave = { hang: true };
    expect(await ask({ timeoutSeconds: 0.05 })).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });

    const gone = source();
    await fake.close();
    expect(await gone.query('m{}', 0)).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });
    fake = await startFakePrometheus();
  });

  test('closes without waiting for an answer', { timeout: 20_000 }, async () => {
    fake.misbehave = { hang: true };
    const made = source({ timeoutSeconds: 300 });
    const asked = made.query('m{}', 0);
    await vi.waitFor(() => expect(fake.requests).toHaveLength(1));

    await made.close();
    expect(await asked).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });
  });

  test('sends what the configuration says, and reads credentials anew each time', async () => {
    const token = join(folder, 'token');
    await writeFile(token, 'first\n');
    const made = source({
      url: `${fake.url}/prometheus/`,
      bearerTokenFile: token,
      tenant: 'team-a',
      headers: { 'X-Extra': '1' },
      parameters: { dedup: 'true' },
    });

    await made.query('m{}', 1500);
    await writeFile(token, 'second\n');
    await made.query('m{}', 1500);

    expect(fake.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
    expect(fake.requests[0]).toMatchObject({ path: '/prometheus/api/v1/query', time: 1500, query: 'm{}' });
    expect(fake.requests[0]?.headers).toMatchObject({ 'x-scope-orgid': 'team-a', 'x-extra': '1' });
    expect(fake.requests[0]?.parameters.get('dedup')).toBe('true');
  });

  test('a query cannot set parameters of the request', async () => {
    await source({ parameters: { tenant: 'a' } }).query('m{a="&tenant=b&time=0"}', 1000);

    expect(fake.requests[0]?.parameters.getAll('tenant')).toEqual(['a']);
    expect(fake.requests[0]?.time).toBe(1000);
  });

  test('basic authentication, and a missing file of credentials', async () => {
    const passwordFile = join(folder, 'password');
    const basicAuth = { username: 'tandem', passwordFile };
    expect(await ask({ basicAuth })).toMatchObject({ kind: 'failed', error: { code: 'Configuration' } });

    await writeFile(passwordFile, 'geheim');
    expect(await ask({ basicAuth })).toEqual({ kind: 'nodata' });
    expect(fake.requests[0]?.headers.authorization).toBe(`Basic ${btoa('tandem:geheim')}`);
  });

  test('namespaces that may use it', () => {
    expect(source().allows('any')).toBe(true);
    expect(source({ namespaces: ['shop'] }).allows('shop')).toBe(true);
    expect(source({ namespaces: ['shop'] }).allows('pay')).toBe(false);
  });
});
