import type { KubeObject, Resource } from '../../kube/object.ts';
import type { Clock } from '../../lib/clock.ts';
import type { StoreEvent } from '../store/store.ts';

/** What the caches of the controllers know: of some kinds the store as it was a while ago. */
export interface LateView {
  /** Whether objects of this kind are read from here. */
  covers(resource: Resource): boolean;
  get(resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined;
  list(resource: Resource, namespace?: string): KubeObject[];
  /** Takes a change in, now or later, in the order of changes; then tells of it. */
  take(event: StoreEvent, then: () => void): void;
}

interface Cache {
  objects: Map<string, KubeObject>;
  /** When the last change that is on its way arrives, on the clock's own scale. */
  dueAt: number;
  /** On their way, oldest first: two that are due together must not change places. */
  waiting: (() => void)[];
}

/** @param behindMs how late the next change of a kind comes; none comes before one that was made earlier */
export function createLateView(clock: Clock, kinds: readonly Resource[], behindMs: () => number): LateView {
  const caches = new Map<string, Cache>(
    kinds.map(({ plural }) => [plural, { objects: new Map(), dueAt: 0, waiting: [] }]),
  );
  const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

  function put({ objects }: Cache, { type, object }: StoreEvent): void {
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, object);
  }

  return {
    covers: ({ plural }) => caches.has(plural),
    get: ({ plural }, namespace, name) => caches.get(plural)?.objects.get(keyOf(namespace, name)),
    list: ({ plural }, namespace) =>
      [...(caches.get(plural)?.objects.values() ?? [])].filter(
        ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
      ),
    take(event, then) {
      const cache = caches.get(event.resource.plural);
      if (cache === undefined) return then();
      const late = behindMs();
      if (late === 0 && cache.waiting.length === 0) {
        put(cache, event);
        return then();
      }
      cache.dueAt = Math.max(cache.dueAt, clock.now() + late);
      cache.waiting.push(() => {
        put(cache, event);
        then();
      });
      clock.after(cache.dueAt - clock.now(), () => cache.waiting.shift()?.());
    },
  };
}
