import { Registry } from 'prom-client';
import { INSTALL_NAMESPACE, SERVICE_ACCOUNT } from '../../../src/api/names.ts';
import type { PrometheusApi } from '../../../src/evidence/prometheus/client.ts';
import { createKubeMetrics } from '../../../src/kube/metrics.ts';
import { resources } from '../../../src/kube/object.ts';
import { createFakeClock, type FakeClock } from '../../../src/lib/fake-clock.ts';
import { silentLogger } from '../../../src/lib/log.ts';
import { assembleOperator } from '../../../src/operator/assemble.ts';
import { createOperatorMetrics } from '../../../src/operator/metrics.ts';
import type { SandboxApi } from '../../../src/sandbox/api.ts';
import { createSandbox, type Sandbox } from '../../../src/sandbox/sandbox.ts';
import { readManifests } from '../whole/manifests.ts';
import { canaryRelease, deployment, namespacesOf, phasesOf, releaseVersion } from './objects.ts';

const START = Date.UTC(2026, 0, 1);
/** Many releases, the operator over them, and what it asked. */
export interface ScaleCluster {
  clock: FakeClock;
  sandbox: Sandbox;
  admin: SandboxApi;
  /** Requests of the operator since the last `reset`, by verb and kind. */
  requests: Map<string, number>;
  queries: { count: number; seconds: number };
  /** The operator's own figures. */
  registry: Registry;
  reset(): void;
  phases(): Record<string, number>;
  /** Writes another version into the first `count` targets. */
  release(count: number, version: string): Promise<void>;
  stop(): void;
}

export async function createScaleCluster(
  count: number,
  sourceOf: (sandbox: Sandbox, clock: FakeClock) => PrometheusApi,
): Promise<ScaleCluster> {
  const clock = createFakeClock(START);
  const sandbox = createSandbox({ clock, seed: 1, namespaces: namespacesOf(count) });
  for (const text of readManifests()) sandbox.install(text, { skipUnknown: true });
  const admin = sandbox.api({ username: 'admin', groups: ['system:masters'] });
  const requests = new Map<string, number>();
  sandbox.observe(({ username, verb, resource, dryRun }) => {
    if (username !== SERVICE_ACCOUNT) return;
    const key = `${verb}${dryRun ? ' (dry run)' : ''} ${resource?.plural ?? ''}`.trim();
    requests.set(key, (requests.get(key) ?? 0) + 1);
  });
  for (let index = 0; index < count; index += 1) await admin.create(resources.deployments, deployment(index));
  await clock.advance(20_000);
  const queries = { count: 0, seconds: 0 };
  const source = counting(sourceOf(sandbox, clock), queries);
  const stop = new AbortController();
  const registry = new Registry();
  const operator = assembleOperator({
    config: { workers: 4, watchNamespace: undefined, pollMilliseconds: 5000 },
    api: sandbox.api({ username: SERVICE_ACCOUNT, groups: ['system:serviceaccounts'] }),
    clock,
    random: () => 0.5,
    log: silentLogger,
    identity: 'operator',
    leaseNamespace: INSTALL_NAMESPACE,
    sources: [source],
    metrics: createOperatorMetrics(registry, 'scale', () => clock.now()),
    kubeMetrics: createKubeMetrics(registry),
  });
  void operator.run(stop.signal);
  for (let index = 0; index < count; index += 1) await admin.create(resources.canaryReleases, canaryRelease(index));
  // Until all are taken over and planned.
  await clock.advance(300_000);
  return {
    clock,
    sandbox,
    admin,
    requests,
    queries,
    registry,
    reset() {
      requests.clear();
      queries.count = 0;
      queries.seconds = 0;
    },
    phases: () => phasesOf(sandbox.peek(resources.canaryReleases)),
    release: (first, version) => releaseVersion(admin, first, version),
    stop: () => stop.abort(),
  };
}

function counting(source: PrometheusApi, queries: { count: number; seconds: number }): PrometheusApi {
  return {
    ...source,
    async query(query, at) {
      queries.count += 1;
      const began = performance.now();
      const answer = await source.query(query, at);
      queries.seconds += (performance.now() - began) / 1000;
      return answer;
    },
  };
}
