import type { KubeObject, Resource } from '../../kube/object.ts';
import { CONTROLLERS } from '../apply/managers.ts';
import { clone } from '../json.ts';
import type { Identity, ServerContext } from '../server/context.ts';
import { createObject } from '../server/create.ts';
import { type DeleteRequest, deleteObject } from '../server/delete.ts';
import { updateObject } from '../server/update.ts';

/** What a controller asks of the API, with its own identity, without delay and without injected faults. */
export interface ControllerApi {
  get<T extends KubeObject>(resource: Resource, namespace: string | undefined, name: string): T | undefined;
  list<T extends KubeObject>(resource: Resource, namespace?: string): T[];
  create<T extends KubeObject>(resource: Resource, object: KubeObject): T;
  /** Changes a copy of the object as it is now. */
  update<T extends KubeObject>(resource: Resource, object: KubeObject, change: (copy: T) => void): T;
  updateStatus<T extends KubeObject>(resource: Resource, object: KubeObject, change: (copy: T) => void): T;
  delete(resource: Resource, object: KubeObject, options?: Partial<DeleteRequest>): void;
}

/** Objects that are read are the store's own: they must not be written to. */
export function createControllerApi(context: ServerContext, name: string): ControllerApi {
  const user: Identity = { username: `system:serviceaccount:kube-system:${name}` };
  const manager = CONTROLLERS;
  const write = <T extends KubeObject>(
    resource: Resource,
    object: KubeObject,
    change: (copy: T) => void,
    subresource: '' | 'status',
  ): T => {
    const apply = (current: KubeObject): KubeObject => {
      change(current as T);
      return current;
    };
    return updateObject(context, resource, object.metadata, apply, { user, manager, subresource }) as T;
  };
  return {
    get: <T extends KubeObject>(resource: Resource, namespace: string | undefined, key: string) =>
      context.store.get(resource, namespace, key) as T | undefined,
    list: <T extends KubeObject>(resource: Resource, namespace?: string) =>
      context.store.list(resource, namespace) as T[],
    create: <T extends KubeObject>(resource: Resource, object: KubeObject) =>
      createObject(context, resource, clone(object), { user, manager }) as T,
    update: (resource, object, change) => write(resource, object, change, ''),
    updateStatus: (resource, object, change) => write(resource, object, change, 'status'),
    delete: (resource, object, options = {}) =>
      deleteObject(context, resource, object.metadata, { user, manager, ...options }),
  };
}

/** `NAMESPACE/NAME` */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
