import fc from 'fast-check';
import { clone, type Fields, isFields } from '../../../../src/sandbox/json.ts';
import type { Operation } from '../operation.ts';
import type { Topic } from './kinds.ts';

const names = fc.constantFrom('a', 'b');
const ODD_VALUES: unknown[] = [null, '', 'text', 0, -1, 1.5, true, [], {}, ['x'], { x: 1 }, 'Not_Valid!', '1'];

/** Sets a value at a path of names and indices, where what leads there exists or can be made. */
function set(object: Fields, path: string, value: unknown): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let here: unknown = object;
  for (const part of parts) {
    if (Array.isArray(here)) here = here[Number(part)];
    else if (isFields(here)) here = here[part] ??= {};
    if (typeof here !== 'object' || here === null) return;
  }
  if (Array.isArray(here)) here[Number(last)] = value;
  else if (isFields(here)) here[last] = value;
}

/** Now and then with an odd value somewhere. */
function spoiled(topic: Topic, body: fc.Arbitrary<Fields>): fc.Arbitrary<Fields> {
  const spoil = fc.record({ path: fc.constantFrom(...topic.odd), value: fc.constantFrom(...ODD_VALUES) });
  return fc.tuple(body, fc.option(spoil, { freq: 3 })).map(([made, odd]) => {
    const copy = clone(made);
    if (odd !== null) set(copy, odd.path, clone(odd.value));
    return copy;
  });
}

function manifest(topic: Topic, name: string | undefined, body: Fields): Fields {
  const metadata = isFields(body['metadata']) ? body['metadata'] : {};
  const named = name === undefined ? { generateName: 'gen-' } : { name };
  return { apiVersion: topic.apiVersion, kind: topic.kind, ...body, metadata: { ...metadata, ...named } };
}

function collectionOf({ apiVersion, plural }: Topic): string {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}/namespaces/<namespace>/${plural}`;
}

const writeQuery = fc.record(
  {
    dryRun: fc.constant('All'),
    fieldValidation: fc.constantFrom('Strict', 'Warn', 'Ignore'),
    fieldManager: fc.constantFrom('first', 'second'),
  },
  { requiredKeys: [] },
);
/** Dry runs are rare: nothing follows from them. */
const queries = fc.tuple(writeQuery, fc.nat(3)).map(
  ([{ dryRun, ...query }, rarely]): Record<string, string> => ({
    ...query,
    ...(dryRun === undefined || rarely > 0 ? {} : { dryRun }),
  }),
);

function creates(topic: Topic): fc.Arbitrary<Operation> {
  const name = fc.oneof({ weight: 6, arbitrary: names }, { weight: 1, arbitrary: fc.constant(undefined) });
  return fc.tuple(name, spoiled(topic, topic.whole), queries).map(([chosen, body, query]) => ({
    method: 'POST',
    path: collectionOf(topic),
    query,
    body: manifest(topic, chosen, body),
  }));
}

const versions = fc.constantFrom('<version now>', '<version first>', '', 'absent', '1', 'nonsense');

function updates(topic: Topic): fc.Arbitrary<Operation> {
  return fc
    .tuple(names, spoiled(topic, topic.partial), versions, queries, fc.boolean())
    .map(([name, body, version, query, over]) => {
      const whole = manifest(topic, name, body);
      const resourceVersion = version === 'absent' ? {} : { resourceVersion: version };
      const metadata = { ...(whole['metadata'] as Fields), ...(over ? {} : resourceVersion) };
      const path = `${collectionOf(topic)}/${name}`;
      return { method: 'PUT', path, query, body: { ...whole, metadata }, ...(over ? { overCurrent: true } : {}) };
    });
}

function nulled(topic: Topic): fc.Arbitrary<Fields> {
  return fc
    .tuple(spoiled(topic, topic.partial), fc.option(fc.constantFrom(...topic.odd), { freq: 3 }))
    .map(([body, path]) => {
      const copy = clone(body);
      if (path !== null) set(copy, path, null);
      return copy;
    });
}

function mergePatches(topic: Topic): fc.Arbitrary<Operation> {
  const type = 'application/merge-patch+json';
  return fc
    .tuple(names, nulled(topic), queries, fc.option(versions, { freq: 6 }))
    .map(([name, body, query, version]) => {
      const metadata = isFields(body['metadata']) ? body['metadata'] : {};
      const held =
        version === null || version === 'absent' ? {} : { metadata: { ...metadata, resourceVersion: version } };
      return { method: 'PATCH', path: `${collectionOf(topic)}/${name}`, query, type, body: { ...body, ...held } };
    });
}

/** Directives put into the first containers, env and maps that a patch has. */
const directives = fc.constantFrom<(body: Fields) => void>(
  () => undefined,
  (body) => set(body, 'spec.template.spec.containers.0.$patch', 'delete'),
  (body) => set(body, 'spec.template.spec.containers.0.$patch', 'replace'),
  (body) => set(body, 'spec.template.spec.containers.0.env.0.$patch', 'delete'),
  (body) => set(body, 'spec.template.spec.$setElementOrder/containers', [{ name: 'side' }, { name: 'app' }]),
  (body) =>
    set(body, 'spec.template.spec.$setElementOrder/containers', [{ name: 'log' }, { name: 'app' }, { name: 'side' }]),
  (body) =>
    set(body, 'spec.template.spec.containers.0.$setElementOrder/env', [{ name: 'C' }, { name: 'A' }, { name: 'B' }]),
  (body) => set(body, 'spec.strategy', { $retainKeys: ['type'], type: 'Recreate' }),
  (body) => set(body, 'spec.strategy.$retainKeys', ['type', 'rollingUpdate']),
  (body) => set(body, 'spec.template.spec.$patch', 'replace'),
  (body) => set(body, 'spec.template.metadata.labels.$patch', 'replace'),
  (body) => set(body, 'metadata.labels.$patch', 'delete'),
  (body) => set(body, 'metadata.labels.$patch', 'replace'),
  (body) => set(body, 'metadata.$deleteFromPrimitiveList/finalizers', ['example.com/a']),
  (body) => set(body, 'metadata.$setElementOrder/finalizers', ['example.com/b', 'example.com/a']),
  (body) => set(body, 'spec.ports.0.$patch', 'delete'),
  (body) => set(body, 'data.$patch', 'replace'),
  (body) => set(body, 'spec.template.spec.volumes', [{ name: 'data', $patch: 'delete' }]),
  (body) =>
    set(body, 'spec.template.spec.volumes', [{ name: 'conf', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }]),
);

function strategicPatches(topic: Topic): fc.Arbitrary<Operation> {
  const type = 'application/strategic-merge-patch+json';
  return fc.tuple(names, nulled(topic), directives, queries).map(([name, body, direct, query]) => {
    const copy = clone(body);
    direct(copy);
    return { method: 'PATCH', path: `${collectionOf(topic)}/${name}`, query, type, body: copy };
  });
}

function jsonPatches(topic: Topic): fc.Arbitrary<Operation> {
  const type = 'application/json-patch+json';
  const pointers = [
    ...topic.odd,
    'spec.template.spec.containers.-',
    'spec.template.spec.containers.0.env.-',
    'metadata.name',
  ];
  const pointer = fc.constantFrom(...pointers).map((path) => `/${path.replaceAll('.', '/')}`);
  const value = fc.constantFrom<unknown>(...ODD_VALUES, { name: 'A', value: '3' }, { name: 'new', image: 'shop:3' });
  const one = fc.oneof(
    fc.record({ op: fc.constantFrom('add', 'replace', 'test'), path: pointer, value }),
    fc.record({ op: fc.constant('remove'), path: pointer }),
    fc.record({ op: fc.constantFrom('move', 'copy'), from: pointer, path: pointer }),
  );
  return fc.tuple(names, fc.array(one, { minLength: 1, maxLength: 3 }), queries).map(([name, body, query]) => ({
    method: 'PATCH',
    path: `${collectionOf(topic)}/${name}`,
    query,
    type,
    body,
  }));
}

function applies(topic: Topic): fc.Arbitrary<Operation> {
  const type = 'application/apply-patch+yaml';
  const managers = fc.constantFrom('first', 'second', 'third');
  const body = fc.oneof(topic.partial, topic.whole, spoiled(topic, topic.partial));
  return fc.tuple(names, body, managers, fc.boolean(), queries).map(([name, part, fieldManager, force, query]) => ({
    method: 'PATCH',
    path: `${collectionOf(topic)}/${name}`,
    query: { ...query, fieldManager, ...(force ? { force: 'true' } : {}) },
    type,
    body: manifest(topic, name, part),
  }));
}

function reads(topic: Topic): fc.Arbitrary<Operation> {
  const query = fc.record(
    {
      labelSelector: fc.constantFrom(
        'app=x',
        'tier in (1,2)',
        '!tier',
        'tier!=1',
        'app=x,zone notin (1)',
        'a b',
        'tier>0',
        'tier=,app',
      ),
      fieldSelector: fc.constantFrom(
        'metadata.name=a',
        'metadata.name!=a',
        'metadata.namespace=<namespace>',
        'spec.nosuch=1',
      ),
      limit: fc.constantFrom('1', '2', '-1', 'x'),
      resourceVersion: fc.constantFrom('0', '<version list>', '', 'nonsense'),
      resourceVersionMatch: fc.constantFrom('Exact', 'NotOlderThan', 'Other'),
    },
    { requiredKeys: [] },
  );
  const list: fc.Arbitrary<Operation> = query.map((chosen) => ({
    method: 'GET',
    path: collectionOf(topic),
    query: chosen,
  }));
  const next: fc.Arbitrary<Operation> = fc.constantFrom(
    { method: 'GET' as const, path: collectionOf(topic), query: { limit: '1' } },
    { method: 'GET' as const, path: collectionOf(topic), query: { limit: '1', continue: '<continue>' } },
  );
  const get: fc.Arbitrary<Operation> = names.map((name) => ({ method: 'GET', path: `${collectionOf(topic)}/${name}` }));
  return fc.oneof(list, next, get);
}

function deletes(topic: Topic): fc.Arbitrary<Operation> {
  const body = fc.record(
    {
      propagationPolicy: fc.constantFrom('Background', 'Foreground', 'Background', 'Nonsense'),
      preconditions: fc.constantFrom(
        { uid: '<uid>' },
        { uid: 'other' },
        { resourceVersion: '<version first>' },
        { resourceVersion: '<version now>' },
      ),
      gracePeriodSeconds: fc.constantFrom(0, 5, -1),
      dryRun: fc.constantFrom(['All'], ['Some']),
    },
    { requiredKeys: [] },
  );
  return fc.tuple(names, fc.option(body)).map(([name, options]) => ({
    method: 'DELETE',
    path: `${collectionOf(topic)}/${name}`,
    ...(options === null ? {} : { body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options } }),
  }));
}

function statuses(topic: Topic): fc.Arbitrary<Operation> {
  const type = 'application/merge-patch+json';
  return fc.tuple(names, nulled(topic), queries, fc.boolean()).map(([name, body, query, put]): Operation => {
    const path = `${collectionOf(topic)}/${name}/status`;
    if (put) return { method: 'PUT', path, query, overCurrent: true, body: manifest(topic, name, body) };
    return { method: 'PATCH', path, query, type, body };
  });
}

function scales(topic: Topic): fc.Arbitrary<Operation> {
  const replicas = fc.constantFrom<unknown>(0, 2, -1, '1', null, 1.5);
  const type = 'application/merge-patch+json';
  return fc
    .tuple(names, replicas, queries, fc.constantFrom('GET', 'PUT', 'PATCH'))
    .map(([name, count, query, method]) => {
      const path = `${collectionOf(topic)}/${name}/scale`;
      if (method === 'GET') return { method: 'GET', path };
      const body = { spec: { replicas: count } };
      if (method === 'PUT') return { method: 'PUT', path, query, overCurrent: true, body };
      return { method: 'PATCH', path, query, type, body };
    });
}

/** Operations on the objects `a` and `b` of one kind. */
function operationsOf(topic: Topic): fc.Arbitrary<Operation> {
  return fc.oneof(
    { weight: 3, arbitrary: creates(topic) },
    { weight: 3, arbitrary: updates(topic) },
    { weight: 3, arbitrary: mergePatches(topic) },
    { weight: topic.builtin ? 4 : 1, arbitrary: strategicPatches(topic) },
    { weight: 2, arbitrary: jsonPatches(topic) },
    { weight: 5, arbitrary: applies(topic) },
    { weight: 2, arbitrary: reads(topic) },
    { weight: 2, arbitrary: deletes(topic) },
    { weight: topic.status ? 2 : 0, arbitrary: statuses(topic) },
    { weight: topic.scale ? 1 : 0, arbitrary: scales(topic) },
  );
}

/** A sequence begins with an object that is well, so that what follows has something to work on. */
export function sequenceOf(topic: Topic, length: number): fc.Arbitrary<Operation[]> {
  const first = topic.whole.map(
    (body): Operation => ({ method: 'POST', path: collectionOf(topic), body: manifest(topic, 'a', body) }),
  );
  return fc
    .tuple(fc.option(first, { freq: 5 }), fc.array(operationsOf(topic), { minLength: 1, maxLength: length }))
    .map(([head, rest]) => (head === null ? rest : [head, ...rest]));
}

export { collectionOf };
