import type { KubeObject, Resource } from '../../kube/object.ts';
import { CONTROLLERS } from '../apply/managers.ts';
import { clone } from '../json.ts';
import type { Identity, ServerContext } from '../server/context.ts';
import { createObject } from '../server/create.ts';
import { type DeleteRequest, deleteObject } from '../server/delete.ts';
import { conflict } from '../server/failures.ts';
import { updateObject } from '../server/update.ts';
import type { LateView } from './late-view.ts';

/** What a controller asks of the API, with its own identity, without delay and without injected faults. */
export interface ControllerApi {
  get<T extends KubeObject>(resource: Resource, namespace: string | undefined, name: string): T | undefined;
  list<T extends KubeObject>(resource: Resource, namespace?: string): T[];
  create<T extends KubeObject>(resource: Resource, object: KubeObject): T;
  /** Changes a copy of the object as it is now. */
  update<T extends KubeObject>(resource: Resource, object: KubeObject, change: (copy: T) => void): T;
  updateStatus<T extends KubeObject>(resource: Resource, object: KubeObject, change: (copy: T) => void): T;
  delete(resource: Resource, object: KubeObject, options?: Partial<DeleteRequest>): void;
  /** Asked of the store itself: an object with this UID is there and is not going. */
  stands(uid: string): boolean;
}

/**
 * Objects that are read are the store's own: they must not be written to.
 *
 * @param late where some kinds are read from; what is written of them names the version that was read
 */
export function createControllerApi(context: ServerContext, name: string, late?: LateView): ControllerApi {
  const user: Identity = { username: `system:serviceaccount:kube-system:${name}` };
  const manager = CONTROLLERS;
  const write = <T extends KubeObject>(
    resource: Resource,
    object: KubeObject,
    change: (copy: T) => void,
    subresource: '' | 'status',
  ): T => {
    const apply = (current: KubeObject): KubeObject => {
      const read = object.metadata.resourceVersion;
      if (isStrict(resource, subresource) && read !== current.metadata.resourceVersion)
        throw conflict(resource, object.metadata.name);
      change(current as T);
      return current;
    };
    return updateObject(context, resource, object.metadata, apply, { user, manager, subresource }) as T;
  };
  // The status of a ReplicaSet is tried again on what is read anew.
  const isStrict = (resource: Resource, subresource: '' | 'status'): boolean =>
    late?.covers(resource) === true && !(resource.plural === 'replicasets' && subresource === 'status');
  const sourceOf = (resource: Resource): Pick<LateView, 'get' | 'list'> =>
    late?.covers(resource) === true ? late : context.store;
  return {
    get: <T extends KubeObject>(resource: Resource, namespace: string | undefined, key: string) =>
      sourceOf(resource).get(resource, namespace, key) as T | undefined,
    list: <T extends KubeObject>(resource: Resource, namespace?: string) =>
      sourceOf(resource).list(resource, namespace) as T[],
    create: <T extends KubeObject>(resource: Resource, object: KubeObject) =>
      createObject(context, resource, clone(object), { user, manager }) as T,
    update: (resource, object, change) => write(resource, object, change, ''),
    updateStatus: (resource, object, change) => write(resource, object, change, 'status'),
    delete: (resource, object, options = {}) =>
      deleteObject(context, resource, object.metadata, { user, manager, ...options }),
    stands(uid) {
      const ref = context.store.byUid(uid);
      const object = ref === undefined ? undefined : context.store.get(ref.resource, ref.namespace, ref.name);
      return object !== undefined && object.metadata.deletionTimestamp === undefined;
    },
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
