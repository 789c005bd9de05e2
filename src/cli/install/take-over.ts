import type { KubeApi } from '../../kube/api.ts';
import { isConflict } from '../../kube/errors.ts';
import { findObject } from '../../kube/find.ts';
import type { KubeObject } from '../../kube/object.ts';
import { type Placed, refOf } from './cluster.ts';

/** Names under which kubectl writes whole manifests. What a person edits, scales or sets by hand has others, and stays theirs. */
const kubectl = ['kubectl', 'kubectl-client-side-apply', 'kubectl-create', 'kubectl-replace', 'before-first-apply'];
/** A controller may write its status meanwhile. */
const attempts = 5;

interface Fields {
  [step: string]: Fields;
}

/** As in metadata.managedFields. */
export interface ManagerEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Fields;
  subresource?: string;
}

/**
 * Writes down that what kubectl applied is this program's from now on, as kubectl itself does where it goes over from
 * client-side to server-side apply: else both own each field, and every later change of one is a conflict. Fields that
 * the next apply does not name any more then go.
 */
export async function takeOver(api: KubeApi, { resource, wanted }: Placed, manager: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const live = await findObject<KubeObject>(api, resource, refOf(wanted));
    const entries = live === undefined ? undefined : handedOver(managersOf(live), manager, wanted.apiVersion);
    if (live === undefined || entries === undefined) return;
    const patch = [
      { op: 'replace', path: '/metadata/managedFields', value: entries },
      { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    ];
    try {
      await api.patch(resource, refOf(wanted), patch, { type: 'json' });
      return;
    } catch (error) {
      if (!isConflict(error) || attempt === attempts) throw error;
    }
  }
}

function managersOf({ metadata }: KubeObject): ManagerEntry[] {
  return (metadata['managedFields'] ?? []) as ManagerEntry[];
}

/** The entries with kubectl's fields in the manager's own; undefined where kubectl has none. Pure. */
export function handedOver(
  entries: readonly ManagerEntry[],
  manager: string,
  apiVersion: string,
): ManagerEntry[] | undefined {
  const isWhole = (entry: ManagerEntry): boolean => (entry.subresource ?? '') === '' && entry.apiVersion === apiVersion;
  const given = entries.filter((entry) => isWhole(entry) && kubectl.includes(entry.manager ?? ''));
  if (given.length === 0) return undefined;
  const isOwn = (entry: ManagerEntry): boolean =>
    isWhole(entry) && entry.manager === manager && entry.operation === 'Apply';
  const own = entries.find(isOwn);
  const fieldsV1 = [...given, ...(own === undefined ? [] : [own])]
    .map(({ fieldsV1 = {} }) => fieldsV1)
    .reduce(union, {});
  const time = own?.time ?? given[0]?.time;
  const merged = { manager, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1 };
  const others = entries.filter((entry) => !given.includes(entry) && entry !== own);
  return [{ ...merged, ...(time === undefined ? {} : { time }) }, ...others];
}

function union(one: Fields, other: Fields): Fields {
  const merged = { ...one };
  for (const [step, fields] of Object.entries(other)) merged[step] = union(merged[step] ?? {}, fields);
  return merged;
}
