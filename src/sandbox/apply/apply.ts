import { ApiError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { clone, equal, type Fields, isFields } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { unclassified } from '../server/failures.ts';
import { compare, fieldsOf, withNamedFields, without } from './compare.ts';
import {
  difference,
  type FieldSet,
  intersection,
  isEmptySet,
  pathsOf,
  stepText,
  toFieldsV1,
  union,
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
  const present = new Map(live.map((item) => [idOf(item), item]));
  const wanted = applied.map((item) => ({
    id: idOf(item),
    item: mergeValue(present.get(idOf(item)), item, structure.item()),
  }));
  return inOrder(
    live.map((item) => ({ id: idOf(item), item })),
    wanted,
  );
}

interface Identified {
  id: string;
  item: unknown;
}

/** What only the server has stays before what comes after it; of what both have the order is the applier's. */
function inOrder(live: Identified[], wanted: Identified[]): unknown[] {
  const known = new Set(live.map(({ id }) => id));
  const applied = new Set(wanted.map(({ id }) => id));
  const shared = wanted.filter(({ id }) => known.has(id)).map(({ id }) => id);
  const merged: unknown[] = [];
  let [here, next] = [0, 0];
  while (here < live.length || next < wanted.length) {
    const [ours, theirs] = [live[here], wanted[next]];
    const isTheirTurn = theirs !== undefined && ours !== undefined && ours.id === theirs.id;
    if (ours !== undefined && !applied.has(ours.id)) {
      merged.push(ours.item);
      here += 1;
    } else if (!isTheirTurn && theirs !== undefined && ours !== undefined && ours.id !== shared[0]) {
      here += 1;
    } else if (theirs !== undefined) {
      merged.push(theirs.item);
      if (theirs.id === shared[0]) shared.shift();
      if (isTheirTurn) here += 1;
      next += 1;
    } else here += 1;
  }
  return merged;
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
  const [only] = causes;
  const lists = conflicts.map(
    (conflict) => `conflicts with ${nameOf(conflict.manager)}:\n- ${pathsOf(conflict.fields).join('\n- ')}`,
  );
  const message =
    causes.length === 1 && only !== undefined
      ? `Apply failed with 1 conflict: ${only.message}: ${only.field}`
      : `Apply failed with ${causes.length} conflicts: ${lists.join('\n')}`;
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

/**
 * Takes out what the manager set before and nobody sets now. First all that it had set goes, then what somebody owns comes
 * back, and with it what nobody owned.
 */
function prune(merged: Fields, last: FieldSet, owned: FieldSet, structure: Structure): Fields {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, structure);
  const left = (value: unknown): FieldSet => named(fieldsOf(value ?? {}, structure));
  const all = left(merged);
  const first = without(merged, named(last), structure);
  const unowned = difference(difference(all, left(first)), named(owned));
  const second = without(merged, unowned, structure);
  const gone = intersection(difference(all, left(second)), named(last));
  return (without(merged, gone, structure) ?? {}) as Fields;
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
  const sent = managedPart(kind, applied, writing.subresource);
  // Null says nothing in Kubernetes' own types.
  const wanted = (kind.builtin ? withoutNulls(sent) : sent) as Fields;
  const doubled = duplicates(wanted, structure, '');
  if (doubled !== undefined) throw unclassified(`failed to create typed patch object: ${doubled}`);
  const { manager: name, subresource, time } = writing;
  const own = { manager: name, operation: 'Apply' as const, subresource, apiVersion: kind.apiVersion };
  const managers = live === undefined ? [] : readManagers(live);
  const present = managers.find(
    (one) => one.manager === name && one.operation === 'Apply' && one.subresource === subresource,
  );
  const fields = fieldsOf(wanted, structure);
  const before = managedPart(kind, live, writing.subresource) ?? kind.empty;
  const merged = mergeValue(before, clone(wanted), structure) as Fields;
  const others = managers.filter((one) => one !== present);
  const owned = others.reduce((all, { fields: theirs }) => union(all, theirs), fields);
  const pruned = present === undefined ? merged : prune(merged, present.fields, owned, structure);
  const { written, removed } = compare(before, pruned, structure);
  const conflicts = others
    .map((manager) => ({ manager, fields: intersection(manager.fields, written) }))
    .filter((conflict) => !isEmptySet(conflict.fields));
  if (conflicts.length > 0 && !writing.force) throw conflictError(conflicts);
  const kept = others.map((manager) => ({
    ...manager,
    fields: difference(difference(manager.fields, written), removed),
  }));
  const result = rebuild(live ?? applied, pruned);
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
