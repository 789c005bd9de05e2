import type { KubeObject } from './object.ts';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface Change<T extends KubeObject> {
  /** `namespace/name`, or `name` for cluster-wide objects. */
  key: string;
  type: ChangeType;
  /** The object as it is now; as it was last seen when it is deleted. */
  object: T;
  /** What it was before; undefined when it is added. */
  old: T | undefined;
}

/** Keys under which an object is found in an index. */
export type Indexer<T extends KubeObject> = (object: T) => string[];

/** Objects by key and by indexes. Every object is deeply frozen: whoever writes into the cache gets a TypeError. */
export interface Store<T extends KubeObject> {
  get(key: string): T | undefined;
  list(): T[];
  /** Throws when there is no index of this name. */
  byIndex(name: string, key: string): T[];
  size(): number;
  /** What changes: nothing when this version is known, delete and add when it is another object of the same name. */
  put(object: T): Change<T>[];
  remove(object: T): Change<T>[];
  /** Takes `objects` for all there are; deletes come first. */
  replaceAll(objects: Iterable<T>): Change<T>[];
}

/** `namespace/name`, or `name` for a cluster-wide object. */
export function keyOf(ref: { namespace?: string | undefined; name: string }): string {
  return ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name;
}

function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freezeDeep(inner);
}

/** One index: keys of objects by index key. */
class Index<T extends KubeObject> {
  private readonly keys = new Map<string, Set<string>>();
  private readonly indexer: Indexer<T>;

  constructor(indexer: Indexer<T>) {
    this.indexer = indexer;
  }

  add(key: string, object: T): void {
    for (const indexKey of this.indexer(object)) {
      const known = this.keys.get(indexKey) ?? new Set();
      this.keys.set(indexKey, known.add(key));
    }
  }

  delete(key: string, object: T): void {
    for (const indexKey of this.indexer(object)) {
      const known = this.keys.get(indexKey);
      known?.delete(key);
      if (known?.size === 0) this.keys.delete(indexKey);
    }
  }

  find(indexKey: string): Iterable<string> {
    return this.keys.get(indexKey) ?? [];
  }
}

export function createStore<T extends KubeObject>(indexers: Record<string, Indexer<T>> = {}): Store<T> {
  const objects = new Map<string, T>();
  const indexes = new Map(Object.entries(indexers).map(([name, indexer]) => [name, new Index<T>(indexer)]));

  function set(key: string, object: T): void {
    freezeDeep(object);
    objects.set(key, object);
    for (const index of indexes.values()) index.add(key, object);
  }

  function unset(key: string, object: T): void {
    objects.delete(key);
    for (const index of indexes.values()) index.delete(key, object);
  }

  function put(object: T): Change<T>[] {
    const key = keyOf(object.metadata);
    const old = objects.get(key);
    if (old === undefined) {
      set(key, object);
      return [{ key, type: 'ADDED', object, old }];
    }
    const { uid, resourceVersion } = object.metadata;
    const known = resourceVersion !== undefined && resourceVersion === old.metadata.resourceVersion;
    const same = uid === old.metadata.uid;
    if (known && same) return [];
    unset(key, old);
    set(key, object);
    if (same) return [{ key, type: 'MODIFIED', object, old }];
    return [
      { key, type: 'DELETED', object: old, old },
      { key, type: 'ADDED', object, old: undefined },
    ];
  }

  function removeKey(key: string, last?: T): Change<T>[] {
    const old = objects.get(key);
    if (old === undefined) return [];
    unset(key, old);
    freezeDeep(last);
    return [{ key, type: 'DELETED', object: last ?? old, old }];
  }

  return {
    get: (key) => objects.get(key),
    list: () => [...objects.values()],
    byIndex(name, indexKey) {
      const index = indexes.get(name);
      if (index === undefined) throw new Error(`there is no index ${JSON.stringify(name)}`);
      return [...index.find(indexKey)].flatMap((key) => objects.get(key) ?? []);
    },
    size: () => objects.size,
    put,
    remove: (object) => removeKey(keyOf(object.metadata), object),
    replaceAll(present) {
      const all = [...present];
      const keys = new Set(all.map(({ metadata }) => keyOf(metadata)));
      const gone = [...objects.keys()].filter((key) => !keys.has(key));
      return [...gone.flatMap((key) => removeKey(key)), ...all.flatMap((object) => put(object))];
    },
  };
}
