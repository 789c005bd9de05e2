/** A JSON object whose fields are not known. */
export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object, or an empty one that belongs to nothing. */
export function asFields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A string, number or boolean as text; the fallback for anything else. */
export function asText(value: unknown, fallback = ''): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : fallback;
}

function cloneValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneValue);
  const copy: Fields = {};
  for (const key in value) {
    const field = (value as Fields)[key];
    if (field !== undefined) copy[key] = cloneValue(field);
  }
  return copy;
}

/** A deep copy of JSON; fields that are undefined are left out. */
export function clone<T>(value: T): T {
  return cloneValue(value) as T;
}

function equalLists(a: unknown[], b: unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => equal(value, b[index]));
}

/** Deep equality of JSON; an undefined field equals an absent one. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return equalLists(a, b);
  if (!isFields(a) || !isFields(b)) return false;
  for (const key in a) if (!equal(a[key], b[key])) return false;
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

/** The value at a path of field names, undefined where it ends early. */
export function at(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const key of path) {
    if (!isFields(here)) return undefined;
    here = here[key];
  }
  return here;
}

/** The object in a field, made when it is absent. */
export function ensure(parent: Fields, key: string): Fields {
  const present = parent[key];
  if (isFields(present)) return present;
  const made: Fields = {};
  parent[key] = made;
  return made;
}

/** Sets a field that is absent. */
export function setDefault(parent: Fields, key: string, value: unknown): void {
  if (parent[key] === undefined) parent[key] = value;
}

/** JSON with sorted keys: equal values give the same text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isFields(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}
