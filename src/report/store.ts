import { API_VERSION, KIND, RELEASE_LABEL, REPORTS_LABEL } from '../api/names.ts';
import type { KubeApi } from '../kube/api.ts';
import { findObject } from '../kube/find.ts';
import { type ConfigMap, type OwnerReference, resources } from '../kube/object.ts';
import { bounded, mostBytes } from './bounded.ts';
import { reportsName } from './kept.ts';

/** A CanaryRelease, this one and no later one of the same name. */
export interface Owner {
  namespace: string;
  name: string;
  uid: string;
}

export interface Writing {
  key: string;
  bytes: Buffer;
  /** Never in place of one that is there. */
  onlyIfAbsent: boolean;
}

/** `Refused`: something else has the name, and is left as it is. */
export type Stored = 'Written' | 'Unchanged' | 'Refused';

/**
 * Adds records to the ConfigMap of a CanaryRelease, which goes with it. The write is conditional on what was read: a
 * Conflict is thrown, and worth a retry.
 */
export async function storeRecords(
  api: KubeApi,
  owner: Owner,
  records: readonly Writing[],
  keep: number,
): Promise<Stored> {
  const { namespace, name, uid } = owner;
  const map = await findObject<ConfigMap>(api, resources.configMaps, { namespace, name: reportsName(name) });
  if (map !== undefined && map.metadata.labels?.[REPORTS_LABEL] !== 'true') return 'Refused';
  if (map !== undefined && !(map.metadata.ownerReferences ?? []).some((reference) => reference.uid === uid))
    throw new Error(`ConfigMap ${namespace}/${reportsName(name)} is of an earlier CanaryRelease and has to go first`);
  const binaryData = changes(map?.binaryData ?? {}, records, keep);
  if (Object.keys(binaryData).length === 0) return 'Unchanged';
  if (map === undefined) await api.create(resources.configMaps, { ...emptyMap(owner), binaryData });
  else {
    const metadata = { resourceVersion: map.metadata.resourceVersion };
    const ref = { namespace, name: reportsName(name) };
    await api.patch(resources.configMaps, ref, { metadata, binaryData }, { type: 'merge' });
  }
  return 'Written';
}

/** base64 by key; null: it goes. */
function changes(
  before: Record<string, string>,
  records: readonly Writing[],
  keep: number,
): Record<string, string | null> {
  const all = new Map<string, Buffer>(Object.entries(before).map(([key, text]) => [key, Buffer.from(text, 'base64')]));
  for (const { key, bytes, onlyIfAbsent } of records) if (!onlyIfAbsent || !all.has(key)) all.set(key, bytes);
  const after = bounded(all, { keep, bytes: mostBytes });
  const changed: Record<string, string | null> = {};
  for (const key of Object.keys(before)) if (!after.has(key)) changed[key] = null;
  for (const [key, bytes] of after) {
    const text = bytes.toString('base64');
    if (before[key] !== text) changed[key] = text;
  }
  return changed;
}

function emptyMap({ namespace, name, uid }: Owner): ConfigMap {
  const owner: OwnerReference = {
    apiVersion: API_VERSION,
    kind: KIND,
    name,
    uid,
    controller: false,
    blockOwnerDeletion: false,
  };
  return {
    apiVersion: resources.configMaps.apiVersion,
    kind: resources.configMaps.kind,
    metadata: {
      name: reportsName(name),
      namespace,
      labels: {
        [REPORTS_LABEL]: 'true',
        [RELEASE_LABEL]: name,
        'app.kubernetes.io/managed-by': 'tandem',
      },
      ownerReferences: [owner],
    },
  };
}
