import type { DeleteOptions } from '../../kube/api.ts';
import { type KubeObject, type Resource, resources } from '../../kube/object.ts';
import { asList, at, clone, ensure } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { timestamp } from '../time.ts';
import type { ServerContext, WriteRequest } from './context.ts';
import { conflict, notFound } from './failures.ts';

export const ORPHAN_FINALIZER = 'orphan';
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
const DEFAULT_GRACE_SECONDS = 30;

export interface DeleteRequest extends WriteRequest, Omit<DeleteOptions, 'beforeAttempt'> {}

function checkPreconditions(kind: Kind, current: KubeObject, request: DeleteRequest): void {
  const { uid, resourceVersion, name } = current.metadata;
  if (request.uid !== undefined && request.uid !== uid) {
    const message = `Precondition failed: UID in precondition: ${request.uid}, UID in object meta: ${uid}`;
    throw conflict(kind, name, message);
  }
  if (request.resourceVersion !== undefined && request.resourceVersion !== resourceVersion) {
    const message = `Precondition failed: ResourceVersion in precondition: ${request.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`;
    throw conflict(kind, name, message);
  }
}

/** The finalizers by which the garbage collector learns what shall become of the dependents. */
function finalizersAfter(current: KubeObject, policy: DeleteOptions['propagationPolicy']): unknown[] {
  const present = asList(current.metadata['finalizers']);
  if (policy === undefined) return present;
  const others = present.filter((finalizer) => finalizer !== ORPHAN_FINALIZER && finalizer !== FOREGROUND_FINALIZER);
  if (policy === 'Orphan') return [...others, ORPHAN_FINALIZER];
  return policy === 'Foreground' ? [...others, FOREGROUND_FINALIZER] : others;
}

/** Seconds that a pod gets to end; 0 for what goes at once. */
function graceOf(kind: Kind, current: KubeObject, request: DeleteRequest): number {
  if (kind.plural !== resources.pods.plural) return 0;
  const phase = at(current, 'status', 'phase');
  if (at(current, 'spec', 'nodeName') === undefined || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = at(current, 'spec', 'terminationGracePeriodSeconds');
  return request.gracePeriodSeconds ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS);
}

function markDeleted(context: ServerContext, current: KubeObject, finalizers: unknown[], grace: number): KubeObject {
  const object = clone(current);
  const { metadata } = object;
  if (finalizers.length > 0) metadata['finalizers'] = finalizers;
  else delete metadata['finalizers'];
  const due = timestamp(context.clock.now() + grace * 1000);
  if (metadata.deletionTimestamp === undefined || due < metadata.deletionTimestamp) {
    if (metadata.deletionTimestamp === undefined && metadata.generation !== undefined) metadata.generation += 1;
    metadata.deletionTimestamp = due;
    metadata['deletionGracePeriodSeconds'] = grace;
  }
  if (object.kind === 'Namespace') ensure(object, 'status')['phase'] = 'Terminating';
  return object;
}

/** `request.options` of policies. */
function optionsOf({ propagationPolicy, gracePeriodSeconds }: DeleteRequest): Record<string, unknown> {
  return {
    kind: 'DeleteOptions',
    apiVersion: 'meta.k8s.io/v1',
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
}

/**
 * DELETE. What has finalizers, or is a pod that runs, is only marked. A second delete of the same object is no error. The
 * answer is what is left, also of a dry run.
 */
export function deleteObject(
  context: ServerContext,
  resource: Resource,
  ref: { namespace?: string | undefined; name: string },
  request: DeleteRequest,
): KubeObject | undefined {
  const kind = context.registry.find(resource);
  const current = context.store.get(kind, ref.namespace, ref.name);
  if (current === undefined) throw notFound(kind, ref.name);
  checkPreconditions(kind, current, request);
  context.admission.validate({
    operation: 'DELETE',
    kind,
    subresource: '',
    namespace: ref.namespace,
    name: ref.name,
    user: request.user,
    dryRun: request.dryRun === true,
    object: undefined,
    oldObject: current,
    options: optionsOf(request),
  });
  const finalizers = finalizersAfter(current, request.propagationPolicy);
  const grace = graceOf(kind, current, request);
  const waits = kind.kind === 'Namespace' && asList(at(current, 'spec', 'finalizers')).length > 0;
  if (finalizers.length === 0 && grace === 0 && !waits) {
    if (request.dryRun !== true) context.store.remove(kind, ref.namespace, ref.name);
    return undefined;
  }
  const marked = markDeleted(context, current, finalizers, grace);
  if (request.dryRun === true) return marked;
  if (JSON.stringify(marked) === JSON.stringify(current)) return current;
  return context.store.put(kind, marked);
}
