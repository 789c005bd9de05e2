import type { Clock } from '../lib/clock.ts';
import type { DeleteOptions, KubeApi, PatchType, WriteOptions } from './api.ts';
import type { ClusterConfig } from './config.ts';
import { isNotFound } from './errors.ts';
import { listAll } from './list.ts';
import type { Resource } from './object.ts';
import { collectionPath, groupVersionPath, objectPath, type Query } from './paths.ts';
import { type ClientMetrics, createSender, type Sender } from './sender.ts';
import { watchOnce } from './watch.ts';

const REQUEST_TIMEOUT_MS = 30_000;

const patchContentTypes: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

export interface KubeApiOptions {
  config: ClusterConfig;
  clock: Clock;
  /** Numbers in [0, 1). */
  random: () => number;
  /** `tandem` if absent. */
  fieldManager?: string;
  userAgent: string;
  metrics?: ClientMetrics;
  /** For one attempt, from its start to the last byte; watches have none once they began. 30 s if absent. */
  requestTimeoutMs?: number;
}

export interface HttpKubeApi extends KubeApi {
  /** Of the API server: v1.36.3. */
  version(): Promise<string | undefined>;
  /** Breaks off whatever runs; later calls fail. */
  close(): Promise<void>;
}

async function discover(sender: Sender, apiVersion: string): Promise<Resource[]> {
  interface ApiResourceList {
    resources?: { name: string; kind: string; namespaced: boolean }[];
  }
  try {
    const path = groupVersionPath(apiVersion);
    const { resources } = await sender.send<ApiResourceList>({ method: 'GET', path, idempotent: true });
    return (resources ?? [])
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ apiVersion, kind, plural: name, namespaced }));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function deleteBody(options: DeleteOptions): Record<string, unknown> {
  const { uid, resourceVersion } = options;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: options.propagationPolicy,
    gracePeriodSeconds: options.gracePeriodSeconds,
    preconditions: uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion },
  };
}

/**
 * KubeApi over HTTP: pooled connections, raw JSON in and out. Reads are repeated once on a broken connection; a 429 and
 * (where twice is as good as once) a 5xx with Retry-After are repeated as the server asks, five times at most.
 */
export function createKubeApi(options: KubeApiOptions): HttpKubeApi {
  const sender = createSender({ ...options, timeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS });
  const fieldManager = options.fieldManager ?? 'tandem';
  const writeQuery = (write: WriteOptions): Query => ({
    fieldManager,
    dryRun: write.dryRun === true ? 'All' : undefined,
  });
  return {
    get: async (resource, ref, options = {}) =>
      sender.send({
        method: 'GET',
        path: objectPath(resource, ref),
        idempotent: true,
        ...(options.metadataOnly === true ? { accept: METADATA_ONLY } : {}),
      }),
    list: async (resource, list = {}) => listAll(sender, resource, list),
    create: async (resource, object, write = {}) =>
      sender.send({
        method: 'POST',
        path: collectionPath(resource, object.metadata.namespace, writeQuery(write)),
        idempotent: false,
        body: object,
        beforeAttempt: write.beforeAttempt,
      }),
    replace: async (resource, object, write = {}) =>
      sender.send({
        method: 'PUT',
        path: objectPath(resource, object.metadata, undefined, writeQuery(write)),
        idempotent: true,
        body: object,
        beforeAttempt: write.beforeAttempt,
      }),
    patch: async (resource, ref, body, patch) =>
      sender.send({
        method: 'PATCH',
        path: objectPath(resource, ref, patch.subresource, {
          ...writeQuery(patch),
          force: patch.type === 'apply' ? patch.force : undefined,
        }),
        idempotent: patch.type !== 'json',
        body,
        contentType: patchContentTypes[patch.type],
        beforeAttempt: patch.beforeAttempt,
      }),
    async delete(resource, ref, remove = {}) {
      await sender.send({
        method: 'DELETE',
        path: objectPath(resource, ref),
        idempotent: true,
        body: deleteBody(remove),
        beforeAttempt: remove.beforeAttempt,
      });
    },
    watch: (resource, watch) => watchOnce(sender, options.clock, resource, watch),
    discover: async (apiVersion) => discover(sender, apiVersion),
    version: async () => {
      const { gitVersion } = await sender.send<{ gitVersion?: string }>({
        method: 'GET',
        path: '/version',
        idempotent: true,
      });
      return gitVersion;
    },
    close: () => sender.close(),
  };
}
