import { ApiError } from '../../kube/errors.ts';
import { clone, equal, type Fields, isFields } from '../json.ts';
import { badRequest } from '../server/failures.ts';

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

function segments(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw badRequest(`JSON patch: ${JSON.stringify(pointer)} is no JSON pointer`);
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function cannot(op: string, path: string, why: string): ApiError {
  const message = `the server rejected our request due to an error in our request: ${op} ${path}: ${why}`;
  return new ApiError(422, 'Invalid', message);
}

function listIndex(list: unknown[], part: string, op: string, path: string, allowEnd: boolean): number {
  if (part === '-' && allowEnd) return list.length;
  const index = /^\d+$/.test(part) ? Number(part) : Number.NaN;
  if (!(index >= 0 && index < list.length + (allowEnd ? 1 : 0))) {
    throw cannot(op, path, `index ${part} is not in a list of ${list.length}`);
  }
  return index;
}

function step(value: unknown, part: string, op: string, path: string): unknown {
  if (Array.isArray(value)) return (value as unknown[])[listIndex(value, part, op, path, false)];
  if (isFields(value) && value[part] !== undefined) return value[part];
  throw cannot(op, path, 'doc is missing path');
}

function valueAt(document: unknown, path: string, op: string): unknown {
  let here = document;
  for (const part of segments(path)) here = step(here, part, op, path);
  return here;
}

interface Place {
  parent: Fields | unknown[];
  last: string;
}

function placeOf(document: unknown, path: string, op: string): Place {
  const parts = segments(path);
  const last = parts.pop();
  let parent = document;
  for (const part of parts) parent = step(parent, part, op, path);
  if (last === undefined || typeof parent !== 'object' || parent === null) throw cannot(op, path, 'nothing is there');
  return { parent: parent as Fields | unknown[], last };
}

function add(document: unknown, path: string, value: unknown): void {
  const { parent, last } = placeOf(document, path, 'add');
  if (Array.isArray(parent)) parent.splice(listIndex(parent, last, 'add', path, true), 0, clone(value));
  else parent[last] = clone(value);
}

function remove(document: unknown, path: string, op: string): void {
  const { parent, last } = placeOf(document, path, op);
  if (Array.isArray(parent)) {
    parent.splice(listIndex(parent, last, op, path, false), 1);
    return;
  }
  if (parent[last] === undefined) throw cannot(op, path, 'nothing is there');
  delete parent[last];
}

function replace(document: unknown, path: string, value: unknown): void {
  const { parent, last } = placeOf(document, path, 'replace');
  if (Array.isArray(parent)) parent[listIndex(parent, last, 'replace', path, false)] = clone(value);
  else if (parent[last] === undefined) throw cannot('replace', path, 'doc is missing key');
  else parent[last] = clone(value);
}

function test(document: unknown, path: string, value: unknown): void {
  if (!equal(valueAt(document, path, 'test'), value)) throw cannot('test', path, 'testing value failed');
}

function applyOne(document: unknown, operation: Operation): void {
  const { op, path } = operation;
  switch (op) {
    case 'add':
      return add(document, path, operation.value);
    case 'remove':
      return remove(document, path, 'remove');
    case 'replace':
      return replace(document, path, operation.value);
    case 'test':
      return test(document, path, operation.value);
    case 'copy':
      return add(document, path, valueAt(document, operation.from ?? '', 'copy'));
    case 'move': {
      const value = clone(valueAt(document, operation.from ?? '', 'move'));
      remove(document, operation.from ?? '', 'move');
      return add(document, path, value);
    }
    default:
      throw badRequest(`JSON patch: unknown operation ${JSON.stringify(op)}`);
  }
}

/** RFC 6902 on a copy. Throws 422 when an operation does not apply, 400 for what is no patch. */
export function jsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  const result = clone(document);
  for (const operation of patch) {
    if (!isFields(operation) || typeof operation['path'] !== 'string' || typeof operation['op'] !== 'string') {
      throw badRequest('an operation of a JSON patch has `op` and `path`');
    }
    applyOne(result, operation as unknown as Operation);
  }
  return result;
}
