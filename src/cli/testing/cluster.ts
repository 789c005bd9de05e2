import { createKubeApi } from '../../kube/client.ts';
import type { Deployment } from '../../kube/object.ts';
import {
  type FakeServer,
  type Received,
  type Reply,
  startFakeServer,
  type WatchReply,
} from '../../kube/testing/fake-server.ts';
import { systemClock } from '../../lib/clock.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import type { CliIo } from '../io.ts';
import { runCli } from '../program.ts';
import type { Release } from '../release.ts';
import { now } from './fixtures.ts';

/** The objects of a cluster, served over HTTP on loopback, and a terminal in front of it. */
export interface TestCluster {
  releases: Map<string, Release>;
  target: Deployment | undefined;
  server: FakeServer;
  clock: FakeClock;
  watches: WatchReply[];
  /** Answers instead of the cluster while it is set. */
  interrupt: ((request: Received, reply: Reply) => void) | undefined;
  installed: boolean;
  /** Other objects, by path. */
  others: Record<string, object>;
  /** Ctrl-C. */
  ctrlC: AbortController;
  out: string;
  err: string;
  run(...args: string[]): Promise<number>;
  /** Stores the release and tells every watch. */
  update(release: Release): void;
  close(): Promise<void>;
}

const base = '/apis/tandem.dev/v1alpha1/namespaces/shop/canaryreleases';

export async function startCluster(): Promise<TestCluster> {
  const server = await startFakeServer();
  const clock = createFakeClock(now);
  const cluster: TestCluster = {
    releases: new Map(),
    target: undefined,
    server,
    clock,
    watches: [],
    interrupt: undefined,
    installed: true,
    others: {},
    ctrlC: new AbortController(),
    out: '',
    err: '',
    run: (...args) => runCli(args, io),
    update(release) {
      cluster.releases.set(release.metadata.name, release);
      for (const watch of cluster.watches) watch.event('MODIFIED', release);
    },
    close: () => server.close(),
  };
  const io: CliIo = {
    program: 'tandem',
    stdout: (text) => void (cluster.out += text),
    stderr: (text) => void (cluster.err += text),
    color: false,
    clock,
    interrupted: () => cluster.ctrlC.signal,
    connect: async () => {
      // The client's own timers run in real time: only the command's waiting is under test.
      const api = createKubeApi({ config: server.config, clock: systemClock, random: () => 0, userAgent: 'test' });
      return { api, namespace: 'shop', close: () => api.close() };
    },
  };
  server.handle((request, reply) => (cluster.interrupt ?? answer)(request, reply));
  function answer(request: Received, reply: Reply): void {
    if (request.path === '/apis/tandem.dev/v1alpha1') return answerDiscovery(cluster, reply);
    const other = cluster.others[request.path];
    if (other !== undefined) return reply.json(200, other);
    if (request.path.endsWith('/deployments/checkout')) return answerObject(cluster.target, reply);
    if (request.query['watch'] !== undefined) return void cluster.watches.push(reply.watch());
    if (request.path.endsWith('/canaryreleases')) return answerList(cluster, reply);
    const stored = cluster.releases.get(request.path.slice(base.length + 1));
    if (request.method === 'PATCH' && stored !== undefined) return answerPatch(cluster, stored, request, reply);
    answerObject(stored, reply);
  }
  return cluster;
}

function answerDiscovery(cluster: TestCluster, reply: Reply): void {
  if (!cluster.installed) return reply.text(404, '404 page not found');
  reply.json(200, { resources: [{ name: 'canaryreleases', kind: 'CanaryRelease', namespaced: true }] });
}

function answerObject(object: object | undefined, reply: Reply): void {
  if (object === undefined) reply.failure(404, 'NotFound', 'it was not found');
  else reply.json(200, object);
}

function answerList(cluster: TestCluster, reply: Reply): void {
  if (!cluster.installed) return reply.text(404, '404 page not found');
  // Items of a list carry no kind of their own.
  const items = [...cluster.releases.values()].map(({ metadata, spec, status }) => ({ metadata, spec, status }));
  reply.json(200, { apiVersion: 'tandem.dev/v1alpha1', kind: 'CanaryReleaseList', metadata: {}, items });
}

function answerPatch(cluster: TestCluster, stored: Release, request: Received, reply: Reply): void {
  const { annotations } = (request.body as { metadata: { annotations: Record<string, string | null> } }).metadata;
  const merged = Object.entries({ ...stored.metadata.annotations, ...annotations }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  const patched = { ...stored, metadata: { ...stored.metadata, annotations: Object.fromEntries(merged) } };
  cluster.releases.set(stored.metadata.name, patched);
  reply.json(200, patched);
}
