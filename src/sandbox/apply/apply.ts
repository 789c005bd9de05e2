import { ApiError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { clone, equal, type Fields, isFields } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { interleave } from '../patch/interleave.ts';
import { compare, fieldsOf, without } from './compare.ts';
import {
  difference,
  emptySet,
  type FieldSet,
  intersection,
  isEmptySet,
  pathsOf,
  stepText,
  toFieldsV1,
} from './field-set.ts';
import { isUnmanaged, type Manager, managedPart, readManagers, type Writing, writeManagers } from './managers.ts';
import { itemStep, type Structure, structureOf } from './structure.ts';

function mergeValue(live: unknown, applied: unknown, structure: Structure): unknown {
  if (applied === undefined) return live;
  if (Array.isArray(applied) && Array.isArray(live)) return mergeList(live, applied, structure);
  if (!isFields(applied) || !isFields(live) || structure.atomicMap) return applied;
  const result: Fields = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    result[name] = mergeValue(live[name], value, structure.field(name));
  }
  return result;
}

function mergeList(live: unknown[], applied: unknown[], structure: Structure): unknown[] {
  const { list } = structure;
  if (list === 'atomic') return applied;
  const idOf = (item: unknown): string => itemStep(item, list);
  const merged = new Map(live.map((item) => [idOf(item), item]));
  for (const item of applied) merged.set(idOf(item), mergeValue(merged.get(idOf(item)), item, structure.item()));
  return interleave([...merged.values()], applied.map(idOf), live.map(idOf), idOf);
}

interface Conflict {
  manager: Manager;
  fields: FieldSet;
}

/** As the API server names a manager in a conflict. */
function nameOf({ manager, operation, subresource, apiVersion }: Manager): string {
  const where = subresource === '' ? '' : ` with subresource "${subresource}"`;
  return `"${manager}"${where}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}

function conflictError(conflicts: Conflict[]): ApiError {
  const causes = conflicts.flatMap(({ manager, fields }) =>
    pathsOf(fields).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${nameOf(manager)}`,
      field,
    })),
  );
  const [first] = causes;
  const list = causes.map(({ message, field }) => `${message}: ${field}`).join('\n- ');
  const message =
    causes.length === 1 && first !== undefined
      ? `Apply failed with 1 conflict: ${first.message}: ${first.field}`
      : `Apply failed with ${causes.length} conflicts:\n- ${list}`;
  return new ApiError(409, 'Conflict', message, { details: { causes } });
}

function duplicates(value: unknown, structure: Structure, path: string): string | undefined {
  if (Array.isArray(value)) {
    const { list } = structure;
    if (list === 'atomic') return undefined;
    const ids = value.map((item) => itemStep(item, list));
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) return `${path}: duplicate entries for key ${stepText(twice)}`;
    return first(value.map((item, index) => duplicates(item, structure.item(), `${path}[${index}]`)));
  }
  if (!isFields(value) || structure.atomicMap) return undefined;
  return first(
    Object.entries(value).map(([name, field]) => duplicates(field, structure.field(name), `${path}.${name}`)),
  );
}

function first(found: (string | undefined)[]): string | undefined {
  return found.find((one) => one !== undefined);
}

/** The fields that a manager set before and sets no longer, unless another manager sets them too. */
function abandoned(before: FieldSet, now: FieldSet, others: Manager[]): FieldSet {
  let left = difference(before, now);
  for (const { fields } of others) left = difference(left, fields);
  return left;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isFields(value)) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(entries.map(([name, field]) => [name, withoutNulls(field)]));
}

/**
 * Server-side apply: `applied` is all that the manager wants to own. Answers the merged object with its managers; throws
 * 409 with the fields that others own and that would change, unless `force`.
 */
export function applyObject(
  kind: Kind,
  live: KubeObject | undefined,
  applied: KubeObject,
  writing: Writing & { force: boolean },
): KubeObject {
  const structure = structureOf(kind);
  const wanted = withoutNulls(managedPart(kind, applied, writing.subresource)) as Fields;
  const doubled = duplicates(wanted, structure, '');
  if (doubled !== undefined)
    throw new ApiError(500, 'InternalError', `failed to create typed patch object: ${doubled}`);
  const { manager: name, subresource, time } = writing;
  const own = { manager: name, operation: 'Apply' as const, subresource, apiVersion: kind.apiVersion };
  const managers = live === undefined ? [] : readManagers(live);
  const present = managers.find(
    (one) => one.manager === name && one.operation === 'Apply' && one.subresource === subresource,
  );
  const fields = fieldsOf(wanted, structure);
  const before = managedPart(kind, live, writing.subresource) ?? {};
  const merged = mergeValue(before, clone(wanted), structure);
  const { written } = compare(before, merged, structure);
  const others = managers.filter((one) => one !== present);
  const conflicts = others
    .map((manager) => ({ manager, fields: intersection(manager.fields, written) }))
    .filter((conflict) => !isEmptySet(conflict.fields));
  if (conflicts.length > 0 && !writing.force) throw conflictError(conflicts);
  const kept = others.map((manager) => ({ ...manager, fields: difference(manager.fields, written) }));
  const pruned = without(merged, abandoned(present?.fields ?? emptySet(), fields, kept), structure);
  const result = rebuild(live ?? applied, pruned as Fields | undefined);
  const unchanged = present !== undefined && equal(toFieldsV1(present.fields), toFieldsV1(fields));
  const entry = { ...own, time: unchanged ? present.time : time, fields };
  writeManagers(result, live === undefined ? [entry] : inPlace(managers, present, entry, kept));
  return result;
}

/** The entry stays where it was, so that applying the same again changes nothing. */
function inPlace(managers: Manager[], present: Manager | undefined, entry: Manager, kept: Manager[]): Manager[] {
  const left = new Map(
    kept.map((manager) => [`${manager.manager}/${manager.operation}/${manager.subresource}`, manager]),
  );
  const ordered = managers.flatMap((manager) => {
    if (manager === present) return [entry];
    return left.get(`${manager.manager}/${manager.operation}/${manager.subresource}`) ?? [];
  });
  return present === undefined ? [...ordered, entry] : ordered;
}

/** The managed part with what nobody manages: identity, status, kind. */
function rebuild(base: KubeObject, managed: Fields | undefined): KubeObject {
  const { metadata, ...rest } = managed ?? {};
  const fixed = Object.fromEntries(Object.entries(base.metadata).filter(([name]) => isUnmanaged(name)));
  const { apiVersion, kind, status } = base;
  return {
    apiVersion,
    kind,
    ...(status === undefined ? {} : { status }),
    ...rest,
    metadata: { ...(isFields(metadata) ? metadata : {}), ...fixed, name: base.metadata.name },
  };
}

/** Whether a body is an object with a kind and metadata. */
export function isManifest(body: unknown): body is KubeObject {
  return isFields(body) && typeof body['kind'] === 'string' && isFields(body['metadata']);
}
