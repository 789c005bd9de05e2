import { afterEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { createSandbox } from '../sandbox.ts';
import { serveSandbox } from './server.ts';
import { type Answered, type Stage, serveForTest } from './testing/client.ts';

const stages: Stage[] = [];

async function stage(...options: Parameters<typeof serveForTest>): Promise<Stage> {
  const made = await serveForTest(...options);
  stages.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(stages.splice(0).map(({ server }) => server.close()));
});

const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { app: 'x' } },
  data,
});
const MAPS = '/api/v1/namespaces/shop/configmaps';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

describe('who may ask', () => {
  it('refuses requests without the token, and with another', async () => {
    const { ask } = await stage();
    for (const authorization of ['', 'Bearer guess', 'Basic YTpi']) {
      const answer = await ask('/api/v1/namespaces', { headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(answer.json()).toMatchObject({ kind: 'Status', reason: 'Unauthorized', code: 401 });
    }
  });

  it('lets administrators, and nobody else, act as another', async () => {
    const { ask, server, sandbox } = await stage();
    const seen: string[] = [];
    sandbox.observe(({ username }) => seen.push(username));
    await ask(MAPS, { headers: { 'impersonate-user': 'alice' } });
    expect(seen).toEqual(['alice']);
    const authorization = `Bearer ${server.token({ username: 'bob' })}`;
    const refused = await ask(MAPS, { headers: { authorization, 'impersonate-user': 'alice' } });
    expect(refused.json()).toMatchObject({ code: 403, reason: 'Forbidden' });
  });
});

describe('what is not there', () => {
  it.each([
    ['GET', '/nosuch', 404, 'NotFound'],
    ['GET', '/openapi/v2', 404, 'NotFound'],
    ['GET', '/api/v1/nodes', 404, 'NotFound'],
    ['GET', '/apis/batch/v1', 404, 'NotFound'],
    ['GET', `${MAPS}/none`, 404, 'NotFound'],
    ['POST', `${MAPS}/none`, 405, 'MethodNotAllowed'],
    ['PUT', MAPS, 405, 'MethodNotAllowed'],
    ['DELETE', '/version', 405, 'MethodNotAllowed'],
    ['POST', '/api/v1/namespaces/shop/pods/p/eviction', 501, 'NotImplemented'],
    ['PATCH', '/api/v1/namespaces/shop/events/e', 501, 'NotImplemented'],
    ['GET', `${MAPS}?labelSelector=a%20b`, 400, 'BadRequest'],
    ['GET', `${MAPS}?resourceVersion=99999999`, 504, 'Timeout'],
    ['GET', `${MAPS}?continue=x`, 400, 'BadRequest'],
    ['GET', '/api/v1/namespaces/%E0%A4%A', 400, 'BadRequest'],
  ])('%s %s: %d', async (method, path, status, reason) => {
    const { ask } = await stage();
    const answer = await ask(path, { method });
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ kind: 'Status', status: 'Failure', code: status, reason });
  });

  it('takes no protobuf, no CBOR, nothing that is no JSON and nothing of 3 MiB', async () => {
    const { ask } = await stage();
    for (const type of ['application/vnd.kubernetes.protobuf', 'application/cbor']) {
      const answer = await ask(MAPS, { method: 'POST', body: 'k8s', headers: { 'content-type': type } });
      expect(answer.json()).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
    }
    expect((await ask(MAPS, { method: 'POST', body: '{' })).status).toBe(400);
    expect((await ask(MAPS, { method: 'POST', body: {} })).status).toBe(400);
    const large = configMap('large', { text: 'x'.repeat(3 * 1024 * 1024) });
    expect((await ask(MAPS, { method: 'POST', body: large })).json()).toMatchObject({ code: 413 });
    expect((await ask(MAPS, { headers: { accept: 'text/html' } })).status).toBe(406);
  });

  it('says where the port is taken', async () => {
    const { server, sandbox } = await stage();
    const second = serveSandbox({ sandbox, port: server.port });
    await expect(second).rejects.toThrow(`port ${server.port} of 127.0.0.1 is taken by another program`);
  });
});

describe('objects', () => {
  it('creates, reads, replaces, patches and deletes', async () => {
    const { ask } = await stage();
    const made = await ask(MAPS, { method: 'POST', body: configMap('a', { k: '1' }) });
    expect(made.status).toBe(201);
    const one = made.json();
    expect(one.metadata).toMatchObject({ name: 'a', namespace: 'shop' });
    const put = await ask(`${MAPS}/a`, { method: 'PUT', body: { ...one, data: { k: '2' } } });
    expect(put.json().data).toEqual({ k: '2' });
    const stale = await ask(`${MAPS}/a`, { method: 'PUT', body: { ...one, data: { k: '3' } } });
    expect(stale.json()).toMatchObject({ code: 409, reason: 'Conflict' });
    const headers = { 'content-type': 'application/merge-patch+json' };
    const tried = await ask(`${MAPS}/a?dryRun=All`, { method: 'PATCH', body: { data: { k: '4' } }, headers });
    expect(tried.json().data).toEqual({ k: '4' });
    expect((await ask(`${MAPS}/a`)).json().data).toEqual({ k: '2' });
    const gone = await ask(`${MAPS}/a`, { method: 'DELETE' });
    expect(gone.json()).toMatchObject({ status: 'Success', details: { name: 'a', uid: one.metadata['uid'] } });
    expect((await ask(`${MAPS}/a`)).status).toBe(404);
  });

  it('applies YAML, making what is not there', async () => {
    const { ask } = await stage();
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n';
    const made = await ask(`${MAPS}/a?fieldManager=me`, { method: 'PATCH', body, headers });
    expect(made.status).toBe(201);
    expect(made.json().metadata['managedFields']).toMatchObject([{ manager: 'me', operation: 'Apply' }]);
    expect((await ask(`${MAPS}/a?fieldManager=me`, { method: 'PATCH', body, headers })).status).toBe(200);
  });

  it('lists in pages that belong together, whatever changes meanwhile', async () => {
    const { ask } = await stage();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await ask(MAPS, { method: 'POST', body: configMap(name) });
    const first = (await ask(`${MAPS}?limit=2`)).json();
    expect(first.kind).toBe('ConfigMapList');
    expect(first.metadata['remainingItemCount']).toBe(3);
    await ask(`${MAPS}/c`, { method: 'DELETE' });
    await ask(MAPS, { method: 'POST', body: configMap('bb') });
    const second = (await ask(`${MAPS}?limit=2&continue=${String(first.metadata['continue'])}`)).json();
    const third = (await ask(`${MAPS}?limit=2&continue=${String(second.metadata['continue'])}`)).json();
    const names = [first, second, third].flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
    expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(third.metadata['continue']).toBeUndefined();
    expect(new Set([first, second, third].map(({ metadata }) => metadata['resourceVersion'])).size).toBe(1);
  });

  it('says Expired for a page whose list was forgotten', async () => {
    const { ask, sandbox } = await stage();
    for (const name of ['a', 'b', 'c']) await ask(MAPS, { method: 'POST', body: configMap(name) });
    const first = (await ask(`${MAPS}?limit=1`)).json();
    await ask(MAPS, { method: 'POST', body: configMap('d') });
    sandbox.compact();
    const second = await ask(`${MAPS}?limit=1&continue=${String(first.metadata['continue'])}`);
    expect(second.json()).toMatchObject({ code: 410, reason: 'Expired' });
  });

  it('deletes collections by selector', async () => {
    const { ask } = await stage();
    await ask(MAPS, { method: 'POST', body: configMap('a') });
    await ask(MAPS, { method: 'POST', body: { ...configMap('b'), metadata: { name: 'b' } } });
    const gone = (await ask(`${MAPS}?labelSelector=app%3Dx`, { method: 'DELETE' })).json();
    expect(gone.items.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect((await ask(MAPS)).json().items).toHaveLength(1);
  });

  it('answers with tables, whose ages are those of its clock', async () => {
    const clock = createFakeClock();
    const { ask } = await stage({ sandbox: createSandbox({ clock, namespaces: ['shop'] }) });
    await ask(MAPS, { method: 'POST', body: configMap('a', { k: 'v' }) });
    await clock.advance(200_000);
    const answer = await ask(MAPS, { headers: { accept: TABLE } });
    expect(answer.headers['content-type']).toBe('application/json;g=meta.k8s.io;v=v1;as=Table');
    const table = answer.json();
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age']);
    expect(table.rows).toMatchObject([{ cells: ['a', 1, '3m20s'], object: { kind: 'PartialObjectMetadata' } }]);
    const whole = (await ask(`${MAPS}/a?includeObject=Object`, { headers: { accept: TABLE } })).json();
    expect(whole.rows[0]?.object).toMatchObject({ kind: 'ConfigMap', data: { k: 'v' } });
  });
});

describe('watches', () => {
  it('sends tables with columns once, and ends when its time is over', async () => {
    const { ask } = await stage();
    await ask(MAPS, { method: 'POST', body: configMap('a') });
    await ask(MAPS, { method: 'POST', body: configMap('b') });
    const answer = await ask(`${MAPS}?watch=true&timeoutSeconds=1`, { headers: { accept: TABLE } });
    const events = answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; object: Answered });
    expect(events.map(({ type, object }) => [type, object.rows[0]?.cells[0], object.columnDefinitions.length])).toEqual(
      [
        ['ADDED', 'a', 3],
        ['ADDED', 'b', 0],
      ],
    );
  });

  it('tells in an event that a version is too old, and refuses a watch-list that names no age', async () => {
    const { ask, sandbox } = await stage();
    await ask(MAPS, { method: 'POST', body: configMap('a') });
    sandbox.compact();
    const old = await ask(`${MAPS}?watch=1&resourceVersion=1`);
    expect(JSON.parse(old.text)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    expect((await ask(`${MAPS}?watch=1&sendInitialEvents=true`)).status).toBe(422);
  });

  it('ends with the server', async () => {
    const { ask, server } = await stage();
    await ask(MAPS, { method: 'POST', body: configMap('a') });
    const watching = ask(`${MAPS}?watch=true`).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.close();
    expect((await watching)?.text).toContain('"ADDED"');
  });
});
