import type { KubeApi } from '../kube/api.ts';
import { isForbidden } from '../kube/errors.ts';
import { findObject, findReadable } from '../kube/find.ts';
import { type Deployment, resources } from '../kube/object.ts';
import type { Surroundings } from './snapshot.ts';

type Configs = Pick<Surroundings, 'configVersions' | 'unreadable'>;

/** What pods take their configuration from, and by which fields a template refers to it. */
const kinds = {
  ConfigMap: { resource: resources.configMaps, source: 'configMap', from: 'configMapRef', key: 'configMapKeyRef' },
  Secret: { resource: resources.secrets, source: 'secret', from: 'secretRef', key: 'secretKeyRef' },
} as const;
type Kind = keyof typeof kinds;

/** resourceVersions of what a template refers to; of contents nothing is asked. Rejects with any ApiError but 403 and 404. */
export async function configsOf(
  api: Pick<KubeApi, 'get'>,
  target: Deployment,
  trackSecrets: boolean,
): Promise<Configs> {
  const namespace = target.metadata.namespace ?? '';
  const metadataOnly = { metadataOnly: true };
  const configVersions: Record<string, string> = {};
  const unreadable: string[] = [];
  for (const name of referencedNames(target, 'ConfigMap')) {
    const config = await findReadable(api, kinds.ConfigMap.resource, { namespace, name }, metadataOnly);
    if (config?.metadata.resourceVersion !== undefined)
      configVersions[`ConfigMap/${name}`] = config.metadata.resourceVersion;
  }
  for (const name of trackSecrets ? referencedNames(target, 'Secret') : []) {
    try {
      const secret = await findObject(api, kinds.Secret.resource, { namespace, name }, metadataOnly);
      if (secret?.metadata.resourceVersion !== undefined)
        configVersions[`Secret/${name}`] = secret.metadata.resourceVersion;
    } catch (error) {
      // Asked for by the operator's configuration: that it may not is worth a word.
      if (!isForbidden(error)) throw error;
      unreadable.push(`Secret/${name}`);
    }
  }
  return { configVersions, unreadable };
}

/** ConfigMaps or Secrets that a template mounts or takes its environment from. */
export function referencedNames(target: Deployment, kind: Kind): string[] {
  const { source, from, key } = kinds[kind];
  const pod = target.spec.template.spec;
  const names = new Set<string>();
  for (const volume of pod.volumes ?? []) {
    collect(names, volume[source]);
    const projected = volume['projected'] as { sources?: Record<string, unknown>[] } | undefined;
    for (const part of projected?.sources ?? []) collect(names, part[source]);
  }
  for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
    for (const one of (container['envFrom'] ?? []) as Record<string, unknown>[]) collect(names, one[from]);
    for (const item of container.env ?? [])
      collect(names, (item['valueFrom'] as Record<string, unknown> | undefined)?.[key]);
  }
  return [...names].sort();
}

/** A volume of a Secret calls it secretName. */
function collect(names: Set<string>, reference: unknown): void {
  const { name, secretName } = (reference ?? {}) as { name?: unknown; secretName?: unknown };
  const found = name ?? secretName;
  if (typeof found === 'string' && found !== '') names.add(found);
}
