import type { KubeApi, ObjectRef } from '../kube/api.ts';
import { isForbidden } from '../kube/errors.ts';
import { findObject } from '../kube/find.ts';
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
  const configVersions: Record<string, string> = {};
  const unreadable: string[] = [];
  for (const kind of trackSecrets ? (['ConfigMap', 'Secret'] as const) : (['ConfigMap'] as const)) {
    for (const name of referencedNames(target, kind)) {
      const found = await versionOf(api, kind, { namespace, name });
      if (found === undefined) continue;
      if (found !== 'Forbidden') configVersions[`${kind}/${name}`] = found.version;
      // Only Secrets are asked for by the operator's configuration: that it may not is worth a word.
      else if (kind === 'Secret') unreadable.push(`${kind}/${name}`);
    }
  }
  return { configVersions, unreadable };
}

async function versionOf(
  api: Pick<KubeApi, 'get'>,
  kind: Kind,
  ref: ObjectRef,
): Promise<{ version: string } | 'Forbidden' | undefined> {
  try {
    const object = await findObject(api, kinds[kind].resource, ref, { metadataOnly: true });
    const version = object?.metadata.resourceVersion;
    return version === undefined ? undefined : { version };
  } catch (error) {
    if (isForbidden(error)) return 'Forbidden';
    throw error;
  }
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
