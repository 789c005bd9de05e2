import type { Clock } from '../../lib/clock.ts';
import type { KubeApi } from '../api.ts';
import { ApiError } from '../errors.ts';
import type { KubeObject } from '../object.ts';

/** What happens to one request on its way. */
export interface Weather {
  /** Milliseconds until the server gets it, and from there until the client gets the answer. */
  there: number;
  back: number;
  /** `lost`: the server never gets it. `unanswered`: it does what it is asked, and nobody hears of it. */
  fate: 'well' | 'lost' | 'unanswered';
}

/** After so long the client gives a request up, whatever became of it. */
const CLIENT_TIMEOUT_MS = 30_000;

/** One Lease behind a network with weather, in virtual time. Writes are conditional, as the API server's are. */
export interface LeaseServer {
  /** The API as one client sees it, whose requests meet the weather that `next` tells; dead clients get no answer. */
  connect(next: () => Weather): { api: Pick<KubeApi, 'get' | 'create' | 'replace'>; kill: () => void };
  lease(): KubeObject | undefined;
  /** As a person may. */
  remove(): void;
}

export function createLeaseServer(clock: Clock): LeaseServer {
  let lease: KubeObject | undefined;
  let version = 0;

  function store(object: KubeObject): KubeObject {
    version += 1;
    lease = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    return structuredClone(lease);
  }

  function current(): KubeObject {
    if (lease === undefined) throw new ApiError(404, 'NotFound', 'there is no lease');
    return lease;
  }

  function create(object: KubeObject): KubeObject {
    if (lease !== undefined) throw new ApiError(409, 'AlreadyExists', 'there is a lease');
    return store(object);
  }

  function replace(object: KubeObject): KubeObject {
    if (current().metadata.resourceVersion !== object.metadata.resourceVersion) {
      throw new ApiError(409, 'Conflict', 'the lease has been modified');
    }
    return store(object);
  }

  return {
    lease: () => lease,
    remove() {
      lease = undefined;
    },
    connect(next) {
      let dead = false;
      function send<T>(act: () => KubeObject): Promise<T> {
        const { there, back, fate } = next();
        return new Promise((resolve, reject) => {
          if (dead) return;
          const timeout = new ApiError(0, 'RequestTimeout', 'no answer within 30 s');
          const cancel = clock.after(CLIENT_TIMEOUT_MS, () => reject(timeout));
          const answer = (outcome: () => void): void => {
            if (fate === 'unanswered') return;
            clock.after(back, () => {
              cancel();
              if (!dead) outcome();
            });
          };
          if (fate === 'lost') return;
          clock.after(there, () => {
            try {
              const result = act() as T;
              answer(() => resolve(structuredClone(result)));
            } catch (error) {
              answer(() => reject(error as Error));
            }
          });
        });
      }
      return {
        api: {
          get: (_resource, _ref) => send(current),
          create: (_resource, object) => send(() => create(object)),
          replace: (_resource, object) => send(() => replace(object)),
        },
        kill() {
          dead = true;
        },
      };
    },
  };
}
