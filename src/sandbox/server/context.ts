import type { KubeObject } from '../../kube/object.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Registry } from '../kinds/registry.ts';
import type { Ids } from '../random.ts';
import type { Store } from '../store/store.ts';

/** Who sends a request. */
export interface Identity {
  username: string;
  groups?: string[];
}

export type Subresource = '' | 'status' | 'scale';

/** A write on its way to the store, as admission sees it. */
export interface Admitted {
  operation: 'CREATE' | 'UPDATE' | 'DELETE';
  kind: Kind;
  subresource: Subresource;
  namespace: string | undefined;
  name: string;
  user: Identity;
  dryRun: boolean;
  /** Mutating admission replaces it. Absent when it is deleted. */
  object: KubeObject | undefined;
  oldObject: KubeObject | undefined;
  /** The request's own options; of a deletion its propagation policy and preconditions. */
  options?: Record<string, unknown>;
}

export interface Admission {
  /** May replace `request.object`. Throws ApiError to refuse. */
  mutate(request: Admitted): void;
  /** Throws ApiError to refuse. */
  validate(request: Admitted): void;
}

/** What every operation of the server needs. */
export interface ServerContext {
  store: Store;
  registry: Registry;
  clock: Clock;
  ids: Ids;
  admission: Admission;
}

export interface WriteRequest {
  user: Identity;
  dryRun?: boolean;
  /** Field manager; `tandem` for the operator. */
  manager: string;
}
