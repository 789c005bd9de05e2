import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PrometheusSource } from './config.ts';
import { type Detected, detect } from './detect.ts';
import { createPrometheusSource, type PrometheusApi } from './prometheus/client.ts';
import type { EvidenceRequest } from './request.ts';
import { type FakePrometheus, startFakePrometheus } from './testing/fake-prometheus.ts';
import { requestOf } from './testing/world.ts';

const NOW = 1_750_000_000_000;
const STABLE = { namespace: 'shop', pod: 'stable-0' };
const CANARY = { namespace: 'shop', pod: 'canary-0' };
let fake: FakePrometheus;
let api: PrometheusApi;

beforeEach(async () => {
  fake = await startFakePrometheus();
  api = createPrometheusSource(PrometheusSource.parse({ name: 'default', url: fake.url }));
});

afterEach(async () => {
  await api.close();
  await fake.close();
});

async function detected(changes: Partial<EvidenceRequest> = {}): Promise<Detected> {
  const answer = await detect(api, requestOf(NOW, changes), NOW);
  if (answer.kind !== 'value') throw new Error(`no answer: ${JSON.stringify(answer)}`);
  return answer.value;
}

function exported(name: string, labels: Record<string, string>): void {
  fake.series.push({ labels: { __name__: name, ...labels }, samples: [[NOW - 1000, 1]] });
}

describe('detect', () => {
  test('the first label that is present counts', async () => {
    exported('http_request_duration_seconds_bucket', {
      ...STABLE,
      status: '200',
      handler: '/a',
      exception: '',
      le: '0.1',
    });
    exported('http_request_duration_seconds_bucket', {
      ...STABLE,
      status: '500',
      handler: '/a',
      exception: 'Boom',
      le: '0.1',
    });

    expect(await detected()).toMatchObject({
      preset: 'prom-http',
      requests: {
        metric: 'http_request_duration_seconds_bucket',
        statusLabel: 'status',
        routeLabel: 'handler',
        classLabels: ['exception'],
      },
      latency: { metric: 'http_request_duration_seconds_bucket' },
    });
  });

  test('what both tracks have wins over what stable alone has', async () => {
    exported('http_server_request_duration_seconds_bucket', { ...STABLE, http_response_status_code: '200', le: '1' });
    exported('http_requests_total', { ...STABLE, code: '200' });
    exported('http_requests_total', { ...CANARY, code: '200' });

    expect((await detected()).preset).toBe('prom-http');
    expect((await detected({ preset: 'otel-http' })).preset).toBe('otel-http');
    expect((await detected({ preset: 'micrometer' })).preset).toBeUndefined();
  });

  test('without a histogram there is no latency, without a status no error', async () => {
    exported('http_server_requests_seconds_count', { ...STABLE, uri: '/a' });

    const { preset, requests, latency } = await detected();

    expect([preset, requests?.metric, requests?.routeLabel, requests?.statusLabel, latency]).toEqual([
      'micrometer',
      'http_server_requests_seconds_count',
      'uri',
      undefined,
      undefined,
    ]);
  });

  test('cAdvisor before the process, each for itself', async () => {
    exported('process_cpu_seconds_total', STABLE);
    exported('process_resident_memory_bytes', STABLE);
    expect(await detected()).toMatchObject({
      cpu: { metric: 'process_cpu_seconds_total', perContainer: false, matchers: [] },
      memory: { metric: 'process_resident_memory_bytes' },
    });

    exported('container_cpu_usage_seconds_total', { ...STABLE, container: 'app' });
    expect(await detected()).toMatchObject({
      cpu: {
        metric: 'container_cpu_usage_seconds_total',
        perContainer: true,
        matchers: ['container!=""', 'container!="POD"'],
      },
      memory: { metric: 'process_resident_memory_bytes' },
    });
  });

  test('metrics of the application under other pod labels than those of the containers', async () => {
    exported('container_cpu_usage_seconds_total', { ...STABLE, container: 'app' });
    exported('container_memory_working_set_bytes', { ...STABLE, container: 'app' });
    exported('http_requests_total', { exported_namespace: 'shop', exported_pod: 'stable-0', code: '200' });

    const { cpu, requests } = await detected();

    expect(cpu?.pods).toEqual({ pod: 'pod', namespace: 'namespace' });
    expect(requests?.pods).toEqual({ pod: 'exported_pod', namespace: 'exported_namespace' });
  });

  test('stale series and those of other pods are not there', async () => {
    exported('http_requests_total', { namespace: 'pay', pod: 'stable-0', code: '200' });
    exported('http_requests_total', { namespace: 'shop', pod: 'stable-00', code: '200' });
    fake.series.push({ labels: { __name__: 'http_requests_total', ...STABLE }, samples: [[NOW - 400_000, 1]] });

    expect(await detected()).toEqual({});
  });

  test('a failed question is no answer, not an empty one', async () => {
    exported('http_requests_total', STABLE);
    fake.misbehave = { status: 500, only: 'http_requests_total{' };

    expect(await detect(api, requestOf(NOW), NOW)).toMatchObject({ kind: 'failed', error: { code: 'Unavailable' } });
  });
});
