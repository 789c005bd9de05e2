import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { type Logger, silentLogger } from '../lib/log.ts';
import { createKubeApi, type HttpKubeApi } from './client.ts';
import { createInformer, type Informer, type InformerOptions } from './informer.ts';
import { type KubeObject, resources } from './object.ts';
import type { Received, Reply } from './testing/fake-server.ts';
import { type ObjectServer, startObjectServer } from './testing/object-server.ts';
import { advanceUntil, until } from './testing/wait.ts';

let server: ObjectServer;
let clock: FakeClock;
let api: HttpKubeApi;
let abort: AbortController;
let stopped: Promise<void>;
let changes: string[];
let errors: unknown[];

const log: Logger = { ...silentLogger, error: (fields) => void errors.push(fields), child: () => log };

beforeEach(async () => {
  server = await startObjectServer(resources.pods);
  clock = createFakeClock();
  api = createKubeApi({ config: server.http.config, clock, random: () => 0, userAgent: 'tandem/test' });
  abort = new AbortController();
  changes = [];
  errors = [];
});

afterEach(async () => {
  abort.abort();
  await stopped;
  await api.close();
  await server.http.close();
});

function run(options: Partial<InformerOptions<KubeObject>> = {}): Informer<KubeObject> {
  const informer = createInformer({ api, resource: resources.pods, clock, random: () => 0, log, ...options });
  informer.onChange((key, type, object, old) => {
    changes.push(`${type} ${key} ${object.metadata.resourceVersion} ${old?.metadata.resourceVersion ?? '-'}`);
  });
  stopped = informer.start(abort.signal);
  return informer;
}

function names(informer: Informer<KubeObject>): string[] {
  return informer
    .list()
    .map(({ metadata }) => metadata.name)
    .toSorted();
}

const isWatch = (request: Received): boolean => request.query['watch'] === 'true';
const watchRequests = (): Received[] => server.http.requests.filter(isWatch);
const lists = (): Received[] => server.http.requests.filter((request) => !isWatch(request));

/** Faults the next `count` requests of a kind. */
function failNext(count: number, which: (request: Received) => boolean, how: (reply: Reply) => void): void {
  let left = count;
  server.fault((request, reply) => {
    if (left === 0 || !which(request)) return false;
    left -= 1;
    how(reply);
    return true;
  });
}

describe.each([
  ['watch-list', true],
  ['list and watch', false],
])('%s', (_, watchList) => {
  beforeEach(() => {
    server.watchList = watchList;
    server.put('a', { labels: { app: 'web' } });
    server.put('b', { labels: { app: 'db' } });
  });

  it('reads what there is and follows what changes', async () => {
    const informer = run({ indexers: { app: ({ metadata }) => Object.values(metadata.labels ?? {}) } });
    expect(informer.hasSynced()).toBe(false);
    expect(await informer.whenSynced()).toBe(true);
    await until(() => server.watches().length === 1);

    server.put('a', { labels: { app: 'db' } });
    server.remove('b');
    server.put('c');
    await until(() => changes.length === 5);

    expect(changes).toEqual([
      'ADDED shop/a 101 -',
      'ADDED shop/b 102 -',
      'MODIFIED shop/a 103 101',
      'DELETED shop/b 104 102',
      'ADDED shop/c 105 -',
    ]);
    expect(informer.get('shop', 'a')?.metadata.resourceVersion).toBe('103');
    expect(informer.get('shop', 'b')).toBeUndefined();
    expect(informer.byIndex('app', 'db').map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(informer.get('shop', 'c')?.kind).toBe('Pod');
    expect(Object.isFrozen(informer.get('shop', 'c')?.metadata)).toBe(true);
  });

  it('keeps all that it does not know but who wrote which field', async () => {
    const put = (name: string): void =>
      server.put(name, { metadata: { name, namespace: 'shop', managedFields: [{ manager: 'a' }], selfLink: '/x' } });
    put('a');
    const informer = run();
    await informer.whenSynced();
    await until(() => server.watches().length === 1);
    put('c');
    await until(() => changes.length === 3);

    for (const name of ['a', 'c']) {
      expect(informer.get('shop', name)?.metadata).toMatchObject({ name, selfLink: '/x' });
      expect(informer.get('shop', name)?.metadata).not.toHaveProperty('managedFields');
    }
  });

  it('keeps what it is told to', async () => {
    const informer = run({
      keep: ({ apiVersion, kind, metadata: { name, namespace = '', uid = '', resourceVersion = '' } }) => {
        return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } };
      },
    });
    await informer.whenSynced();
    await until(() => server.watches().length === 1);
    server.put('c', { labels: { app: 'web' } });
    await until(() => changes.length === 3);

    expect(informer.list().map(({ metadata }) => metadata.labels)).toEqual([undefined, undefined, undefined]);
  });

  it('goes on from the last version when the server ends the watch, bookmarks included', async () => {
    const informer = run();
    await informer.whenSynced();
    await until(() => server.watches().length === 1);
    server.compact();
    server.bookmark();
    server.put('c');
    await until(() => changes.length === 3);
    const read = server.http.requests.length;
    await clock.advance(6_000);

    server.watches()[0]?.end();
    await until(() => server.http.requests.length === read + 1 && server.watches().length === 1);

    expect(server.http.requests[read]?.query).toMatchObject({ watch: 'true', resourceVersion: '104' });
    server.bookmark();
    await clock.advance(6_000);
    server.watches()[0]?.end();
    await until(() => server.http.requests.length === read + 2);
    expect(server.http.requests[read + 1]?.query['resourceVersion']).toBe('104');
    expect(changes).toHaveLength(3);
  });

  it('reads anew when its version is forgotten, and tells what it missed', async () => {
    const informer = run();
    await informer.whenSynced();
    await until(() => server.watches().length === 1);
    server.put('c');
    await until(() => changes.length === 3);
    server.fault((request, reply) => {
      if (isWatch(request)) reply.reset();
      return isWatch(request);
    });
    server.watches()[0]?.reset();
    await until(() => server.watches().length === 0);
    server.remove('a');
    server.put('b');
    server.put('d');
    server.remove('c');
    server.put('c');
    server.compact();
    changes.length = 0;
    server.fault(undefined);

    await advanceUntil(clock, 500, () => changes.length === 5);

    expect(changes.toSorted()).toEqual([
      'ADDED shop/c 108 -',
      'ADDED shop/d 106 -',
      'DELETED shop/a 101 101',
      'DELETED shop/c 103 103',
      'MODIFIED shop/b 105 102',
    ]);
    expect(names(informer)).toEqual(['b', 'c', 'd']);
  });
});

describe('a watch-list', () => {
  it('is published as a whole, at its end mark', async () => {
    let initial: ReturnType<Reply['watch']> | undefined;
    server.fault((_, reply) => {
      initial = reply.watch();
      return true;
    });
    const informer = run();
    await server.http.received(1);
    const object = (name: string, version: string) => ({
      kind: 'Pod',
      metadata: { name, namespace: 'shop', uid: name, resourceVersion: version },
    });
    for (const name of ['a', 'b', 'c']) initial?.event('ADDED', object(name, '5'));
    initial?.event('DELETED', object('b', '6'));
    initial?.event('MODIFIED', object('c', '7'));
    for (let i = 0; i < 20; i += 1) await clock.advance(100);
    expect(informer.hasSynced()).toBe(false);
    expect(informer.list()).toEqual([]);

    initial?.event('BOOKMARK', {
      kind: 'Pod',
      metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
    await informer.whenSynced();

    expect(changes).toEqual(['ADDED shop/a 5 -', 'ADDED shop/c 7 -']);
  });

  it.each([
    ['only plain bookmarks', true],
    ['nothing', false],
  ])('gives way to a list when its end mark does not come but %s', async (_, bookmarks) => {
    server.put('a');
    server.fault((request, reply) => {
      if (request.query['sendInitialEvents'] === undefined) return false;
      const watch = reply.watch();
      if (bookmarks) watch.event('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: '101' } });
      return true;
    });
    const informer = run();
    await server.http.received(1);

    await advanceUntil(clock, 5_000, () => informer.hasSynced());

    expect(names(informer)).toEqual(['a']);
    expect(lists()).toHaveLength(1);
  });

  it('is tried again after a list when it failed for another reason', async () => {
    server.put('a');
    failNext(1, isWatch, (reply) => reply.failure(500, 'InternalError', 'etcd leader changed'));
    const informer = run({ relistMs: 1_000 });
    await advanceUntil(clock, 500, () => informer.hasSynced() && server.watches().length === 1);
    expect(lists()).toHaveLength(1);

    await clock.advance(6_000);
    server.watches()[0]?.end();
    await until(() => watchRequests().at(-1)?.query['sendInitialEvents'] === 'true');

    expect(lists()).toHaveLength(1);
  });
});

describe('faults', () => {
  it.each([
    ['500', (reply: Reply) => reply.failure(500, 'InternalError', 'broken')],
    ['a reset connection', (reply: Reply) => reply.reset()],
    ['a page of a proxy', (reply: Reply) => reply.text(502, 'bad gateway')],
    ['403', (reply: Reply) => reply.failure(403, 'Forbidden', 'pods is forbidden')],
  ])('survives %s on whatever it asks', async (_, how) => {
    server.put('a');
    failNext(7, () => true, how);
    const informer = run();
    await advanceUntil(clock, 1_000, () => informer.hasSynced());
    await until(() => server.watches().length === 1);
    const before = server.http.requests.length;

    failNext(4, () => true, how);
    server.watches()[0]?.reset();
    await until(() => server.watches().length === 0);
    server.put('b');
    await advanceUntil(clock, 1_000, () => names(informer).length === 2);

    expect(server.http.requests.length - before).toBeGreaterThanOrEqual(5);
  });

  it('takes a silent connection for dead, and tells what it missed', async () => {
    const informer = run();
    await informer.whenSynced();
    // The server's half of the connection is open, but what happens is not sent on it.
    const [deaf] = server.watches();
    deaf!.event = () => undefined;
    server.put('a');

    await advanceUntil(clock, 10_000, () => names(informer).length === 1);

    expect(watchRequests()).toHaveLength(2);
    expect(lists()).toHaveLength(0);
  });

  it('survives a server that goes away and comes back', async () => {
    const informer = run();
    await informer.whenSynced();
    server.fault((_, reply) => {
      reply.reset();
      return true;
    });
    server.watches()[0]?.reset();
    await advanceUntil(clock, 10_000, () => informer.health().failures >= 10);
    expect(informer.health()).toMatchObject({ synced: true, error: { status: 0 } });
    server.put('a');

    server.fault(undefined);
    await advanceUntil(clock, 1_000, () => names(informer).length === 1);
    await clock.advance(5_000);
    server.put('b');
    await until(() => names(informer).length === 2);

    expect(informer.health()).toEqual({ synced: true, failures: 0, error: undefined });
  });

  it('does not ask in a tight loop when watches end at once', async () => {
    run();
    server.fault((request, reply) => {
      if (isWatch(request)) reply.watch().end();
      return isWatch(request);
    });

    const started = clock.now();
    await advanceUntil(clock, 1_000, () => clock.now() - started >= 300_000);

    expect(server.http.requests.length).toBeGreaterThan(5);
    expect(server.http.requests.length).toBeLessThan(40);
  });

  it('waits as long as a busy server asks', async () => {
    failNext(
      1,
      () => true,
      (reply) => reply.failure(429, 'TooManyRequests', 'busy', { 'retry-after': '20' }),
    );
    const informer = run();
    await until(() => informer.health().failures === 1);

    await clock.advance(19_000);
    expect(server.http.requests).toHaveLength(1);
    await advanceUntil(clock, 1_000, () => informer.hasSynced());
  });

  it('reads anew from a server whose data were set back', async () => {
    const informer = run();
    await informer.whenSynced();
    const tooLarge = {
      kind: 'Status',
      code: 504,
      reason: 'Timeout',
      message: 'Too large resource version',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
    };
    failNext(1, isWatch, (reply) => reply.json(504, tooLarge));
    server.watches()[0]?.reset();

    await advanceUntil(clock, 500, () => server.http.requests.length === 3);
    await until(() => server.watches().length === 1);

    expect(server.http.requests[2]?.query['resourceVersion']).toBeUndefined();
  });

  it('is not synced while the first list takes its time', async () => {
    server.watchList = false;
    let answer = (): void => undefined;
    server.fault((request, reply) => {
      if (isWatch(request)) return false;
      answer = () => reply.json(200, { metadata: { resourceVersion: '100' }, items: [] });
      return true;
    });
    const informer = run();
    await until(() => lists().length === 1);
    await clock.advance(20_000);
    expect(informer.hasSynced()).toBe(false);

    answer();

    expect(await informer.whenSynced()).toBe(true);
  });

  it('survives handlers that throw or reject, and says so', async () => {
    const informer = run();
    const seen: string[] = [];
    informer.onChange(() => {
      throw new Error('thrown');
    });
    informer.onChange(async () => {
      throw new Error('rejected');
    });
    informer.onChange((key) => void seen.push(key));

    await informer.whenSynced();
    server.put('a');
    server.put('b');
    await until(() => errors.length === 4);

    expect(seen).toEqual(['shop/a', 'shop/b']);
    expect(errors.map((fields) => String((fields as { error: unknown }).error)).toSorted()).toEqual([
      'Error: rejected',
      'Error: rejected',
      'Error: thrown',
      'Error: thrown',
    ]);
  });
});

describe('an informer', () => {
  it('tells a late handler of what is there, and an ended one of nothing', async () => {
    const informer = run();
    await informer.whenSynced();
    server.put('a');
    await until(() => changes.length === 1);
    const late: string[] = [];

    const end = informer.onChange((key, type) => void late.push(`${type} ${key}`));
    server.put('b');
    await until(() => changes.length === 2);
    end();
    server.put('c');
    await until(() => changes.length === 3);

    expect(late).toEqual(['ADDED shop/a', 'ADDED shop/b']);
  });

  it('asks for its part only, and for watches of 290 to 580 seconds', async () => {
    await run({ namespace: 'shop', labelSelector: 'x=y', random: () => 0.999 }).whenSynced();

    expect(server.http.requests[0]).toMatchObject({
      path: '/api/v1/namespaces/shop/pods',
      query: { labelSelector: 'x=y', timeoutSeconds: '579' },
    });
  });

  it('reads everything anew now and then on a healthy watch', async () => {
    const informer = run({ relistMs: 600_000, idleTimeoutMs: 1e9 });
    await informer.whenSynced();
    await clock.advance(300_000);
    server.watches()[0]?.end();
    await until(() => watchRequests().length === 2);
    await clock.advance(300_000);
    server.watches()[0]?.end();
    await until(() => watchRequests().length === 3);

    expect(watchRequests().map(({ query }) => query['sendInitialEvents'])).toEqual(['true', undefined, 'true']);
  });

  it('ends when its signal aborts, synced or not', async () => {
    server.fault(() => true);
    const informer = run();
    await server.http.received(1);

    abort.abort();
    await stopped;

    expect(await informer.whenSynced()).toBe(false);
    expect(clock.pending()).toBe(0);
  });

  it('ends in the midst of a list that hangs', async () => {
    server.watchList = false;
    server.fault((request) => !isWatch(request));
    run();
    await until(() => lists().length === 1);

    abort.abort();
    await stopped;
  });
});

describe('whatever happens', () => {
  const names3 = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), name: names3 }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), name: names3 }) },
    fc.record({ do: fc.constantFrom('compact' as const, 'bookmark' as const, 'end' as const, 'reset' as const) }),
    fc.record({
      do: fc.constant('outage' as const),
      removed: fc.array(names3),
      put: fc.array(names3),
      forgets: fc.boolean(),
    }),
    fc.record({ do: fc.constantFrom('fail' as const, 'mend' as const, 'no watch-list' as const) }),
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 20_000 }) }) },
  );

  type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

  async function outage(one: Extract<Step, { do: 'outage' }>): Promise<void> {
    server.fault((_, reply) => {
      reply.reset();
      return true;
    });
    for (const watch of server.watches()) watch.reset();
    await until(() => server.watches().length === 0);
    for (const name of one.removed) server.remove(name);
    for (const name of one.put) server.put(name);
    if (one.forgets) server.compact();
    server.fault(undefined);
  }

  function act(one: Step): Promise<void> | void {
    switch (one.do) {
      case 'put':
        return server.put(one.name);
      case 'remove':
        return server.remove(one.name);
      case 'compact':
        return server.compact();
      case 'bookmark':
        return server.bookmark();
      case 'end':
        return void server.watches().map((watch) => watch.end());
      case 'reset':
        return void server.watches().map((watch) => watch.reset());
      case 'outage':
        return outage(one);
      case 'fail':
        return failNext(
          3,
          () => true,
          (reply) => reply.failure(500, 'InternalError', 'broken'),
        );
      case 'mend':
        return server.fault(undefined);
      case 'no watch-list':
        server.watchList = !server.watchList;
        return;
      case 'wait':
        return clock.advance(one.ms);
    }
  }

  it('ends with what the server has, and its changes add up to it', async () => {
    const versions = (objects: KubeObject[]) =>
      objects.map(({ metadata }) => `${metadata.name} ${metadata.uid} ${metadata.resourceVersion}`).toSorted();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        server.fault(undefined);
        const stop = new AbortController();
        const informer = createInformer({ api, resource: resources.pods, clock, random: () => 0.5, log });
        const told = new Map<string, KubeObject>();
        informer.onChange((key, type, object, old) => {
          expect(old?.metadata.resourceVersion).toBe(told.get(key)?.metadata.resourceVersion);
          expect(old === undefined).toBe(type === 'ADDED');
          if (type === 'MODIFIED') expect(object.metadata.uid).toBe(old?.metadata.uid);
          if (type === 'DELETED') told.delete(key);
          else told.set(key, object);
        });
        const done = informer.start(stop.signal);
        for (const one of steps) {
          await act(one);
          // Real I/O gets a little of real time, so that steps meet it at every stage.
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        server.fault(undefined);

        const current = () => String(versions(informer.list())) === String(versions(server.objects()));
        let left = 500;
        await advanceUntil(clock, 1_000, () => (left -= 1) === 0 || (informer.hasSynced() && current()));
        expect(versions(informer.list())).toEqual(versions(server.objects()));
        expect(versions([...told.values()])).toEqual(versions(server.objects()));
        expect(errors).toEqual([]);
        stop.abort();
        await done;
        await until(() => server.watches().length === 0);
      }),
      { numRuns: 60 },
    );
  });
});
