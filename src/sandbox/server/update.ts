import type { KubeObject, Resource } from '../../kube/object.ts';
import { track } from '../apply/managers.ts';
import { asList, at, clone, equal } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { timestamp } from '../time.ts';
import type { Admitted, ServerContext, Subresource, WriteRequest } from './context.ts';
import { badRequest, conflict, invalid, notFound, type Problem } from './failures.ts';
import { metadataProblems } from './metadata.ts';

const KEPT = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'managedFields',
];

export interface UpdateRequest extends WriteRequest {
  subresource?: Subresource;
  /** A PATCH: the version in the answer of `change` need not be set. */
  patch?: boolean;
  /** A server-side apply: the answer of `change` says who manages what. */
  apply?: boolean;
}

function checkIdentity(kind: Kind, current: KubeObject, candidate: KubeObject, patch: boolean): void {
  const { name, namespace, uid } = candidate.metadata;
  if (name !== current.metadata.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${current.metadata.name})`);
  }
  if ((namespace ?? '') !== (current.metadata.namespace ?? '')) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (uid && uid !== current.metadata.uid && patch) {
    const message = `Invalid value: ${JSON.stringify(uid)}: field is immutable`;
    throw invalid(kind, name, [{ path: 'metadata.uid', message }]);
  }
  if (uid && uid !== current.metadata.uid) {
    const message = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw conflict(kind, name, message);
  }
  const version = candidate.metadata.resourceVersion;
  if (version && version !== current.metadata.resourceVersion) throw conflict(kind, name);
  if (!version && !patch && !kind.unconditionalUpdate) {
    const path = 'metadata.resourceVersion';
    throw invalid(kind, name, [{ path, message: 'Invalid value: 0: must be specified for an update' }]);
  }
}

/** The fields that a write to this part of the object may not touch are put back. */
function restrict(kind: Kind, current: KubeObject, candidate: KubeObject, subresource: Subresource): KubeObject {
  if (subresource === 'status') {
    const metadata = kind.statusKeepsAnnotations
      ? { ...current.metadata, ...annotationsOf(candidate) }
      : current.metadata;
    return { ...current, metadata: { ...metadata }, status: candidate['status'] };
  }
  const metadata = { ...candidate.metadata };
  for (const field of KEPT) {
    if (current.metadata[field] === undefined) delete metadata[field];
    else metadata[field] = current.metadata[field];
  }
  const result: KubeObject = { ...candidate, metadata };
  if (!kind.status) return result;
  if (current['status'] === undefined) delete result['status'];
  else result['status'] = current['status'];
  return result;
}

function annotationsOf(object: KubeObject): Partial<KubeObject['metadata']> {
  return object.metadata.annotations === undefined ? {} : { annotations: object.metadata.annotations };
}

function withoutStatus(object: KubeObject): unknown {
  return { ...object, metadata: undefined, status: undefined };
}

function raisesGeneration(kind: Kind, before: KubeObject, after: KubeObject): boolean {
  switch (kind.generation) {
    case 'none':
      return false;
    case 'spec':
      return !equal(before['spec'], after['spec']);
    case 'specOrAnnotations':
      return !equal(before['spec'], after['spec']) || !equal(before.metadata.annotations, after.metadata.annotations);
    case 'allButStatus':
      return !equal(withoutStatus(before), withoutStatus(after));
  }
}

function finalizerProblems(current: KubeObject, candidate: KubeObject): Problem[] {
  if (current.metadata.deletionTimestamp === undefined) return [];
  const known = asList(current.metadata['finalizers']);
  const added = asList(candidate.metadata['finalizers']).filter((finalizer) => !known.includes(finalizer));
  if (added.length === 0) return [];
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  return [{ path: 'metadata.finalizers', message }];
}

/** Nothing waits any more for an object that was deleted: it goes. */
function isFinished(object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp === undefined) return false;
  if (asList(object.metadata['finalizers']).length > 0) return false;
  if (object.kind === 'Namespace') return asList(at(object, 'spec', 'finalizers')).length === 0;
  return (object.metadata['deletionGracePeriodSeconds'] ?? 0) === 0;
}

function admit(
  context: ServerContext,
  kind: Kind,
  current: KubeObject,
  candidate: KubeObject,
  request: UpdateRequest,
): KubeObject {
  const subresource = request.subresource ?? '';
  const admitted: Admitted = {
    operation: 'UPDATE',
    kind,
    subresource,
    namespace: current.metadata.namespace,
    name: current.metadata.name,
    user: request.user,
    dryRun: request.dryRun === true,
    object: candidate,
    oldObject: current,
  };
  context.admission.mutate(admitted);
  const object = restrict(kind, current, admitted.object ?? candidate, subresource);
  // What admission changes belongs to no field manager.
  if (candidate.metadata['managedFields'] === undefined) delete object.metadata['managedFields'];
  else object.metadata['managedFields'] = candidate.metadata['managedFields'];
  if (admitted.object !== candidate) kind.normalise(object);
  const problems = [
    ...metadataProblems(kind, object),
    ...finalizerProblems(current, object),
    ...(subresource === 'status' && kind.builtin ? [] : kind.validate(object, current)),
  ];
  if (problems.length > 0) throw invalid(kind, object.metadata.name, problems);
  context.admission.validate({ ...admitted, object });
  return object;
}

/** The object as it was, with the field managers that the client sent in place of its own: it may correct them. */
function withManagers(current: KubeObject, wanted: KubeObject): KubeObject {
  const sent = asList(wanted.metadata['managedFields']);
  if (sent.length === 0) return current;
  return { ...current, metadata: { ...current.metadata, managedFields: sent } };
}

/**
 * PUT or PATCH: `change` gets a copy of the object as it is and answers what it shall be. Nothing is stored when that
 * changes nothing. The answer is the stored object itself: copy it before it leaves the sandbox.
 */
export function updateObject(
  context: ServerContext,
  resource: Resource,
  ref: { namespace?: string | undefined; name: string },
  change: (current: KubeObject) => KubeObject,
  request: UpdateRequest,
): KubeObject {
  const kind = context.registry.find(resource);
  const subresource = request.subresource ?? '';
  const current = context.store.get(kind, ref.namespace, ref.name);
  if (current === undefined || (subresource === 'status' && !kind.status)) throw notFound(kind, ref.name);
  const wanted = change(clone(current));
  if (typeof wanted.metadata !== 'object') throw badRequest('the object has no metadata');
  checkIdentity(kind, current, wanted, request.patch === true);
  const candidate = restrict(kind, current, wanted, subresource);
  kind.normalise(candidate);
  kind.keep(candidate, current);
  const writing = { manager: request.manager, subresource, time: timestamp(context.clock.now()) };
  if (request.apply === true) candidate.metadata['managedFields'] = wanted.metadata['managedFields'];
  else track(kind, withManagers(current, wanted), candidate, writing);
  kind.allocate(candidate);
  const object = admit(context, kind, current, candidate, request);
  object.metadata.resourceVersion = current.metadata.resourceVersion ?? '';
  if (subresource !== 'status' && raisesGeneration(kind, current, object)) {
    object.metadata.generation = (current.metadata.generation ?? 0) + 1;
  }
  if (equal(object, current)) return current;
  if (request.dryRun === true) return object;
  if (isFinished(object)) {
    context.store.remove(kind, ref.namespace, ref.name);
    return object;
  }
  return context.store.put(kind, object);
}
