import { asList, equal, isFields } from '../json.ts';
import { emptySet, type FieldSet, isEmptySet } from './field-set.ts';
import { itemStep, type Structure } from './structure.ts';

function parts(
  value: unknown,
  structure: Structure,
): Map<string, { value: unknown; structure: Structure }> | undefined {
  if (Array.isArray(value)) {
    const { list } = structure;
    if (list === 'atomic') return undefined;
    return new Map(value.map((item) => [itemStep(item, list), { value: item, structure: structure.item() }]));
  }
  if (!isFields(value) || structure.atomicMap) return undefined;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return new Map(fields.map(([name, field]) => [`f:${name}`, { value: field, structure: structure.field(name) }]));
}

/** The paths that a value fills: its leaves, what is replaced as a whole, and the items of lists. */
export function fieldsOf(value: unknown, structure: Structure): FieldSet {
  const set = emptySet();
  const inside = parts(value, structure);
  if (inside === undefined || inside.size === 0) return { ...set, member: true };
  for (const [step, part] of inside) {
    const child = fieldsOf(part.value, part.structure);
    set.children.set(step, step.startsWith('f:') ? child : { ...child, member: true });
  }
  return set;
}

export interface Comparison {
  /** Added or changed. */
  written: FieldSet;
  removed: FieldSet;
}

/** Which paths differ between two states of a value. */
export function compare(before: unknown, after: unknown, structure: Structure): Comparison {
  if (equal(before, after)) return { written: emptySet(), removed: emptySet() };
  if (before === undefined) return { written: fieldsOf(after, structure), removed: emptySet() };
  if (after === undefined) return { written: emptySet(), removed: fieldsOf(before, structure) };
  const [old, now] = [parts(before, structure), parts(after, structure)];
  if (old === undefined || now === undefined) return { written: fieldsOf(after, structure), removed: emptySet() };
  const result: Comparison = { written: emptySet(), removed: emptySet() };
  for (const step of new Set([...old.keys(), ...now.keys()])) {
    const part = now.get(step) ?? old.get(step);
    const inner = compare(old.get(step)?.value, now.get(step)?.value, part?.structure ?? structure);
    if (!isEmptySet(inner.written)) result.written.children.set(step, inner.written);
    if (!isEmptySet(inner.removed)) result.removed.children.set(step, inner.removed);
  }
  return result;
}

/** Takes the paths of a set out of a value; undefined when nothing of it is left. Does not change its argument. */
export function without(value: unknown, set: FieldSet, structure: Structure): unknown {
  if (set.children.size === 0) return set.member ? undefined : value;
  if (Array.isArray(value)) {
    const { list } = structure;
    if (list === 'atomic') return value;
    const kept = asList(value).flatMap((item) => {
      const child = set.children.get(itemStep(item, list));
      if (child === undefined) return [item];
      const left = child.member ? undefined : without(item, child, structure.item());
      return left === undefined ? [] : [left];
    });
    return kept.length === 0 ? undefined : kept;
  }
  if (!isFields(value)) return value;
  const entries = Object.entries(value).flatMap(([name, field]) => {
    const child = set.children.get(`f:${name}`);
    const left = child === undefined ? field : without(field, child, structure.field(name));
    return left === undefined ? [] : [[name, left] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
