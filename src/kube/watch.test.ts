import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import type { WatchEvent, WatchOptions } from './api.ts';
import { createKubeApi, type HttpKubeApi } from './client.ts';
import { resources } from './object.ts';
import { type FakeServer, startFakeServer, type WatchReply } from './testing/fake-server.ts';
import { until } from './testing/wait.ts';

let server: FakeServer;
let clock: FakeClock;
let api: HttpKubeApi;

beforeEach(async () => {
  server = await startFakeServer();
  clock = createFakeClock();
  api = createKubeApi({ config: server.config, clock, random: () => 0, userAgent: 'tandem/test' });
});

afterEach(async () => {
  await api.close();
  await server.close();
});

function pod(name: string): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec: { newer: '\u00e4' } };
}

/** Runs a watch; `events` fills as they come, `ended` says how it ended. */
function start(options: WatchOptions = {}) {
  const events: WatchEvent[] = [];
  const run = async (): Promise<'end'> => {
    for await (const event of api.watch(resources.pods, options)) events.push(event);
    return 'end';
  };
  return { events, ended: run().catch((error: unknown) => error) };
}

async function opened(): Promise<WatchReply> {
  return new Promise((resolve) => server.handle((_, reply) => resolve(reply.watch())));
}

describe('watch', () => {
  it('asks for bookmarks, and for the present objects when told to', async () => {
    server.handle((_, reply) => reply.watch().end());

    await start({ namespace: 'shop', resourceVersion: '5', timeoutSeconds: 300, labelSelector: 'a=b' }).ended;
    await start({ sendInitialEvents: true }).ended;

    expect(server.requests.map(({ path, query }) => [path, query])).toEqual([
      [
        '/api/v1/namespaces/shop/pods',
        {
          watch: 'true',
          allowWatchBookmarks: 'true',
          labelSelector: 'a=b',
          resourceVersion: '5',
          timeoutSeconds: '300',
        },
      ],
      [
        '/api/v1/pods',
        { watch: 'true', allowWatchBookmarks: 'true', sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' },
      ],
    ]);
  });

  it('reads events however they are cut into pieces, and ends when the server does', async () => {
    const reply = opened();
    const watch = start();
    const text = Buffer.from(
      `${JSON.stringify({ type: 'ADDED', object: pod('a') })}\n\n${JSON.stringify({ type: 'DELETED', object: pod('b') })}\n`,
    );

    const stream = await reply;
    for (const byte of text) stream.raw(Uint8Array.of(byte));
    stream.end();

    expect(await watch.ended).toBe('end');
    expect(watch.events).toEqual([
      { type: 'ADDED', object: pod('a') },
      { type: 'DELETED', object: pod('b') },
    ]);
  });

  it('throws what an ERROR event says', async () => {
    const reply = opened();
    const watch = start();
    (await reply).event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' });

    expect(await watch.ended).toMatchObject({ status: 410, reason: 'Expired', message: 'too old resource version' });
  });

  it('throws when the watch is refused', async () => {
    server.handle((_, reply) => reply.failure(403, 'Forbidden', 'pods is forbidden'));

    expect(await start().ended).toMatchObject({ status: 403, reason: 'Forbidden' });
  });

  it.each([
    ['{"type":"ADDED","obj', 'TruncatedStream'],
    ['hello\n', 'MalformedEvent'],
    ['{"type":"CHANGED","object":{}}\n', 'MalformedEvent'],
    ['{"type":"ADDED"}\n', 'MalformedEvent'],
  ])('throws at %j', async (text, reason) => {
    const reply = opened();
    const watch = start();
    const stream = await reply;
    stream.raw(text);
    stream.end();

    expect(await watch.ended).toMatchObject({ status: 0, reason });
  });

  it('throws when the connection breaks', async () => {
    const reply = opened();
    const watch = start();
    const stream = await reply;
    stream.event('ADDED', pod('a'));
    await until(() => watch.events.length === 1);
    stream.reset();

    expect(await watch.ended).toMatchObject({ status: 0 });
  });

  it('takes a connection that stays silent for dead, counting from the last byte', async () => {
    const reply = opened();
    const watch = start({ idleTimeoutMs: 10_000 });
    const stream = await reply;
    stream.event('ADDED', pod('a'));
    await until(() => watch.events.length === 1);
    await clock.advance(9_000);
    stream.event('BOOKMARK', pod('b'));
    await until(() => watch.events.length === 2);

    await clock.advance(9_999);
    expect(clock.pending()).toBe(1);
    await clock.advance(1);

    expect(await watch.ended).toMatchObject({ status: 0, reason: 'IdleTimeout' });
    await stream.closed;
    expect(clock.pending()).toBe(0);
  });

  it('lives on in silence when no limit is set', async () => {
    const reply = opened();
    const watch = start();
    const stream = await reply;
    stream.event('ADDED', pod('a'));
    await until(() => watch.events.length === 1);

    await clock.advance(3_600_000);
    stream.event('ADDED', pod('b'));
    await until(() => watch.events.length === 2);
    stream.end();

    expect(await watch.ended).toBe('end');
  });

  it('gives up when not even the head of the answer comes', async () => {
    server.handle(() => undefined);
    const watch = start();
    await server.received(1);

    await clock.advance(30_000);

    expect(await watch.ended).toMatchObject({ status: 0, reason: 'RequestTimeout' });
  });

  it('ends quietly when its signal aborts, before it began, and closes the connection', async () => {
    const abort = new AbortController();
    const reply = opened();
    const watch = start({ signal: abort.signal });
    const stream = await reply;

    abort.abort();

    expect(await watch.ended).toBe('end');
    await stream.closed;
    expect(await start({ signal: abort.signal }).ended).toBe('end');
    expect(server.requests).toHaveLength(1);
  });

  it('closes the connection when its reader leaves', async () => {
    const reply = opened();
    const leave = (async () => {
      for await (const event of api.watch(resources.pods, {})) return event.type;
      return 'none';
    })();
    const stream = await reply;
    stream.event('ADDED', pod('a'));

    expect(await leave).toBe('ADDED');
    await stream.closed;
  });
});
