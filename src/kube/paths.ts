import type { ObjectRef, WatchOptions } from './api.ts';
import type { Resource } from './object.ts';

export type Query = Record<string, string | number | boolean | undefined>;

function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

/** `/api/v1` for the core group, `/apis/GROUP/VERSION` for the others. */
export function groupVersionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Path and query of the objects of a resource, in one namespace or in all. */
export function collectionPath(resource: Resource, namespace: string | undefined, query: Query = {}): string {
  const inNamespace =
    resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return withQuery(`${groupVersionPath(resource.apiVersion)}${inNamespace}/${resource.plural}`, query);
}

/** Path and query of one object or its subresource. Throws when a namespaced object has no namespace or name. */
export function objectPath(resource: Resource, ref: ObjectRef, subresource?: string, query: Query = {}): string {
  if (ref.name === '') throw new Error(`a ${resource.kind} was asked for without a name`);
  if (resource.namespaced && !ref.namespace) {
    throw new Error(`${resource.kind} ${ref.name} was asked for without a namespace`);
  }
  const path = `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return withQuery(subresource === undefined ? path : `${path}/${subresource}`, query);
}

/** Path and query of a watch, with bookmarks. */
export function watchPath(resource: Resource, options: WatchOptions): string {
  const initial = options.sendInitialEvents === true;
  return collectionPath(resource, options.namespace, {
    watch: true,
    allowWatchBookmarks: true,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    resourceVersion: options.resourceVersion,
    timeoutSeconds: options.timeoutSeconds,
    sendInitialEvents: initial ? true : undefined,
    resourceVersionMatch: initial ? 'NotOlderThan' : undefined,
  });
}
