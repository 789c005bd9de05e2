import type { KubeList, KubeObject, Resource } from './object.ts';

/** The name of an object of a resource. `namespace` is absent for cluster-wide ones. */
export interface ObjectRef {
  namespace?: string;
  name: string;
}

export interface GetOptions {
  /** Leave out everything but metadata: contents that are not needed are not asked for. */
  metadataOnly?: boolean;
}

export interface ListOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface Guarded {
  /**
   * Called before each attempt to send the write, repetitions after a 429 included. What it throws ends the write and
   * reaches the caller as it is. See guardWrites.
   */
  beforeAttempt?: () => void;
}

export interface WriteOptions extends Guarded {
  /** Nothing is stored; the answer is what would have been. */
  dryRun?: boolean;
}

export type PatchType = 'merge' | 'json' | 'strategic' | 'apply';

export interface PatchOptions extends WriteOptions {
  type: PatchType;
  subresource?: 'status' | 'scale';
  /** Only for `apply`. */
  force?: boolean;
}

export interface DeleteOptions extends Guarded {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Refuses with Conflict when the object is another one. */
  uid?: string;
  resourceVersion?: string;
  gracePeriodSeconds?: number;
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

export interface WatchOptions extends ListOptions {
  resourceVersion?: string;
  /** Ask for the present objects as ADDED events first, ended by an annotated BOOKMARK (a watch-list). */
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
  /** Fails with ApiError 0/IdleTimeout when nothing arrives for so long: the connection is taken for dead. */
  idleTimeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * What Tandem asks of a Kubernetes API. Implemented over HTTP (client.ts) and in the process (sandbox). Every write
 * carries the field manager `tandem`. Every failure is an ApiError.
 */
export interface KubeApi {
  get<T extends KubeObject>(resource: Resource, ref: ObjectRef, options?: GetOptions): Promise<T>;
  /** All pages. */
  list<T extends KubeObject>(resource: Resource, options?: ListOptions): Promise<KubeList<T>>;
  create<T extends KubeObject>(resource: Resource, object: KubeObject, options?: WriteOptions): Promise<T>;
  /** PUT: the whole object, conditional when metadata.resourceVersion is set. */
  replace<T extends KubeObject>(resource: Resource, object: KubeObject, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource, ref: ObjectRef, body: unknown, options: PatchOptions): Promise<T>;
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** Ends when the server closes it; throws ApiError (410 included) when it cannot be served. */
  watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** The resources a group and version serves, empty when it serves none. */
  discover(apiVersion: string): Promise<Resource[]>;
}
