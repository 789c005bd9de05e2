import type { ApiError } from '../../kube/errors.ts';
import { equal, type Fields, isFields } from '../json.ts';
import { badRequest, unclassified } from '../server/failures.ts';

export const ORDER = '$setElementOrder/';
export const DELETE_VALUES = '$deleteFromPrimitiveList/';
const RETAIN = '$retainKeys';

/** What the API server answers to a patch that contradicts itself. */
export function cannotPatch(message: string): ApiError {
  return unclassified(message);
}

function isDirective(key: string): boolean {
  return key === '$patch' || key === RETAIN || key.startsWith(ORDER) || key.startsWith(DELETE_VALUES);
}

/** A new value from a patch where nothing was to merge with; undefined when it is nothing but a directive. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((item) => item !== undefined);
  }
  if (!isFields(value)) return value;
  if (value['$patch'] === 'delete') return undefined;
  const entries = Object.entries(value).flatMap(([key, field]): [string, unknown][] => {
    if (isDirective(key) || field === null) return [];
    const left = withoutDirectives(field);
    return left === undefined ? [] : [[key, left]];
  });
  return Object.fromEntries(entries);
}

/** Drops the fields that `$retainKeys` does not name. Writes to both. Throws 400 where the patch sets others. */
export function retainKeys(original: Fields, patch: Fields): void {
  if (!(RETAIN in patch)) return;
  const keep = patch[RETAIN];
  delete patch[RETAIN];
  const wrong = badRequest('invalid patch format of retainKeys list: it must name all fields that the patch sets');
  if (!Array.isArray(keep)) throw wrong;
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null && !isDirective(key) && !keep.includes(key)) throw wrong;
  }
  for (const key of Object.keys(original)) if (!keep.includes(key)) delete original[key];
}

/** The items of a patched list have to come in the order that `$setElementOrder` gives them. Throws 500. */
export function checkOrder(list: unknown[], order: unknown[], idOf: (item: unknown) => unknown): void {
  const left = list.filter((item) => !(isFields(item) && item['$patch'] === 'delete'));
  let next = 0;
  for (const item of order) if (next < left.length && equal(idOf(left[next]), idOf(item))) next += 1;
  if (next === left.length) return;
  throw cannotPatch(
    `The order in patch list:\n${JSON.stringify(list)}\n doesn't match $setElementOrder list:\n${JSON.stringify(order)}\n`,
  );
}
