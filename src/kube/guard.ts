import type { Guarded, KubeApi } from './api.ts';
import { NotLeaderError } from './errors.ts';

/**
 * The same API, whose writes (dry runs included) reject with NotLeaderError while `canWrite` is false. It is asked when
 * a write is called and again just before each attempt leaves, so that no write waits for a connection or for a busy
 * server until somebody else leads.
 */
export function guardWrites(api: KubeApi, canWrite: () => boolean): KubeApi {
  const check = (): void => {
    if (!canWrite()) throw new NotLeaderError();
  };
  function guarded<O extends Guarded>(options: O): O {
    const { beforeAttempt } = options;
    return {
      ...options,
      beforeAttempt() {
        check();
        beforeAttempt?.();
      },
    };
  }
  return {
    get: (resource, ref, options) => api.get(resource, ref, options),
    list: (resource, options) => api.list(resource, options),
    watch: (resource, options) => api.watch(resource, options),
    discover: (apiVersion) => api.discover(apiVersion),
    async create(resource, object, options = {}) {
      check();
      return api.create(resource, object, guarded(options));
    },
    async replace(resource, object, options = {}) {
      check();
      return api.replace(resource, object, guarded(options));
    },
    async patch(resource, ref, body, options) {
      check();
      return api.patch(resource, ref, body, guarded(options));
    },
    async delete(resource, ref, options = {}) {
      check();
      return api.delete(resource, ref, guarded(options));
    },
  };
}
