import type { Logger } from '../lib/log.ts';
import type { KubeObject } from './object.ts';
import { type Change, type ChangeType, keyOf } from './store.ts';

export type ChangeHandler<T extends KubeObject> = (
  key: string,
  type: ChangeType,
  object: T,
  old: T | undefined,
) => void | Promise<void>;

/** Calls handlers with changes; what one throws or rejects with is logged and hurts nobody. */
export interface Notifier<T extends KubeObject> {
  notify(changes: readonly Change<T>[]): void;
  /** Calls the handler with ADDED for each of `present` and from then on with what is notified, until the returned function is called. */
  add(handler: ChangeHandler<T>, present: readonly T[]): () => void;
}

export function createNotifier<T extends KubeObject>(log: Logger): Notifier<T> {
  const handlers = new Set<ChangeHandler<T>>();

  function call(handler: ChangeHandler<T>, { key, type, object, old }: Change<T>): void {
    const failed = (error: unknown): void => log.error({ error, key, type }, 'handler of a change failed');
    try {
      Promise.resolve(handler(key, type, object, old)).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  return {
    notify(changes) {
      for (const change of changes) for (const handler of handlers) call(handler, change);
    },
    add(handler, present) {
      handlers.add(handler);
      for (const object of present)
        call(handler, { key: keyOf(object.metadata), type: 'ADDED', object, old: undefined });
      return () => handlers.delete(handler);
    },
  };
}
