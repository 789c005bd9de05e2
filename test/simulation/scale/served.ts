import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SERVICE_ACCOUNT } from '../../../src/api/names.ts';
import type { PrometheusApi } from '../../../src/evidence/prometheus/client.ts';
import { resources } from '../../../src/kube/object.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { installTandem } from '../../../src/sandbox/http/run.ts';
import { ADMINISTRATOR, serveSandbox } from '../../../src/sandbox/http/server.ts';
import { createSandbox } from '../../../src/sandbox/sandbox.ts';
import { canaryRelease, deployment, namespacesOf, phasesOf, releaseVersion } from './objects.ts';
import { createSyntheticSource } from './synthetic-source.ts';

/** What the process is asked, and what it answers. */
export type Question = { phases: true } | { release: number; version: string };
export type Served =
  | { kubeconfig: string; prometheus: string }
  | { phases: Record<string, number>; requests: Record<string, number>; queries: number };

const HOUR_MS = 3_600_000;

/** A Prometheus that computes its samples, over HTTP. */
async function servePrometheus(source: PrometheusApi, asked: () => void): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const form = new URLSearchParams(body);
      const at = Math.round(Number(form.get('time') ?? Date.now() / 1000) * 1000);
      const query = form.get('query') ?? '';
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ status: 'success', data: await dataOf(source, query, at) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function dataOf(from: PrometheusApi, query: string, at: number): Promise<object> {
    if (query === 'time()') return { resultType: 'scalar', result: [at / 1000, String(at / 1000)] };
    asked();
    const answer = await from.query(query, at);
    const series = answer.kind === 'value' ? answer.value : [];
    const values = series.map(({ labels, samples }) => ({
      metric: labels,
      values: samples.map(([time, value]) => [time / 1000, String(value)]),
    }));
    if (query.endsWith(']')) return { resultType: 'matrix', result: values };
    const last = values.map(({ metric, values: all }) => ({ metric, value: all.at(-1) }));
    return { resultType: 'vector', result: last };
  }
}

async function main(count: number): Promise<void> {
  const say = (message: Served): void => void process.send?.(message);
  const sandbox = createSandbox({ clock: systemClock, seed: 1, namespaces: namespacesOf(count) });
  installTandem(sandbox);
  let requests: Record<string, number> = {};
  let queries = 0;
  sandbox.observe(({ username, verb, resource, dryRun }) => {
    if (username !== SERVICE_ACCOUNT) return;
    const key = `${verb}${dryRun ? ' (dry run)' : ''} ${resource?.plural ?? ''}`.trim();
    requests[key] = (requests[key] ?? 0) + 1;
  });
  const admin = sandbox.api(ADMINISTRATOR);
  for (let index = 0; index < count; index += 1) {
    await admin.create(resources.deployments, deployment(index));
    await admin.create(resources.canaryReleases, canaryRelease(index));
  }
  const source = createSyntheticSource(Date.now() - 24 * HOUR_MS);
  const prometheus = await servePrometheus(source, () => {
    queries += 1;
  });
  const server = await serveSandbox({ sandbox, onError: (error) => process.stderr.write(`${String(error)}\n`) });
  const user = { context: 'tandem', identity: { username: SERVICE_ACCOUNT }, namespace: 'tandem-system' };
  process.on('message', (question: Question) => {
    if ('release' in question) void releaseVersion(admin, question.release, question.version);
    else {
      say({ phases: phasesOf(sandbox.peek(resources.canaryReleases)), requests, queries });
      requests = {};
      queries = 0;
    }
  });
  // Nothing outlives the bench.
  process.once('disconnect', () => process.exit(0));
  say({ kubeconfig: server.kubeconfig([user]), prometheus });
}

await main(Number(process.argv[2]));
