import { isNotFound } from '../../kube/errors.ts';
import { type KubeObject, type OwnerReference, resources } from '../../kube/object.ts';
import { asList } from '../json.ts';
import type { Registry } from '../kinds/registry.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../server/delete.ts';
import type { Store, StoredRef } from '../store/store.ts';
import type { ControllerApi } from './context.ts';
import type { Controller } from './runner.ts';

function has(object: KubeObject, finalizer: string): boolean {
  return asList(object.metadata['finalizers']).includes(finalizer);
}

function dropFinalizer(api: ControllerApi, ref: StoredRef, object: KubeObject, finalizer: string): void {
  api.update(ref.resource, object, ({ metadata }) => {
    metadata['finalizers'] = asList(metadata['finalizers']).filter((name) => name !== finalizer);
  });
}

function withoutOwners(api: ControllerApi, ref: StoredRef, object: KubeObject, gone: (uid: string) => boolean): void {
  api.update(ref.resource, object, ({ metadata }) => {
    const kept = (metadata.ownerReferences ?? []).filter(({ uid }) => !gone(uid));
    if (kept.length > 0) metadata.ownerReferences = kept;
    else delete metadata.ownerReferences;
  });
}

function read(store: Store, ref: StoredRef): KubeObject | undefined {
  return store.get(ref.resource, ref.namespace, ref.name);
}

/** An owner that is going: its dependents are let go, or deleted before it. */
function processOwner(api: ControllerApi, store: Store, ref: StoredRef, owner: KubeObject): void {
  const uid = owner.metadata.uid ?? '';
  if (has(owner, ORPHAN_FINALIZER)) {
    for (const dependent of store.ownedBy(uid)) {
      const object = read(store, dependent);
      if (object !== undefined) withoutOwners(api, dependent, object, (other) => other === uid);
    }
    dropFinalizer(api, ref, owner, ORPHAN_FINALIZER);
    return;
  }
  if (!has(owner, FOREGROUND_FINALIZER)) return;
  const blocking = store.ownedBy(uid).filter((dependent) => {
    const references = read(store, dependent)?.metadata.ownerReferences ?? [];
    return references.some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true);
  });
  if (blocking.length === 0) dropFinalizer(api, ref, owner, FOREGROUND_FINALIZER);
}

interface Owners {
  solid: OwnerReference[];
  dangling: OwnerReference[];
  waiting: OwnerReference[];
}

function sortOwners(store: Store, object: KubeObject): Owners {
  const owners: Owners = { solid: [], dangling: [], waiting: [] };
  for (const reference of object.metadata.ownerReferences ?? []) {
    const ref = store.byUid(reference.uid);
    const owner = ref === undefined ? undefined : read(store, ref);
    const elsewhere = ref?.namespace !== undefined && ref.namespace !== object.metadata.namespace;
    if (owner === undefined || elsewhere || owner.kind !== reference.kind) owners.dangling.push(reference);
    else if (owner.metadata.deletionTimestamp !== undefined && has(owner, FOREGROUND_FINALIZER)) {
      owners.waiting.push(reference);
    } else owners.solid.push(reference);
  }
  return owners;
}

function policyOf(object: KubeObject, foreground: boolean): 'Orphan' | 'Foreground' | 'Background' {
  if (foreground) return 'Foreground';
  if (has(object, ORPHAN_FINALIZER)) return 'Orphan';
  return has(object, FOREGROUND_FINALIZER) ? 'Foreground' : 'Background';
}

/** A dependent: it goes when no owner is left, and forgets those that are gone while one stays. */
function processDependent(api: ControllerApi, store: Store, ref: StoredRef, object: KubeObject): void {
  const owners = sortOwners(store, object);
  const gone = [...owners.dangling, ...owners.waiting].map(({ uid }) => uid);
  if (gone.length === 0) return;
  if (owners.solid.length > 0) return withoutOwners(api, ref, object, (uid) => gone.includes(uid));
  if (object.metadata.deletionTimestamp !== undefined) return;
  const hasDependents = store.ownedBy(object.metadata.uid ?? '').length > 0;
  const propagationPolicy = policyOf(object, owners.waiting.length > 0 && hasDependents);
  api.delete(ref.resource, object, { propagationPolicy, uid: object.metadata.uid ?? '' });
}

/** Garbage collection by owner references, in the background, foreground or by letting dependents go. Keys are UIDs. */
export function createGarbageCollector(api: ControllerApi, store: Store): Controller {
  return {
    name: 'garbage',
    concerns(event) {
      const { uid, ownerReferences } = event.object.metadata;
      const keys = event.type === 'DELETED' ? [] : [uid ?? ''];
      if (event.type === 'DELETED' || event.object.metadata.deletionTimestamp !== undefined) {
        for (const { resource, namespace, name } of store.ownedBy(uid ?? '')) {
          keys.push(store.get(resource, namespace, name)?.metadata.uid ?? '');
        }
      }
      // The last dependent that goes lets an owner go that waits for it.
      if (event.type === 'DELETED') for (const owner of ownerReferences ?? []) keys.push(owner.uid);
      return keys;
    },
    sync(uid) {
      const ref = store.byUid(uid);
      const object = ref === undefined ? undefined : read(store, ref);
      if (ref === undefined || object === undefined) return undefined;
      try {
        if (object.metadata.deletionTimestamp !== undefined) processOwner(api, store, ref, object);
        const now = read(store, ref);
        if (now !== undefined) processDependent(api, store, ref, now);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      return undefined;
    },
  };
}

/** Empties namespaces that were deleted, then lets them go. */
export function createNamespaceController(api: ControllerApi, store: Store, registry: Registry): Controller {
  return {
    name: 'namespace',
    concerns(event) {
      if (event.resource.plural === resources.namespaces.plural) return [event.object.metadata.name];
      const { namespace } = event.object.metadata;
      return event.type === 'DELETED' && namespace !== undefined ? [namespace] : [];
    },
    sync(name) {
      const namespace = store.get(resources.namespaces, undefined, name);
      if (namespace?.metadata.deletionTimestamp === undefined) return undefined;
      let left = 0;
      for (const kind of registry.all().filter(({ namespaced }) => namespaced)) {
        for (const object of store.list(kind, name)) {
          if (object.metadata.deletionTimestamp === undefined) {
            api.delete(kind, object, { propagationPolicy: 'Background' });
          }
        }
        left += store.list(kind, name).length;
      }
      if (left === 0) {
        api.update(resources.namespaces, namespace, (copy) => {
          copy['spec'] = {};
        });
      }
      return undefined;
    },
  };
}
