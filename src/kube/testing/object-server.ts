import type { KubeObject, ObjectMeta, Resource } from '../object.ts';
import { keyOf } from '../store.ts';
import { type FakeServer, type Received, type Reply, startFakeServer, type WatchReply } from './fake-server.ts';

interface LogEntry {
  version: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
}

/** Answers instead of the server when it returns true. */
export type Fault = (request: Received, reply: Reply) => boolean;

/** Lists and watches over HTTP, as the API server does them for one resource; changes are made by direct calls. */
export interface ObjectServer {
  http: FakeServer;
  put(name: string, fields?: Partial<ObjectMeta> & Record<string, unknown>): void;
  remove(name: string): void;
  objects(): KubeObject[];
  /** Forgets the history: watches from older versions get 410. */
  compact(): void;
  /** Sends a bookmark to every watch. */
  bookmark(): void;
  /** Watches that are open now. */
  watches(): WatchReply[];
  fault(fault: Fault | undefined): void;
  /** Whether it knows watch-lists: it does at first. */
  watchList: boolean;
}

function isWatch(request: Received): boolean {
  return request.query['watch'] === 'true';
}

/** Serves `resource` in the namespace `shop`. */
export async function startObjectServer(resource: Resource): Promise<ObjectServer> {
  const http = await startFakeServer();
  const objects = new Map<string, KubeObject>();
  const watches = new Set<WatchReply>();
  let log: LogEntry[] = [];
  let version = 100;
  let compacted = 100;
  let uids = 0;
  let fault: Fault | undefined;

  function record(type: LogEntry['type'], object: KubeObject): void {
    log.push({ version, type, object });
    for (const watch of watches) watch.event(type, object);
  }

  function bookmark(watch: WatchReply, annotations: Record<string, string> = {}): void {
    const { apiVersion, kind } = resource;
    watch.event('BOOKMARK', { apiVersion, kind, metadata: { resourceVersion: String(version), annotations } });
  }

  function startWatch(request: Received, reply: Reply): void {
    const initial = request.query['sendInitialEvents'] === 'true';
    if (initial && !server.watchList) {
      return reply.failure(
        422,
        'Invalid',
        'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
      );
    }
    const from = Number(request.query['resourceVersion'] ?? version);
    const watch = reply.watch();
    if (from < compacted) {
      watch.event('ERROR', {
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: `too old resource version: ${from}`,
      });
      return watch.end();
    }
    if (initial) {
      for (const object of objects.values()) watch.event('ADDED', object);
      bookmark(watch, { 'k8s.io/initial-events-end': 'true' });
    } else {
      for (const entry of log) if (entry.version > from) watch.event(entry.type, entry.object);
    }
    watches.add(watch);
    void watch.closed.then(() => watches.delete(watch));
  }

  http.handle((request, reply) => {
    if (fault?.(request, reply)) return;
    if (isWatch(request)) return startWatch(request, reply);
    const items = [...objects.values()].map(({ metadata, spec }) => ({ metadata, spec }));
    reply.json(200, { kind: `${resource.kind}List`, metadata: { resourceVersion: String(version) }, items });
  });

  const server: ObjectServer = {
    http,
    watchList: true,
    put(name, { labels, uid, ...fields } = {}) {
      const key = keyOf({ namespace: 'shop', name });
      const known = objects.get(key);
      version += 1;
      const object: KubeObject = {
        apiVersion: resource.apiVersion,
        kind: resource.kind,
        metadata: {
          name,
          namespace: 'shop',
          uid: uid ?? known?.metadata.uid ?? `uid-${(uids += 1)}`,
          resourceVersion: String(version),
          ...(labels === undefined ? {} : { labels }),
        },
        ...fields,
      };
      objects.set(key, object);
      record(known === undefined ? 'ADDED' : 'MODIFIED', object);
    },
    remove(name) {
      const key = keyOf({ namespace: 'shop', name });
      const known = objects.get(key);
      if (known === undefined) return;
      version += 1;
      objects.delete(key);
      record('DELETED', { ...known, metadata: { ...known.metadata, resourceVersion: String(version) } });
    },
    objects: () => [...objects.values()],
    compact() {
      version += 1;
      compacted = version;
      log = [];
    },
    bookmark() {
      for (const watch of watches) bookmark(watch);
    },
    watches: () => [...watches],
    fault(next) {
      fault = next;
    },
  };
  return server;
}
