import type { KubeObject } from '../../kube/object.ts';
import { asList, type Fields, isFields } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { compare } from './compare.ts';
import { difference, emptySet, type FieldSet, fromFieldsV1, isEmptySet, toFieldsV1, union } from './field-set.ts';
import { structureOf } from './structure.ts';

/** Who set which fields, as in metadata.managedFields. */
export interface Manager {
  manager: string;
  operation: 'Apply' | 'Update';
  subresource: string;
  apiVersion: string;
  time: string;
  fields: FieldSet;
}

export interface Writing {
  manager: string;
  subresource: string;
  time: string;
}

/** Nobody owns these. */
const UNMANAGED = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
];

export function readManagers(object: KubeObject): Manager[] {
  return asList(object.metadata['managedFields'])
    .filter(isFields)
    .map((entry) => ({
      manager: textOf(entry['manager']),
      operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
      subresource: textOf(entry['subresource']),
      apiVersion: textOf(entry['apiVersion']),
      time: textOf(entry['time']),
      fields: fromFieldsV1(entry['fieldsV1']),
    }));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function entryOf(manager: Manager): Fields {
  const { subresource, fields, ...rest } = manager;
  const entry = { ...rest, fieldsType: 'FieldsV1', fieldsV1: toFieldsV1(fields) };
  return subresource === '' ? entry : { ...entry, subresource };
}

/** Nobody owns the metadata as such. */
function withoutMetadata(manager: Manager): Manager {
  const metadata = manager.fields.children.get('f:metadata');
  if (metadata?.member !== true) return manager;
  const children = new Map(manager.fields.children);
  if (metadata.children.size === 0) children.delete('f:metadata');
  else children.set('f:metadata', { ...metadata, member: false });
  return { ...manager, fields: { ...manager.fields, children } };
}

export function writeManagers(object: KubeObject, managers: Manager[]): void {
  const left = managers.map(withoutMetadata).filter(({ fields }) => !isEmptySet(fields));
  if (left.length > 0) object.metadata['managedFields'] = left.map(entryOf);
  else delete object.metadata['managedFields'];
}

/** Whether nobody owns a field of the metadata. */
export function isUnmanaged(name: string): boolean {
  return UNMANAGED.includes(name);
}

/** The object without what nobody owns, and without status where only a write to /status may change it. */
export function managedPart(kind: Kind, object: KubeObject | undefined, subresource: string): Fields | undefined {
  if (object === undefined) return undefined;
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  if (kind.status && subresource !== 'status') delete rest['status'];
  const kept = Object.entries(metadata).filter(([name]) => !isUnmanaged(name));
  return kept.length === 0 ? rest : { ...rest, metadata: Object.fromEntries(kept) };
}

function isSame(a: Manager, b: Omit<Manager, 'fields' | 'time'>): boolean {
  return a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource;
}

/** The managers after one of them, by an ordinary write, made `after` of `before`: what it wrote is its own. */
export function afterUpdate(
  kind: Kind,
  before: KubeObject | undefined,
  after: KubeObject,
  writing: Writing,
): Manager[] {
  const structure = structureOf(kind);
  const { written, removed } = compare(
    managedPart(kind, before, writing.subresource) ?? kind.empty,
    managedPart(kind, after, writing.subresource),
    structure,
  );
  const managers = before === undefined ? [] : readManagers(before);
  if (isEmptySet(written) && isEmptySet(removed)) return managers;
  const own = {
    manager: writing.manager,
    operation: 'Update' as const,
    subresource: writing.subresource,
    apiVersion: kind.apiVersion,
  };
  const present = managers.find((manager) => isSame(manager, own));
  const others = managers
    .filter((manager) => manager !== present)
    .map((manager) => ({ ...manager, fields: difference(difference(manager.fields, written), removed) }));
  const fields = difference(union(present?.fields ?? emptySet(), written), removed);
  return [...others, { ...own, time: writing.time, fields }];
}

/** The field manager of the sandbox's own controllers: what they write is left out, for nobody asks and it takes time. */
export const CONTROLLERS = 'kube-controller-manager';

/** Puts the managers after an ordinary write into `after`. */
export function track(kind: Kind, before: KubeObject | undefined, after: KubeObject, writing: Writing): void {
  if (kind.tracked && writing.manager !== CONTROLLERS) writeManagers(after, afterUpdate(kind, before, after, writing));
}
