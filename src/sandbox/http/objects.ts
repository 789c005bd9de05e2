import type { KubeObject } from '../../kube/object.ts';
import { type ApiContext, type CallTarget, perform } from '../api.ts';
import type { Verb } from '../faults.ts';
import { isFields } from '../json.ts';
import { parseSelectors } from '../selectors.ts';
import { createObject } from '../server/create.ts';
import { deleteObject } from '../server/delete.ts';
import { badRequest, detailsOf, notFound, notImplemented } from '../server/failures.ts';
import { patchObject, scaleOf, updateScale } from '../server/patch.ts';
import { updateObject } from '../server/update.ts';
import { type Answer, methodNotAllowed, ok, successOf } from './answer.ts';
import { parseBody, parsePatch } from './body.ts';
import { presentList, presentObject } from './forms.ts';
import { listPage, selectorsOf } from './list.ts';
import type { Presentation } from './presentation.ts';
import { flag, type HttpRequest, type ResourcePath } from './request.ts';
import type { Served } from './served.ts';
import { validateApplied, validateFields, validatePatched } from './validation/field-validation.ts';
import { watchResource } from './watch.ts';
import { deleteOptions, writeOptions } from './write-options.ts';

/** A request for objects of one resource. */
export interface ObjectCall {
  context: ApiContext;
  request: HttpRequest;
  served: Served;
  path: ResourcePath;
  how: Presentation;
}

type NamedRef = { namespace: string | undefined; name: string };

function refOf({ path }: ObjectCall): NamedRef {
  if (path.name === undefined) throw methodNotAllowed();
  return { namespace: path.namespace, name: path.name };
}

/** Runs one call with its fault; what the server warned of meanwhile goes with the answer. */
async function run<T>(call: ObjectCall, verb: Verb, target: CallTarget, effect: () => T): Promise<[T, string[]]> {
  const { context, request, served } = call;
  return perform(context, request.user, verb, { resource: served.stored, ...target }, () => {
    const before = context.warnings.length;
    const result = effect();
    return [result, context.warnings.slice(before).map(({ message }) => message)];
  });
}

function answer(call: ObjectCall, object: KubeObject, warnings: string[], status = 200): Answer {
  const told = call.request.method === 'GET' ? [] : [...warnings, ...call.served.stored.warn(object)];
  return { status, json: presentObject(call.served, object, call.how), form: call.how.form, warnings: told };
}

/** An object in a body, in the form in which it is stored, and what there is to say about its fields. */
interface Sent {
  object: KubeObject;
  warnings: string[];
}

/** Reads the object in a body. Throws 400. */
function objectIn(call: ObjectCall, text: string): Sent {
  const { request, served, path } = call;
  const body = parseBody(text, request.headers['content-type']);
  if (!isFields(body) || typeof body['kind'] !== 'string' || typeof body['apiVersion'] !== 'string') {
    throw badRequest(`Object 'Kind' is missing in ${JSON.stringify(text.slice(0, 200))}`);
  }
  const metadata = isFields(body['metadata']) ? body['metadata'] : {};
  const namespace = metadata['namespace'];
  if (path.namespace !== undefined && namespace && namespace !== path.namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  const placed = path.namespace === undefined ? metadata : { ...metadata, namespace: path.namespace };
  const object = { ...body, metadata: placed } as unknown as KubeObject;
  const stored = served.view === undefined ? object : served.view.store(object);
  return { object: stored, warnings: validateFields(served.stored, request.query, stored) };
}

async function create(call: ObjectCall): Promise<Answer> {
  const { context, request, served, path } = call;
  if (path.name !== undefined) throw methodNotAllowed();
  const { object, warnings: odd } = objectIn(call, await request.body());
  const options = writeOptions(request);
  const ref = { namespace: path.namespace, name: object.metadata.name || undefined };
  const [made, warnings] = await run(call, 'create', { ref, dryRun: options.dryRun, body: object }, () =>
    createObject(context, served.stored, object, options),
  );
  return answer(call, made, [...odd, ...warnings], 201);
}

async function replace(call: ObjectCall): Promise<Answer> {
  const { context, request, served } = call;
  const ref = refOf(call);
  const { object, warnings: odd } = objectIn(call, await request.body());
  const options = writeOptions(request);
  const [stored, warnings] = await run(call, 'replace', { ref, dryRun: options.dryRun, body: object }, () =>
    updateObject(context, served.stored, ref, () => object, options),
  );
  return answer(call, stored, [...odd, ...warnings]);
}

const SCALE = {
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  plural: 'scales',
  namespaced: true,
  builtin: true,
  schema: undefined,
};

async function patch(call: ObjectCall, subresource?: 'status' | 'scale'): Promise<Answer> {
  const { context, request, served } = call;
  const ref = refOf(call);
  const { type, patch: body } = parsePatch(await request.body(), request.headers['content-type']);
  if (type === 'apply' && subresource !== 'scale') validateApplied(served.stored, request.query, body);
  const odd: string[] = [];
  const decode = (object: KubeObject): void => {
    odd.push(...validatePatched(subresource === 'scale' ? SCALE : served.stored, request.query, object));
  };
  const options = { ...writeOptions(request), type, force: flag(request.query, 'force'), decode };
  const part = subresource === undefined ? {} : { subresource };
  const existed = context.store.get(served.stored, ref.namespace, ref.name) !== undefined;
  const [stored, warnings] = await run(call, 'patch', { ref, ...part, dryRun: options.dryRun, body }, () =>
    patchObject(context, served.stored, ref, body, { ...options, ...part }),
  );
  if (subresource === 'scale') return { status: 200, json: stored, warnings };
  return answer(call, stored, [...odd, ...warnings], existed ? 200 : 201);
}

function find({ context, served }: ObjectCall, ref: NamedRef): KubeObject {
  const object = context.store.get(served.stored, ref.namespace, ref.name);
  if (object === undefined) throw notFound(served, ref.name);
  return object;
}

async function read(call: ObjectCall): Promise<Answer> {
  const ref = refOf(call);
  const [object] = await run(call, 'get', { ref }, () => find(call, ref));
  return answer(call, object, []);
}

async function list(call: ObjectCall): Promise<Answer> {
  const { context, request, served, path, how } = call;
  if (flag(request.query, 'watch')) return watchResource(context, request, served, path.namespace, how);
  const [page] = await run(call, 'list', { ref: { namespace: path.namespace } }, () =>
    listPage(context.store, served.stored, path.namespace, request.query),
  );
  return ok(presentList(served, page, how), how.form);
}

/** The object where it is still there, waiting for its end; a Status where it is gone. */
async function remove(call: ObjectCall): Promise<Answer> {
  const { context, request, served } = call;
  const ref = refOf(call);
  const options = await deleteOptions(request);
  const [result, warnings] = await run(call, 'delete', { ref, dryRun: options.dryRun, body: options }, () => {
    const { uid } = find(call, ref).metadata;
    return { uid, left: deleteObject(context, served.stored, ref, options) };
  });
  if (result.left !== undefined) return answer(call, result.left, warnings);
  const details = { ...detailsOf(served, ref.name), uid: result.uid };
  return { status: 200, json: successOf(details), warnings };
}

async function removeAll(call: ObjectCall): Promise<Answer> {
  const { context, request, served, path } = call;
  if (served.namespaced && path.namespace === undefined) throw methodNotAllowed();
  const options = await deleteOptions(request);
  const match = parseSelectors(selectorsOf(request.query));
  const ref = { namespace: path.namespace };
  const [items, warnings] = await run(call, 'delete', { ref, dryRun: options.dryRun, body: options }, () => {
    const found = context.store.list(served.stored, path.namespace).filter(match);
    for (const { metadata } of found) deleteObject(context, served.stored, metadata, options);
    return found;
  });
  const page = { version: context.store.version(), items, next: undefined, remaining: undefined };
  return { status: 200, json: presentList(served, page, call.how), form: call.how.form, warnings };
}

async function scale(call: ObjectCall): Promise<Answer> {
  const { context, request, served } = call;
  const ref = refOf(call);
  if (!served.stored.scale) throw notFound(served, ref.name);
  switch (request.method) {
    case 'GET': {
      const [object] = await run(call, 'get', { ref, subresource: 'scale' }, () => scaleOf(find(call, ref)));
      return ok(object);
    }
    case 'PUT': {
      const body = parseBody(await request.body(), request.headers['content-type']);
      if (!isFields(body) || body['kind'] !== 'Scale') throw badRequest('the body is no Scale');
      const options = writeOptions(request);
      const sent = body as unknown as KubeObject;
      const [object, warnings] = await run(call, 'replace', { ref, subresource: 'scale', body }, () =>
        updateScale(context, served.stored, ref, () => sent, options),
      );
      return { status: 200, json: object, warnings };
    }
    case 'PATCH':
      return patch(call, 'scale');
    default:
      throw methodNotAllowed();
  }
}

async function status(call: ObjectCall): Promise<Answer> {
  const { context, request, served } = call;
  const ref = refOf(call);
  if (!served.stored.status) throw notFound(served, ref.name);
  switch (request.method) {
    case 'GET':
      return read(call);
    case 'PUT': {
      const { object, warnings: odd } = objectIn(call, await request.body());
      const options = { ...writeOptions(request), subresource: 'status' as const };
      const target = { ref, subresource: 'status', dryRun: options.dryRun, body: object };
      const [stored, warnings] = await run(call, 'replace', target, () =>
        updateObject(context, served.stored, ref, () => object, options),
      );
      return answer(call, stored, [...odd, ...warnings]);
    }
    case 'PATCH':
      return patch(call, 'status');
    default:
      throw methodNotAllowed();
  }
}

/** The verb of a method on a collection, and on one object. */
const VERBS: Record<string, [string, string] | undefined> = {
  GET: ['list', 'get'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['deletecollection', 'delete'],
};

function onObjects(call: ObjectCall): Promise<Answer> {
  const { request, served, path } = call;
  const isNamed = path.name !== undefined;
  const verb = VERBS[request.method]?.[isNamed ? 1 : 0];
  if (verb !== undefined && !served.verbs.includes(verb)) {
    throw notImplemented(`${verb} of ${served.apiVersion} ${served.plural}`);
  }
  switch (verb) {
    case 'list':
      return list(call);
    case 'get':
      return read(call);
    case 'create':
      return create(call);
    case 'update':
      return replace(call);
    case 'patch':
      return patch(call);
    case 'delete':
      return remove(call);
    case 'deletecollection':
      return removeAll(call);
    default:
      throw methodNotAllowed();
  }
}

/** Answers a request for objects, their status or their scale. */
export async function serveObjects(call: ObjectCall): Promise<Answer> {
  const { served, path } = call;
  if (served.namespaced && path.name !== undefined && path.namespace === undefined) throw methodNotAllowed();
  switch (path.subresource) {
    case undefined:
      return onObjects(call);
    case 'status':
      return status(call);
    case 'scale':
      return scale(call);
    default:
      throw notImplemented(`${served.plural}/${path.subresource}`);
  }
}
