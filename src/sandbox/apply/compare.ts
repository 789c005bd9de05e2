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

/** The paths that a value fills, for what an applier owns: its leaves, what is replaced as a whole, the items of lists. */
export function fieldsOf(value: unknown, structure: Structure): FieldSet {
  const inside = parts(value, structure);
  if (inside === undefined) return { ...emptySet(), member: true };
  const set = emptySet();
  for (const [step, part] of inside) {
    const child = fieldsOf(part.value, part.structure);
    const named = step.startsWith('f:') && structure.isField(step.slice(2)) && !isNothing(part.value);
    const whole = named ? child : { ...child, member: true };
    if (!isEmptySet(whole)) set.children.set(step, whole);
  }
  return set;
}

/** Null, or an object without fields: there is nothing in it that could be owned. */
function isNothing(value: unknown): boolean {
  return value === null || (isFields(value) && Object.keys(value).length === 0);
}

export interface Comparison {
  /** Added or changed. */
  written: FieldSet;
  removed: FieldSet;
}

function leaf(before: unknown, after: unknown): Comparison {
  const member = { ...emptySet(), member: true };
  if (after === undefined) return { written: emptySet(), removed: member };
  return { written: equal(before, after) ? emptySet() : member, removed: emptySet() };
}

/** What is in a value, nothing where there is none; undefined for what is compared as a whole. */
function inside(value: unknown, structure: Structure): ReturnType<typeof parts> {
  return value === undefined || value === null ? new Map() : parts(value, structure);
}

/** Which paths differ between two states of a value. What is new or gone as a whole is in it with all its parts. */
export function compare(before: unknown, after: unknown, structure: Structure): Comparison {
  if (equal(before, after)) return { written: emptySet(), removed: emptySet() };
  const [old, now] = [inside(before, structure), inside(after, structure)];
  if (old === undefined || now === undefined || old.size + now.size === 0) return leaf(before, after);
  const result: Comparison = { written: emptySet(), removed: emptySet() };
  for (const step of new Set([...old.keys(), ...now.keys()])) {
    const part = now.get(step) ?? old.get(step);
    const inner = compare(old.get(step)?.value, now.get(step)?.value, part?.structure ?? structure);
    if (!isEmptySet(inner.written)) result.written.children.set(step, inner.written);
    if (!isEmptySet(inner.removed)) result.removed.children.set(step, inner.removed);
  }
  result.written.member = before === undefined;
  result.removed.member = after === undefined;
  return result;
}

/** Takes the paths of a set out of a value; undefined when nothing of it is left. Does not change its argument. */
export function without(value: unknown, set: FieldSet, structure: Structure): unknown {
  if (set.children.size === 0) return value;
  const { list } = structure;
  if (Array.isArray(value)) {
    if (list === 'atomic') return undefined;
    const kept = asList(value).flatMap((item) => {
      const child = set.children.get(itemStep(item, list));
      if (child?.member === true) return [];
      return [child === undefined ? item : without(item, child, structure.item())];
    });
    return kept.length === 0 ? undefined : kept;
  }
  if (!isFields(value)) return value;
  if (structure.atomicMap) return undefined;
  const entries = Object.entries(value).flatMap(([name, field]) => {
    const child = set.children.get(`f:${name}`);
    if (child?.member === true) return [];
    const left = child === undefined ? field : without(field, child, structure.field(name));
    return left === undefined ? [] : [[name, left] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The set with the fields of types that lead to its paths: they go with all that is in them. */
export function withNamedFields(set: FieldSet, structure: Structure): FieldSet {
  const result: FieldSet = { member: set.member, children: new Map() };
  for (const [step, child] of set.children) {
    const isField = step.startsWith('f:');
    const name = step.slice(2);
    const inner = withNamedFields(child, isField ? structure.field(name) : structure.item());
    const named = isField && structure.isField(name) && child.children.size > 0;
    result.children.set(step, { ...inner, member: inner.member || named });
  }
  return result;
}
