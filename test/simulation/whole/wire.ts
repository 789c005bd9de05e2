import type { DeleteOptions, Guarded, KubeApi, WatchEvent, WatchOptions, WriteOptions } from '../../../src/kube/api.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import { retryDelay } from '../../../src/kube/retry.ts';
import { sleep } from '../../../src/lib/clock.ts';
import { attempt, type Effect, isWrite, type Sent, type WireOptions } from './attempt.ts';
import { watchOverWire } from './wire-watch.ts';

/** The API as a process reaches it, with the client's own repetitions (see retry.ts). */
export function createWire(options: WireOptions): KubeApi {
  const { api, process } = options;

  async function send<T>(
    part: Omit<Sent, 'process' | 'dryRun'> & { dryRun?: boolean | undefined },
    effect: Effect<T>,
    guard: Guarded = {},
  ): Promise<T> {
    const sent: Sent = { ...part, process: process.name, dryRun: part.dryRun === true };
    const request = { safe: !isWrite(sent), idempotent: sent.verb !== 'create' };
    for (let attempts = 0; ; attempts += 1) {
      guard.beforeAttempt?.();
      try {
        return await attempt(sent, options, effect);
      } catch (error) {
        const delay = retryDelay(error, request, attempts, options.chance.next);
        if (delay === undefined) throw error;
        if (delay > 0) await sleep(process.clock, delay);
      }
    }
  }

  function sendObject<T>(
    verb: 'create' | 'replace',
    resource: Resource,
    object: KubeObject,
    { beforeAttempt, ...write }: WriteOptions,
    effect: (write: WriteOptions) => Promise<T>,
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    const part = { verb, resource, namespace, name, subresource: undefined, body: object, ...write };
    return send(part, () => effect(write), guardOf(beforeAttempt));
  }

  const none = { subresource: undefined, body: undefined };
  return {
    get: async <T extends KubeObject>(resource: Resource, ref: { namespace?: string; name: string }) =>
      send({ verb: 'get', resource, namespace: ref.namespace, name: ref.name, ...none }, () =>
        api.get<T>(resource, ref),
      ),
    list: async <T extends KubeObject>(resource: Resource, list = {}) =>
      send({ verb: 'list', resource, namespace: undefined, name: undefined, ...none }, () =>
        api.list<T>(resource, list),
      ),
    discover: async (apiVersion) =>
      send({ verb: 'discover', resource: undefined, namespace: undefined, name: undefined, ...none }, () =>
        api.discover(apiVersion),
      ),
    create: async <T extends KubeObject>(resource: Resource, object: KubeObject, given: WriteOptions = {}) =>
      sendObject('create', resource, object, given, (write) => api.create<T>(resource, object, write)),
    replace: async <T extends KubeObject>(resource: Resource, object: KubeObject, given: WriteOptions = {}) =>
      sendObject('replace', resource, object, given, (write) => api.replace<T>(resource, object, write)),
    patch: async <T extends KubeObject>(...[resource, ref, body, given]: Parameters<KubeApi['patch']>) => {
      const { beforeAttempt, ...write } = given;
      const { subresource, dryRun } = write;
      const part = {
        verb: 'patch',
        resource,
        namespace: ref.namespace,
        name: ref.name,
        subresource,
        dryRun,
        body,
      } as const;
      return send(part, () => api.patch<T>(resource, ref, body, write), guardOf(beforeAttempt));
    },
    delete: async (resource, ref, { beforeAttempt, ...given }: DeleteOptions = {}) => {
      const part = {
        verb: 'delete',
        resource,
        namespace: ref.namespace,
        name: ref.name,
        subresource: undefined,
      } as const;
      return send({ ...part, body: given }, () => api.delete(resource, ref, given), guardOf(beforeAttempt));
    },
    watch: <T extends KubeObject>(resource: Resource, watch: WatchOptions): AsyncIterable<WatchEvent<T>> =>
      watchOverWire<T>(resource, watch, options),
  };
}

function guardOf(beforeAttempt: (() => void) | undefined): Guarded {
  return beforeAttempt === undefined ? {} : { beforeAttempt };
}
