import { clone, equal, type Fields, isFields } from '../json.ts';
import type { Shape } from '../kinds/shape.ts';
import { badRequest } from '../server/failures.ts';
import { cannotPatch, checkOrder, DELETE_VALUES, ORDER, retainKeys, withoutDirectives } from './directives.ts';
import { interleave } from './interleave.ts';

type ListShape = Extract<Shape, { is: 'list' }>;

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
}

/** What is known of a field. Throws 500 where there is no such field to merge with. */
function lookUp(shape: Shape, key: string): Shape {
  if (shape.is === 'map') return shape.values;
  const found = shape.is === 'struct' ? shape.fields.get(key) : undefined;
  if (found !== undefined) return found;
  const owner = shape.is === 'struct' ? shape.name : shape.is;
  throw cannotPatch(`unable to find api field in struct ${owner} for the json field ${JSON.stringify(key)}`);
}

function listShape(shape: Shape, key: string): ListShape {
  const found = lookUp(shape, key);
  if (found.is === 'list') return found;
  throw cannotPatch(`${key}: the patch has a list where there is none`);
}

function identify({ patchKey }: ListShape): (item: unknown) => unknown {
  return (item) => (patchKey === undefined || patchKey === 'set' || !isFields(item) ? item : item[patchKey]);
}

/** Lists with their `$setElementOrder` come first, both are taken out of the patch. */
function mergeOrdered(original: Fields, patch: Fields, shape: Shape): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(ORDER)) continue;
    delete patch[directive];
    const key = directive.slice(ORDER.length);
    const [present, changed] = [original[key], patch[key]];
    const lists = [order, present ?? [], changed ?? []];
    if (!lists.every(Array.isArray)) throw cannotPatch(`${directive}: expected lists`);
    const wanted = order as unknown[];
    const list = listShape(shape, key);
    const idOf = identify(list);
    if (Array.isArray(changed) && changed.length > 0) checkOrder(changed, wanted, idOf);
    delete patch[key];
    if (present === undefined && changed === undefined) continue;
    const server = (present ?? []) as unknown[];
    const merged =
      changed === undefined
        ? server
        : present === undefined
          ? (withoutDirectives(changed) as unknown[])
          : mergeList(server, changed as unknown[], list);
    original[key] = interleave(merged, wanted.map(idOf), server.map(idOf), idOf);
  }
}

function mergeFields(original: Fields, patch: Fields, shape: Shape): Fields {
  const directive = patch['$patch'];
  if (directive === 'replace') {
    delete patch['$patch'];
    return patch;
  }
  if (directive === 'delete') return {};
  if (directive !== undefined) throw cannotPatch(`unknown patch type ${JSON.stringify(directive)}`);
  retainKeys(original, patch);
  mergeOrdered(original, patch, shape);
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(DELETE_VALUES)) dropValues(original, name.slice(DELETE_VALUES.length), value);
    else mergeField(original, name, value, shape);
  }
  return original;
}

function dropValues(original: Fields, key: string, values: unknown): void {
  if (!Array.isArray(values)) throw badRequest('invalid patch format of primitive list');
  const list = original[key];
  if (Array.isArray(list)) original[key] = list.filter((value) => !values.includes(value));
}

function mergeField(original: Fields, key: string, value: unknown, shape: Shape): void {
  const present = original[key];
  if (value === null) {
    delete original[key];
    return;
  }
  const isNew = present === undefined || kindOf(present) !== kindOf(value);
  if (!isNew && isFields(value)) original[key] = mergeFields(present as Fields, value, lookUp(shape, key));
  else if (!isNew && Array.isArray(value))
    original[key] = mergeList(present as unknown[], value, listShape(shape, key));
  else {
    const plain = withoutDirectives(value);
    if (plain === undefined) delete original[key];
    else original[key] = plain;
  }
}

function mergeList(original: unknown[], patch: unknown[], shape: ListShape): unknown[] {
  const { patchKey, item } = shape;
  if (patchKey === undefined) return patch;
  if (original.length + patch.length === 0) return original;
  const idOf = identify(shape);
  if (patchKey === 'set') {
    const merged = [...new Set([...original, ...patch])];
    return interleave(merged, patch.map(idOf), original.map(idOf), idOf);
  }
  const { server, plain } = applySpecial(original, patch, patchKey);
  const merged = [...server];
  for (const one of plain) {
    const index = merged.findIndex((other) => isFields(other) && equal(other[patchKey], one[patchKey]));
    if (index < 0) merged.push(one);
    else merged[index] = mergeFields(merged[index] as Fields, clone(one), item);
  }
  return interleave(merged, plain.map(idOf), server.map(idOf), idOf);
}

/** Does what the items with `$patch` say, and answers the others. */
function applySpecial(original: unknown[], patch: unknown[], key: string): { server: unknown[]; plain: Fields[] } {
  let server = original;
  let replaces = false;
  const plain: Fields[] = [];
  for (const one of patch) {
    if (!isFields(one)) throw cannotPatch(`expected objects in a list that is merged by ${key}`);
    const directive = one['$patch'];
    if (directive === 'replace') replaces = true;
    else if (directive !== undefined && directive !== 'delete') {
      throw cannotPatch(`unknown patch type ${JSON.stringify(directive)}`);
    } else if (one[key] === undefined && !replaces) {
      throw cannotPatch(`map: ${JSON.stringify(one)} does not contain declared merge key: ${key}`);
    } else if (directive === 'delete') {
      server = server.filter((other) => !(isFields(other) && equal(other[key], one[key])));
    } else plain.push(one);
  }
  return replaces ? { server: plain, plain: [] } : { server, plain };
}

/** Kubernetes' strategic merge patch on an object of this shape. Answers a new object. Throws 400 and 500. */
export function strategicPatch(target: Fields, patch: unknown, shape: Shape): Fields {
  if (!isFields(patch)) throw badRequest('a strategic merge patch is an object');
  return mergeFields(clone(target), clone(patch), shape);
}
