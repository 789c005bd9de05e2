import type { PatchOptions, PatchType } from '../../kube/api.ts';
import type { KubeObject, Resource } from '../../kube/object.ts';
import { applyObject, isManifest } from '../apply/apply.ts';
import { asFields, at, clone, ensure, isFields, setDefault } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { shapeOfType } from '../kinds/shape.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge.ts';
import { strategicPatch } from '../patch/strategic.ts';
import { timestamp } from '../time.ts';
import type { ServerContext, WriteRequest } from './context.ts';
import { checkType, createObject } from './create.ts';
import { badRequest, invalid, invalidPatch, notFound, notImplemented, unsupportedPatch } from './failures.ts';
import { updateObject } from './update.ts';

export interface PatchRequest extends WriteRequest, Omit<PatchOptions, 'beforeAttempt'> {
  /** Told of what the patch makes, before anything else is done with it; may write to it. Throws to refuse. */
  decode?: (object: KubeObject) => void;
}

interface Ref {
  namespace?: string | undefined;
  name: string;
}

function patched(document: KubeObject, body: unknown, type: PatchType): KubeObject {
  switch (type) {
    case 'merge':
      if (!isFields(body)) throw badRequest('a merge patch is an object');
      return mergePatch(document, body) as KubeObject;
    case 'json':
      return jsonPatch(document, body) as KubeObject;
    case 'strategic':
      return strategicPatch(document, body, shapeOfType(document.kind) ?? { is: 'scalar', type: 'any' }) as KubeObject;
    case 'apply':
      throw notImplemented('server-side apply of this subresource');
  }
}

/** The Scale object of one that has replicas. */
export function scaleOf(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return clone({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    // As its type is written: none is not told.
    spec: { replicas: at(object, 'spec', 'replicas') || undefined },
    status: { replicas: at(object, 'status', 'replicas') ?? 0, selector: selectorText(object) },
  }) as KubeObject;
}

function selectorText(object: KubeObject): string {
  const labels = Object.entries(asFields(at(object, 'spec', 'selector', 'matchLabels')));
  return labels.map(([key, value]) => `${key}=${String(value)}`).join(',');
}

/** Changes spec.replicas through the Scale object: `change` gets it as it is and answers what it shall be. */
export function updateScale(
  context: ServerContext,
  resource: Resource,
  ref: Ref,
  change: (scale: KubeObject) => KubeObject,
  request: WriteRequest & { patch?: boolean },
): KubeObject {
  const kind = context.registry.find(resource);
  if (!kind.scale) throw notFound(kind, ref.name);
  const changeReplicas = (current: KubeObject): KubeObject => {
    const scale = change(scaleOf(current));
    const replicas = at(scale, 'spec', 'replicas') ?? 0;
    if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
      const message = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`;
      throw invalid(kind, ref.name, [{ path: 'spec.replicas', message }]);
    }
    const { resourceVersion, uid } = scale.metadata;
    const metadata = { ...current.metadata, ...(resourceVersion && { resourceVersion }), ...(uid && { uid }) };
    return { ...current, metadata, spec: { ...asFields(current['spec']), replicas } };
  };
  return scaleOf(updateObject(context, kind, ref, changeReplicas, { ...request, subresource: 'scale' }));
}

function apply(context: ServerContext, kind: Kind, ref: Ref, body: unknown, request: PatchRequest): KubeObject {
  if (!kind.tracked) throw notImplemented(`server-side apply of ${kind.kind}`);
  if (!isManifest(body)) throw badRequest('a server-side apply needs a whole manifest with apiVersion and kind');
  checkType(kind, body);
  const writing = {
    manager: request.manager,
    subresource: request.subresource ?? '',
    time: timestamp(context.clock.now()),
    force: request.force === true,
  };
  const named = { ...body, metadata: { ...body.metadata, ...ref } } as KubeObject;
  if (context.store.get(kind, ref.namespace, ref.name) === undefined && writing.subresource === '') {
    return createObject(context, kind, applyObject(kind, undefined, named, writing), { ...request, apply: true });
  }
  const change = (current: KubeObject): KubeObject => {
    const { resourceVersion, uid } = named.metadata;
    const merged = applyObject(kind, current, named, writing);
    const asked = {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
    };
    return { ...merged, metadata: { ...merged.metadata, ...asked } };
  };
  return updateObject(context, kind, ref, change, { ...request, patch: true, apply: true });
}

/** PATCH of an object, its status or its scale. */
export function patchObject(
  context: ServerContext,
  resource: Resource,
  ref: Ref,
  body: unknown,
  request: PatchRequest,
): KubeObject {
  const kind = context.registry.find(resource);
  if (request.type === 'strategic' && !kind.builtin && request.subresource !== 'scale') {
    const types = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';
    const message = `the body of the request was in an unknown format - accepted media types include: ${types}`;
    throw unsupportedPatch(message);
  }
  if (request.subresource === 'scale') {
    const change = (scale: KubeObject): KubeObject => {
      const result = patched(scale, body, request.type);
      request.decode?.(result);
      return result;
    };
    return updateScale(context, kind, ref, change, { ...request, patch: true });
  }
  if (request.type === 'apply') return apply(context, kind, ref, body, request);
  const change = (current: KubeObject): KubeObject => {
    const result = patched(current, body, request.type);
    if (!isFields(result)) throw invalidPatch('json: cannot unmarshal into an object');
    request.decode?.(result);
    ensure(result, 'metadata');
    setDefault(result.metadata, 'name', ref.name);
    return result;
  };
  return updateObject(context, kind, ref, change, { ...request, patch: true });
}
