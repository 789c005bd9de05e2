import type { KubeObject, Resource } from '../../kube/object.ts';

export interface StoreEvent {
  /** The resourceVersion that the change got. */
  version: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: Resource;
  /** As it is now; the last state of a deleted one, with the version of the deletion. */
  object: KubeObject;
  before: KubeObject | undefined;
}

export interface Store {
  /** The version of the last change. */
  version(): number;
  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined;
  /** In the order of namespace and name. */
  list(resource: Resource, namespace?: string): KubeObject[];
  byUid(uid: string): StoredRef | undefined;
  /** Objects that name the UID among their owners. */
  ownedBy(uid: string): StoredRef[];
  /** Stores what it is given (it must not change afterwards) with the next version. */
  put(resource: Resource, object: KubeObject): KubeObject;
  remove(resource: Resource, namespace: string | undefined, name: string): void;
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /** Changes of a resource after `version`; undefined when they are not remembered any more. */
  since(resource: Resource, version: number): StoreEvent[] | undefined;
  /** Forgets the changes up to now, as etcd's compaction does: older watches get 410. */
  compact(): void;
}

export interface StoredRef {
  resource: Resource;
  namespace: string | undefined;
  name: string;
}

const FIRST_VERSION = 1000;

function keyOf(resource: Resource): string {
  return `${resource.apiVersion}/${resource.plural}`;
}

function owners(object: KubeObject | undefined): string[] {
  return (object?.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

/** The objects of a resource in a namespace. */
interface Table {
  get(name: string): KubeObject | undefined;
  put(name: string, object: KubeObject): void;
  remove(name: string): void;
  /** By name. A new list after every change. */
  sorted(): KubeObject[];
}

function createTable(): Table {
  const objects = new Map<string, KubeObject>();
  let list: KubeObject[] | undefined;
  return {
    get: (name) => objects.get(name),
    put(name, object) {
      objects.set(name, object);
      list = undefined;
    },
    remove(name) {
      objects.delete(name);
      list = undefined;
    },
    sorted: () => (list ??= [...objects.keys()].toSorted().flatMap((name) => objects.get(name) ?? [])),
  };
}

/**
 * Objects by resource, namespace and name, one counter of versions and a window of the last changes. Nothing is copied:
 * what is stored or handed out must never be written to.
 */
export function createStore(window: number): Store {
  const tables = new Map<string, Map<string, Table>>();
  const uids = new Map<string, StoredRef>();
  const dependents = new Map<string, Map<string, StoredRef>>();
  const listeners = new Set<(event: StoreEvent) => void>();
  let history: StoreEvent[] = [];
  let version = FIRST_VERSION;
  let forgotten = FIRST_VERSION;

  function table(resource: Resource, namespace: string): Table {
    const key = keyOf(resource);
    const spaces = tables.get(key) ?? new Map<string, Table>();
    tables.set(key, spaces);
    const present = spaces.get(namespace) ?? createTable();
    spaces.set(namespace, present);
    return present;
  }

  function index(ref: StoredRef, before: KubeObject | undefined, after: KubeObject | undefined): void {
    const id = `${keyOf(ref.resource)}/${ref.namespace ?? ''}/${ref.name}`;
    if (before?.metadata.uid !== undefined) uids.delete(before.metadata.uid);
    if (after?.metadata.uid !== undefined) uids.set(after.metadata.uid, ref);
    for (const uid of owners(before)) dependents.get(uid)?.delete(id);
    for (const uid of owners(after)) {
      const owned = dependents.get(uid) ?? new Map<string, StoredRef>();
      dependents.set(uid, owned);
      owned.set(id, ref);
    }
  }

  function record(event: StoreEvent): void {
    history.push(event);
    if (history.length > 2 * window) {
      const dropped = history.splice(0, history.length - window);
      forgotten = dropped.at(-1)?.version ?? forgotten;
    }
    for (const listener of listeners) listener(event);
  }

  return {
    version: () => version,
    get: (resource, namespace, name) => table(resource, namespace ?? '').get(name),
    list(resource, namespace) {
      if (namespace !== undefined) return table(resource, namespace).sorted();
      const spaces = tables.get(keyOf(resource)) ?? new Map<string, Table>();
      return [...spaces.keys()].toSorted().flatMap((space) => table(resource, space).sorted());
    },
    byUid: (uid) => uids.get(uid),
    ownedBy: (uid) => [...(dependents.get(uid)?.values() ?? [])],
    put(resource, object) {
      version += 1;
      const { name, namespace } = object.metadata;
      const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
      const objects = table(resource, namespace ?? '');
      const before = objects.get(name);
      objects.put(name, stored);
      index({ resource, namespace, name }, before, stored);
      record({ version, type: before === undefined ? 'ADDED' : 'MODIFIED', resource, object: stored, before });
      return stored;
    },
    remove(resource, namespace, name) {
      const objects = table(resource, namespace ?? '');
      const before = objects.get(name);
      if (before === undefined) return;
      version += 1;
      objects.remove(name);
      index({ resource, namespace, name }, before, undefined);
      const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } };
      record({ version, type: 'DELETED', resource, object, before });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    since(resource, from) {
      if (from < forgotten) return undefined;
      const key = keyOf(resource);
      return history.filter((event) => event.version > from && keyOf(event.resource) === key);
    },
    compact() {
      history = [];
      forgotten = version;
    },
  };
}
