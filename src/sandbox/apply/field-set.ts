import { asFields, type Fields } from '../json.ts';

/** A set of paths into an object. Steps are written as in managedFields: `f:name`, `k:{"name":"app"}`, `v:"x"`. */
export interface FieldSet {
  /** Whether the path that leads here is in the set. */
  member: boolean;
  children: Map<string, FieldSet>;
}

export function emptySet(): FieldSet {
  return { member: false, children: new Map() };
}

export function isEmptySet(set: FieldSet): boolean {
  return !set.member && set.children.size === 0;
}

function combine(a: FieldSet, b: FieldSet, member: boolean, keys: Iterable<string>, each: typeof union): FieldSet {
  const result: FieldSet = { member, children: new Map() };
  for (const key of keys) {
    const child = each(a.children.get(key) ?? emptySet(), b.children.get(key) ?? emptySet());
    if (!isEmptySet(child)) result.children.set(key, child);
  }
  return result;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, a.member || b.member, new Set([...a.children.keys(), ...b.children.keys()]), union);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, a.member && b.member, a.children.keys(), intersection);
}

/** The paths of `a` that are not in `b`; a path does not take with it what is below it. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, a.member && !b.member, a.children.keys(), difference);
}

/** As `difference`, but what is below a path of `b` is left out as well. */
export function differenceBelow(a: FieldSet, b: FieldSet): FieldSet {
  return b.member && b.children.size === 0
    ? emptySet()
    : combine(a, b, a.member && !b.member, a.children.keys(), differenceBelow);
}

/** The set as it stands in managedFields. */
export function toFieldsV1(set: FieldSet): Fields {
  const result: Fields = {};
  if (set.member && set.children.size > 0) result['.'] = {};
  for (const key of [...set.children.keys()].toSorted()) {
    const child = set.children.get(key);
    if (child !== undefined) result[key] = toFieldsV1(child);
  }
  return result;
}

export function fromFieldsV1(fields: unknown, root = true): FieldSet {
  const entries = Object.entries(asFields(fields));
  const children = entries
    .filter(([key]) => key !== '.')
    .map(([key, child]) => [key, fromFieldsV1(child, false)] as const);
  const leaf = entries.length === 0 && !root;
  return { member: leaf || entries.some(([key]) => key === '.'), children: new Map(children) };
}

/** A step as people read it: `.image`, `[name="app"]`. */
export function stepText(step: string): string {
  const rest = step.slice(2);
  if (step.startsWith('f:')) return `.${rest}`;
  if (step.startsWith('v:')) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `[${keys.join(',')}]`;
}

/** The paths of the set as people read them: `.spec.template.spec.containers[name="app"].image`. */
export function pathsOf(set: FieldSet, before = ''): string[] {
  const own = set.member ? [before] : [];
  const keys = [...set.children.keys()].toSorted();
  return [...own, ...keys.flatMap((key) => pathsOf(set.children.get(key) ?? emptySet(), before + stepText(key)))];
}
