import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { createKubeApi, type HttpKubeApi, type KubeApiOptions } from './client.ts';
import { ApiError, isConflict, isNotFound } from './errors.ts';
import { type KubeObject, resources } from './object.ts';
import { type FakeServer, fixedConfig, type Handler, startFakeServer } from './testing/fake-server.ts';
import { advanceUntil, until } from './testing/wait.ts';

let server: FakeServer;
let clock: FakeClock;
let api: HttpKubeApi;
let attempts: string[];

function connect(options: Partial<KubeApiOptions> = {}): HttpKubeApi {
  attempts = [];
  return createKubeApi({
    config: server.config,
    clock,
    random: () => 0,
    userAgent: 'tandem/test',
    metrics: { request: (method, code) => void attempts.push(`${method} ${code}`) },
    ...options,
  });
}

/** Answers the n-th request with the n-th handler, the last one for all that follow. */
function inTurn(...handlers: Handler[]): Handler {
  let index = 0;
  return (request, reply) => {
    const handler = handlers[Math.min(index, handlers.length - 1)];
    index += 1;
    handler?.(request, reply);
  };
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) throw new Error(`no ApiError: ${String(error)}`);
  return error;
}

const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', resourceVersion: '7' },
  spec: { replicas: 2, fieldFromFuture: { deep: [1, { newer: true }] } },
};
const web = { namespace: 'shop', name: 'web' };

beforeEach(async () => {
  server = await startFakeServer();
  clock = createFakeClock();
  api = connect();
});

afterEach(async () => {
  await api.close();
  await server.close();
});

describe('requests', () => {
  it('asks for metadata alone where nothing else is needed', async () => {
    server.handle((_, reply) => reply.json(200, deployment));

    await api.get(resources.configMaps, web, { metadataOnly: true });
    await api.get(resources.configMaps, web);

    expect(server.requests.map(({ headers }) => headers['accept'])).toEqual([
      'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
      'application/json',
    ]);
  });

  it('keeps fields it does not know, both ways', async () => {
    server.handle((request, reply) => reply.json(200, request.method === 'GET' ? deployment : request.body));

    expect(await api.get(resources.deployments, web)).toEqual(deployment);
    expect(await api.create(resources.deployments, deployment)).toEqual(deployment);
    expect(await api.replace(resources.deployments, deployment)).toEqual(deployment);
    expect(server.requests.map(({ method, path, query }) => [method, path, query])).toEqual([
      ['GET', '/apis/apps/v1/namespaces/shop/deployments/web', {}],
      ['POST', '/apis/apps/v1/namespaces/shop/deployments', { fieldManager: 'tandem' }],
      ['PUT', '/apis/apps/v1/namespaces/shop/deployments/web', { fieldManager: 'tandem' }],
    ]);
    expect(server.requests[0]?.headers['user-agent']).toBe('tandem/test');
  });

  it('keeps its connections', async () => {
    server.handle((_, reply) => reply.json(200, deployment));

    for (let i = 0; i < 20; i += 1) await api.get(resources.deployments, web);

    // A request may leave while the last answer's connection is just being handed back.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it.each([
    ['merge', 'application/merge-patch+json', { fieldManager: 'tandem' }],
    ['json', 'application/json-patch+json', { fieldManager: 'tandem' }],
    ['strategic', 'application/strategic-merge-patch+json', { fieldManager: 'tandem' }],
    ['apply', 'application/apply-patch+yaml', { fieldManager: 'tandem', force: 'true' }],
  ] as const)('patches by %s', async (type, contentType, query) => {
    server.handle((_, reply) => reply.json(200, deployment));

    await api.patch(resources.deployments, web, { spec: {} }, { type, force: true });

    expect(server.requests[0]).toMatchObject({ method: 'PATCH', query, body: { spec: {} } });
    expect(server.requests[0]?.query).toEqual(query);
    expect(server.requests[0]?.headers['content-type']).toBe(contentType);
  });

  it('patches a subresource, and nothing when it is a dry run', async () => {
    server.handle((_, reply) => reply.json(200, deployment));

    await api.patch(resources.deployments, web, {}, { type: 'merge', subresource: 'status', dryRun: true });

    expect(server.requests[0]?.path).toBe('/apis/apps/v1/namespaces/shop/deployments/web/status');
    expect(server.requests[0]?.query).toEqual({ fieldManager: 'tandem', dryRun: 'All' });
  });

  it('deletes with preconditions', async () => {
    server.handle((_, reply) => reply.json(200, { kind: 'Status', status: 'Success' }));

    await api.delete(resources.pods, web, {
      uid: 'u1',
      resourceVersion: '5',
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
    });

    expect(server.requests[0]).toMatchObject({ method: 'DELETE', path: '/api/v1/namespaces/shop/pods/web' });
    expect(server.requests[0]?.body).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u1', resourceVersion: '5' },
    });
  });

  it('refuses to ask for a namespaced object without its namespace', async () => {
    await expect(api.get(resources.pods, { name: 'web' })).rejects.toThrow('Pod web was asked for without a namespace');
    expect(server.requests).toEqual([]);
  });

  it('tells the version of the API server', async () => {
    server.handle((request, reply) =>
      request.path === '/version' ? reply.json(200, { gitVersion: 'v1.36.3' }) : reply.failure(404, 'NotFound', 'no'),
    );

    expect(await api.version()).toBe('v1.36.3');
  });

  it('discovers what a group serves, nothing when it is not there', async () => {
    server.handle((request, reply) => {
      if (request.path !== '/apis/apps/v1') return reply.failure(404, 'NotFound', 'no such group');
      const entry = { singularName: '', namespaced: true, kind: 'Deployment', verbs: [] };
      reply.json(200, {
        resources: [
          { ...entry, name: 'deployments' },
          { ...entry, name: 'deployments/scale', kind: 'Scale' },
        ],
      });
    });

    expect(await api.discover('apps/v1')).toEqual([resources.deployments]);
    expect(await api.discover('admissionregistration.k8s.io/v1')).toEqual([]);
  });
});

describe('lists', () => {
  const pod = (name: string) => ({ metadata: { name, namespace: 'shop' } });

  it('reads every page and gives items their kind', async () => {
    server.handle((request, reply) => {
      const next = request.query['continue'];
      const page = next === undefined ? ['a', 'b'] : ['c'];
      const metadata = { resourceVersion: '10', ...(next === undefined ? { continue: 'more' } : {}) };
      reply.json(200, { kind: 'PodList', apiVersion: 'v1', metadata, items: page.map(pod) });
    });

    const list = await api.list(resources.pods, { namespace: 'shop', labelSelector: 'app=web' });

    expect(list.metadata).toEqual({ resourceVersion: '10' });
    expect(list.items.map(({ kind, apiVersion, metadata }) => [apiVersion, kind, metadata.name])).toEqual([
      ['v1', 'Pod', 'a'],
      ['v1', 'Pod', 'b'],
      ['v1', 'Pod', 'c'],
    ]);
    expect(server.requests.map(({ query }) => query)).toEqual([
      { limit: '500', labelSelector: 'app=web' },
      { limit: '500', labelSelector: 'app=web', continue: 'more' },
    ]);
  });

  it('starts again once, without pages, when the server forgot the version it began with', async () => {
    server.handle((request, reply) => {
      if (request.query['continue'] !== undefined) return reply.failure(410, 'Expired', 'the token is too old');
      const paged = request.query['limit'] !== undefined;
      const metadata = { resourceVersion: '11', ...(paged ? { continue: 'more' } : {}) };
      reply.json(200, { metadata, items: (paged ? ['a'] : ['a', 'b', 'c']).map(pod) });
    });

    const list = await api.list(resources.pods);

    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(server.requests).toHaveLength(3);
  });

  it('takes a list without items for an empty one', async () => {
    server.handle((_, reply) => reply.json(200, { metadata: { resourceVersion: '1' }, items: null }));

    expect((await api.list(resources.pods)).items).toEqual([]);
  });
});

describe('failures', () => {
  it('carries the reason, the message and the details of a Status', async () => {
    const details = { name: 'web', causes: [{ field: 'spec.replicas', message: 'must be positive' }] };
    server.handle((_, reply) =>
      reply.json(422, { kind: 'Status', reason: 'Invalid', message: 'web is invalid', details }),
    );

    const error = await failure(api.create(resources.deployments, deployment));

    expect(error).toMatchObject({ status: 422, reason: 'Invalid', message: 'web is invalid', details });
    expect(attempts).toEqual(['POST 422']);
  });

  it('tells NotFound from Conflict', async () => {
    server.handle(
      inTurn(
        (_, reply) => reply.failure(404, 'NotFound', 'x'),
        (_, reply) => reply.failure(409, 'Conflict', 'x'),
      ),
    );

    expect(isNotFound(await failure(api.get(resources.deployments, web)))).toBe(true);
    expect(isConflict(await failure(api.replace(resources.deployments, deployment)))).toBe(true);
  });

  it('says where a page of a proxy came from', async () => {
    server.handle((_, reply) => reply.text(502, '<html>\n  Bad   gateway</html>'));

    const error = await failure(api.get(resources.deployments, web));

    expect(error).toMatchObject({ status: 502, reason: 'BadGateway' });
    expect(error.message).toBe(
      'GET /apis/apps/v1/namespaces/shop/deployments/web: HTTP 502: <html> Bad gateway</html>',
    );
  });

  it('takes an answer that is no JSON for none', async () => {
    server.handle((_, reply) => reply.text(200, 'hello'));

    expect(await failure(api.get(resources.deployments, web))).toMatchObject({ status: 0, reason: 'MalformedAnswer' });
  });

  it('is status 0 with the code when nobody listens', async () => {
    await server.close();

    const error = await failure(api.get(resources.deployments, web));

    expect(error).toMatchObject({ status: 0, reason: 'ECONNREFUSED' });
    expect(error.message).toContain('GET /apis/apps/v1/namespaces/shop/deployments/web: no answer');
    expect(attempts).toEqual(['GET <error>']);
    server = await startFakeServer();
  });

  it('gives up on a server that does not answer, and on one that stops in its answer', async () => {
    server.handle((request, reply) => {
      if (request.method === 'PUT') reply.watch().raw('{"kind":');
    });

    const silent = failure(api.get(resources.deployments, web));
    await server.received(1);
    await clock.advance(30_000);
    expect(await silent).toMatchObject({ status: 0, reason: 'RequestTimeout' });

    const halfway = failure(api.replace(resources.deployments, deployment));
    await server.received(2);
    await clock.advance(30_000);
    expect(await halfway).toMatchObject({ status: 0, reason: 'RequestTimeout' });
    expect(clock.pending()).toBe(0);
  });

  it('breaks off what runs when it is closed', async () => {
    server.handle(() => undefined);
    const running = failure(api.get(resources.deployments, web));
    await server.received(1);

    await api.close();

    expect((await running).status).toBe(0);
    expect((await failure(api.get(resources.deployments, web))).message).toContain('the client is closed');
  });
});

describe('repetitions', () => {
  const busy =
    (status: number, headers: Record<string, string> = { 'retry-after': '3' }): Handler =>
    (_, reply) =>
      reply.failure(status, 'Busy', 'come back later', headers);
  const ok: Handler = (_, reply) => reply.json(200, deployment);

  it('waits as long as Retry-After asks, for a write too when nothing was done', async () => {
    server.handle(inTurn(busy(429), ok));
    const created = api.create(resources.deployments, deployment);
    await until(() => clock.pending() === 1 && attempts.length === 1);

    await clock.advance(2_999);
    expect(server.requests).toHaveLength(1);
    await clock.advance(100);

    expect(await created).toEqual(deployment);
    expect(attempts).toEqual(['POST 429', 'POST 200']);
  });

  it('guesses where a 429 names no time', async () => {
    server.handle(inTurn(busy(429, {}), ok));
    const got = api.get(resources.deployments, web);

    await advanceUntil(clock, 100, () => server.requests.length === 2);

    expect(await got).toEqual(deployment);
  });

  it('gives up after five', async () => {
    server.handle(busy(429));
    const error = failure(api.get(resources.deployments, web));

    await advanceUntil(clock, 1_000, () => server.requests.length === 6);

    expect(await error).toMatchObject({ status: 429, retryAfterSeconds: 3 });
    expect(server.requests).toHaveLength(6);
  });

  it('leaves a wait of minutes to its caller', async () => {
    server.handle(busy(429, { 'retry-after': '120' }));

    expect(await failure(api.get(resources.deployments, web))).toMatchObject({ status: 429, retryAfterSeconds: 120 });
    expect(server.requests).toHaveLength(1);
  });

  it('repeats a 503 with Retry-After where twice is as good as once, and only there', async () => {
    server.handle(inTurn(busy(503), ok, busy(503)));
    const replaced = api.replace(resources.deployments, deployment);
    await advanceUntil(clock, 1_000, () => server.requests.length === 2);
    expect(await replaced).toEqual(deployment);

    expect(await failure(api.create(resources.deployments, deployment))).toMatchObject({ status: 503 });
    expect(await failure(api.patch(resources.deployments, web, [], { type: 'json' }))).toMatchObject({ status: 503 });
    expect(server.requests).toHaveLength(4);
  });

  it('does not repeat a 500 without Retry-After', async () => {
    server.handle(busy(500, {}));

    expect(await failure(api.get(resources.deployments, web))).toMatchObject({ status: 500 });
    expect(server.requests).toHaveLength(1);
  });

  it('repeats a read once when the connection breaks, a write never', async () => {
    const reset: Handler = (_, reply) => reply.reset();
    server.handle(inTurn(reset, ok, reset));

    expect(await api.get(resources.deployments, web)).toEqual(deployment);
    expect(await failure(api.replace(resources.deployments, deployment))).toMatchObject({ status: 0 });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'PUT']);
  });

  it('takes new credentials after a 401', async () => {
    await api.close();
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` }, tls: {} });
    api = connect({ config: fixedConfig(server.url, [bearer('old'), bearer('new')]) });
    server.handle((request, reply) =>
      request.headers['authorization'] === 'Bearer new'
        ? reply.json(200, deployment)
        : reply.failure(401, 'Unauthorized', 'who?'),
    );

    expect(await api.create(resources.deployments, deployment)).toEqual(deployment);
    expect(server.requests).toHaveLength(2);
  });

  it('asks before each attempt of a write, and hands on what that says', async () => {
    server.handle(busy(429));
    const refusal = new Error('not the leader');
    let asked = 0;
    const beforeAttempt = (): void => {
      asked += 1;
      if (asked === 2) throw refusal;
    };
    const outcome = api.create(resources.deployments, deployment, { beforeAttempt }).catch((error: unknown) => error);

    await advanceUntil(clock, 1_000, () => asked === 2);

    expect(await outcome).toBe(refusal);
    expect(server.requests).toHaveLength(1);
  });
});
