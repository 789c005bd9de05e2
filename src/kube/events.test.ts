import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { silentLogger } from '../lib/log.ts';
import { createKubeApi, type HttpKubeApi } from './client.ts';
import { createEventRecorder, cutToBytes, type EventRecord, type EventRecorder } from './events.ts';
import { type FakeServer, startFakeServer } from './testing/fake-server.ts';
import { advanceUntil, until } from './testing/wait.ts';

let server: FakeServer;
let clock: FakeClock;
let api: HttpKubeApi;
let recorder: EventRecorder;
let outcomes: string[];

beforeEach(async () => {
  server = await startFakeServer((request, reply) => reply.json(200, request.body));
  clock = createFakeClock();
  api = createKubeApi({ config: server.config, clock, random: () => 0, userAgent: 'tandem/test' });
  outcomes = [];
  recorder = createEventRecorder({
    api,
    clock,
    random: () => 0.5,
    log: silentLogger,
    reportingInstance: 'tandem-0',
    metrics: { event: (outcome) => void outcomes.push(outcome) },
  });
});

afterEach(async () => {
  await api.close();
  await server.close();
});

const regarding = {
  apiVersion: 'tandem.dev/v1alpha1',
  kind: 'CanaryRelease',
  namespace: 'shop',
  name: 'checkout',
  uid: 'u1',
};
const started: EventRecord = {
  regarding,
  type: 'Normal',
  reason: 'CanaryStarted',
  action: 'CreateCanary',
  note: 'canary of abc started',
};

const bodies = (): Record<string, unknown>[] => server.requests.map(({ body }) => body as Record<string, unknown>);

describe('event recorder', () => {
  it('writes an event as the API asks for it', async () => {
    const related = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'checkout-canary' };
    recorder.record({ ...started, related });
    await recorder.flush();

    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/shop/events' });
    expect(bodies()[0]).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'checkout.19b76daa80080000000', namespace: 'shop' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      type: 'Normal',
      reason: 'CanaryStarted',
      action: 'CreateCanary',
      note: 'canary of abc started',
      regarding,
      related,
      reportingController: 'tandem.dev/tandem',
      reportingInstance: 'tandem-0',
    });
    expect(outcomes).toEqual(['written']);
  });

  it('counts what repeats: at once the first time, then every half minute', async () => {
    recorder.record(started);
    await server.received(1);
    await clock.advance(1_000);
    recorder.record(started);
    await server.received(2);
    for (let i = 0; i < 20; i += 1) {
      recorder.record(started);
      await clock.advance(1_000);
    }
    expect(server.requests).toHaveLength(2);
    await clock.advance(10_000);
    await server.received(3);

    const [{ metadata }] = bodies() as [{ metadata: { name: string } }];
    expect(server.requests.slice(1).map(({ method, path }) => [method, path])).toEqual(
      Array.from({ length: 2 }, () => ['PATCH', `/apis/events.k8s.io/v1/namespaces/shop/events/${metadata.name}`]),
    );
    expect(bodies().slice(1)).toEqual([
      { series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' } },
      { series: { count: 22, lastObservedTime: '2026-01-01T00:00:20.000000Z' } },
    ]);
  });

  it('begins a new event for another note, and after six minutes of silence', async () => {
    recorder.record(started);
    recorder.record({ ...started, note: 'canary of def started' });
    await recorder.flush();
    await clock.advance(360_000);
    recorder.record(started);
    await recorder.flush();

    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST']);
    expect(new Set(server.requests.map(({ body }) => (body as { eventTime: string }).eventTime)).size).toBe(2);
  });

  it('writes a counted event anew when the server has let it go', async () => {
    server.handle((request, reply) =>
      request.method === 'PATCH' ? reply.failure(404, 'NotFound', 'gone') : reply.json(201, request.body),
    );
    recorder.record(started);
    recorder.record(started);
    await recorder.flush();

    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
    expect(bodies()[2]).toMatchObject({ note: started.note, series: { count: 2 } });
  });

  it('leaves out what is too much about one object, and only about that one', async () => {
    for (let i = 0; i < 40; i += 1) recorder.record({ ...started, note: `note ${i}` });
    recorder.record({ ...started, regarding: { ...regarding, name: 'other', uid: 'u2' } });
    await recorder.flush();

    expect(outcomes.filter((outcome) => outcome === 'filtered')).toHaveLength(15);
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(26);
    await clock.advance(300_000);
    recorder.record({ ...started, note: 'later' });
    await recorder.flush();
    expect(bodies().at(-1)).toMatchObject({ note: 'later' });
  });

  it('tries again when the server fails, and gives up when it is of no use', async () => {
    let failures = 2;
    server.handle((request, reply) => {
      if (request.path.includes('/ended/')) return reply.failure(403, 'Forbidden', 'namespace is being terminated');
      failures -= 1;
      if (failures >= 0) return reply.failure(500, 'InternalError', 'etcd');
      reply.json(201, request.body);
    });
    recorder.record({ ...started, regarding: { ...regarding, namespace: 'ended' } });
    recorder.record(started);

    await advanceUntil(clock, 500, () => outcomes.length === 2);

    expect(outcomes).toEqual(['failed', 'written']);
    expect(server.requests).toHaveLength(4);
  });

  it('drops what does not fit into its queue, and flush waits no longer than told', async () => {
    server.handle(() => undefined);
    for (let i = 0; i < 1_100; i += 1) {
      recorder.record({ ...started, regarding: { ...regarding, name: `r${i}`, uid: `u${i}` } });
    }
    await server.received(1);
    expect(outcomes.filter((outcome) => outcome === 'dropped')).toHaveLength(99);
    let flushed = false;

    const flush = recorder.flush(2_000).then(() => {
      flushed = true;
    });
    await clock.advance(1_999);
    expect(flushed).toBe(false);
    await clock.advance(1);
    await flush;
  });

  it('never throws, even at what it cannot write', () => {
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    const broken = {
      ...started,
      note: undefined,
      regarding: { ...regarding, name: undefined },
    } as unknown as EventRecord;

    expect(() => recorder.record(broken)).not.toThrow();
  });

  it('puts events about cluster-wide objects into the namespace default', async () => {
    recorder.record({ ...started, regarding: { kind: 'Node', name: 'n1' } });
    await recorder.flush();

    expect(server.requests[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/default/events');
  });

  it('has nothing to flush when nothing was recorded', async () => {
    await recorder.flush();

    expect(server.requests).toEqual([]);
    await until(() => clock.pending() === 0);
  });
});

describe('cutToBytes', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcdef', 5, 'ab...'],
    ['\u00e4\u00e4\u00e4\u00e4', 7, '\u00e4\u00e4...'],
    ['\u00e4\u00e4\u00e4\u00e4', 6, '\u00e4...'],
    ['\u{1f600}\u{1f600}\u{1f600}', 10, '\u{1f600}...'],
  ])('%s in %d bytes', (text, limit, cut) => {
    expect(cutToBytes(text, limit)).toBe(cut);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
  });
});
