import { asList, clone, equal, type Fields, isFields } from '../json.ts';
import { badRequest } from '../server/failures.ts';
import { interleave } from './interleave.ts';
import { mergeKeyOf } from './list-keys.ts';

const DIRECTIVES = ['$patch', '$retainKeys'];
const ORDER = '$setElementOrder/';
const DELETE_VALUES = '$deleteFromPrimitiveList/';

function isDirective(key: string): boolean {
  return DIRECTIVES.includes(key) || key.startsWith(ORDER) || key.startsWith(DELETE_VALUES);
}

/** The fields of a patch without what only steers it. */
function withoutDirectives(patch: Fields): Fields {
  const plain: Fields = {};
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key) || value === null) continue;
    plain[key] = cleaned(value);
  }
  return plain;
}

/** A new value from a patch where nothing was to merge with. */
function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !(isFields(item) && item['$patch'] === 'delete')).map(cleaned);
  }
  return isFields(value) ? withoutDirectives(value) : value;
}

function retain(result: Fields, patch: Fields): void {
  const keep = patch['$retainKeys'];
  if (!Array.isArray(keep)) return;
  for (const key of Object.keys(result)) if (!keep.includes(key)) delete result[key];
}

function patchFields(target: Fields, patch: Fields, path: string[]): Fields {
  const result: Fields = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key)) continue;
    if (value === null) delete result[key];
    else result[key] = patchValue(result[key], value, [...path, key]);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_VALUES)) dropValues(result, key.slice(DELETE_VALUES.length), value);
    if (key.startsWith(ORDER)) order(result, key.slice(ORDER.length), value, path, target);
  }
  retain(result, patch);
  return result;
}

function dropValues(result: Fields, field: string, values: unknown): void {
  const list = result[field];
  if (Array.isArray(list) && Array.isArray(values)) result[field] = list.filter((value) => !values.includes(value));
}

function identity(item: unknown, key: string): unknown {
  return key === 'set' || !isFields(item) ? item : item[key];
}

function order(result: Fields, field: string, wanted: unknown, path: string[], target: Fields): void {
  const list = result[field];
  const key = mergeKeyOf([...path, field]);
  if (!Array.isArray(list) || !Array.isArray(wanted) || key === undefined) return;
  const server = asList(target[field]).map((item) => identity(item, key));
  result[field] = interleave(
    list,
    wanted.map((item) => identity(item, key)),
    server,
    (item) => identity(item, key),
  );
}

function patchValue(target: unknown, patch: unknown, path: string[]): unknown {
  if (Array.isArray(patch)) return patchList(Array.isArray(target) ? target : [], patch, path);
  if (!isFields(patch)) return patch;
  if (patch['$patch'] === 'replace') return withoutDirectives(patch);
  if (patch['$patch'] === 'delete') return {};
  return isFields(target) ? patchFields(target, patch, path) : patchFields({}, patch, path);
}

function patchList(target: unknown[], patch: unknown[], path: string[]): unknown {
  const key = mergeKeyOf(path);
  if (patch.some((item) => isFields(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !isFields(item) || item['$patch'] === undefined).map(cleaned);
  }
  if (key === undefined) return clone(patch);
  const idOf = (item: unknown): unknown => identity(item, key);
  let result = key === 'set' ? [...target, ...patch.filter((value) => !target.includes(value))] : [...target];
  if (key !== 'set') for (const item of patch) result = patchItem(result, item, key, path);
  return interleave(result, patch.map(idOf), target.map(idOf), idOf);
}

function patchItem(list: unknown[], item: unknown, key: string, path: string[]): unknown[] {
  if (!isFields(item) || item[key] === undefined) {
    throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key} (${path.join('.')})`);
  }
  const same = (other: unknown): boolean => isFields(other) && equal(other[key], item[key]);
  if (item['$patch'] === 'delete') return list.filter((other) => !same(other));
  if (!list.some(same)) return [...list, patchFields({}, item, path)];
  return list.map((other) => (same(other) ? patchValue(other, item, path) : other));
}

/** Kubernetes' strategic merge patch, for the kinds whose lists are known in list-keys.ts. Answers a new object. */
export function strategicPatch(target: Fields, patch: unknown): Fields {
  if (!isFields(patch)) throw badRequest('a strategic merge patch is an object');
  return patchValue(target, patch, []) as Fields;
}
