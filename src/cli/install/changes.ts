import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../kube/object.ts';

/** What the server writes by itself at every change. */
const served = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink'];
const mostShown = 6;

type Value = unknown;

/** Paths of the fields that differ, as a person writes them: `spec.template.spec.containers[tandem].image`. */
export function changedFields(before: KubeObject, after: KubeObject): string[] {
  return differences(comparable(before), comparable(after), '').toSorted();
}

/** For a line of the terminal. */
export function formatFields(fields: string[]): string {
  const shown = fields.slice(0, mostShown).join(', ');
  return fields.length > mostShown ? `${shown} and ${fields.length - mostShown} more` : shown;
}

function comparable(object: KubeObject): Value {
  const metadata = Object.entries(object.metadata).filter(([name]) => !served.includes(name));
  return { ...object, status: undefined, metadata: Object.fromEntries(metadata) };
}

function differences(before: Value, after: Value, path: string): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [one, other] = [fieldsOf(before), fieldsOf(after)];
  if (one === undefined || other === undefined) return [path];
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].flatMap((name) => differences(one.get(name), other.get(name), join(path, name)));
}

function join(path: string, name: string): string {
  return path === '' || name.startsWith('[') ? `${path}${name}` : `${path}.${name}`;
}

/** The parts of an object, or of a list whose items have names. Undefined for what is compared as a whole. */
function fieldsOf(value: Value): Map<string, Value> | undefined {
  if (Array.isArray(value)) {
    const names = value.map((item: Value) => (item as { name?: unknown } | null)?.name);
    if (names.some((name) => typeof name !== 'string') || new Set(names).size < names.length) return undefined;
    return new Map(value.map((item: Value, index) => [`[${String(names[index])}]`, item]));
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map(Object.entries(value));
}
