import { ApiError } from '../../kube/errors.ts';
import { type KubeObject, type Resource, resources } from '../../kube/object.ts';
import { track } from '../apply/managers.ts';
import { clone } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { isTerminating } from '../kinds/registry.ts';
import { timestamp } from '../time.ts';
import type { Admitted, ServerContext, WriteRequest } from './context.ts';
import { alreadyExists, badRequest, forbidden, invalid, notFound } from './failures.ts';
import { metadataProblems } from './metadata.ts';

const SET_BY_SERVER = ['uid', 'generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'];
const GENERATED_NAME_LENGTH = 58;

function checkNamespace(context: ServerContext, kind: Kind, object: KubeObject): void {
  const { name, namespace } = object.metadata;
  if (!kind.namespaced) {
    delete object.metadata.namespace;
    return;
  }
  if (!namespace) {
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
  const space = context.store.get(resources.namespaces, undefined, namespace);
  if (space === undefined) throw notFound(resources.namespaces, namespace);
  if (!isTerminating(space)) return;
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(kind, name, message, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

/** Throws 400 unless the body is of the kind that its address names. */
export function checkType(kind: Kind, object: KubeObject): void {
  if (object.kind === kind.kind && object.apiVersion === kind.apiVersion) return;
  const sent = `${object.apiVersion} ${object.kind}`;
  throw badRequest(`the object provided is ${sent}, but the request is for ${kind.apiVersion} ${kind.kind}`);
}

function stamp(context: ServerContext, kind: Kind, object: KubeObject): void {
  const { metadata } = object;
  for (const field of SET_BY_SERVER) delete metadata[field];
  const prefix = metadata['generateName'];
  if (!metadata.name && typeof prefix === 'string') {
    metadata.name = `${prefix.slice(0, GENERATED_NAME_LENGTH)}${context.ids.suffix()}`;
  }
  if (!metadata.name) throw invalid(kind, '', [{ path: 'metadata.name', message: 'Required value: name is required' }]);
  metadata.uid = context.ids.uid();
  metadata.creationTimestamp = timestamp(context.clock.now());
  if (kind.generation !== 'none') metadata.generation = 1;
}

export interface CreateRequest extends WriteRequest {
  /** Made by server-side apply: the body says who manages what. */
  apply?: boolean;
}

/** POST. The answer is the stored object itself: copy it before it leaves the sandbox. */
export function createObject(
  context: ServerContext,
  resource: Resource,
  body: KubeObject,
  request: CreateRequest,
): KubeObject {
  const kind = context.registry.find(resource);
  checkType(kind, body);
  const object = clone(body);
  if (object.metadata.resourceVersion) {
    throw new ApiError(500, 'InternalError', 'resourceVersion should not be set on objects to be created');
  }
  checkNamespace(context, kind, object);
  stamp(context, kind, object);
  if (kind.status) delete object['status'];
  kind.normalise(object);
  kind.prepareCreate(object);
  if (request.apply !== true) {
    delete object.metadata['managedFields'];
    track(kind, undefined, object, {
      manager: request.manager,
      subresource: '',
      time: timestamp(context.clock.now()),
    });
  }
  kind.allocate(object);
  const admitted: Admitted = {
    operation: 'CREATE',
    kind,
    subresource: '',
    namespace: object.metadata.namespace,
    name: object.metadata.name,
    user: request.user,
    dryRun: request.dryRun === true,
    object,
    oldObject: undefined,
  };
  context.admission.mutate(admitted);
  const mutated = admitted.object ?? object;
  kind.normalise(mutated);
  const problems = [...metadataProblems(kind, mutated), ...kind.validate(mutated, undefined)];
  if (problems.length > 0) throw invalid(kind, mutated.metadata.name, problems);
  context.admission.validate({ ...admitted, object: mutated });
  if (context.store.get(kind, mutated.metadata.namespace, mutated.metadata.name) !== undefined) {
    throw alreadyExists(kind, mutated.metadata.name);
  }
  return request.dryRun === true ? mutated : context.store.put(kind, mutated);
}
