import type { KubeObject } from '../../kube/object.ts';

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

interface Version {
  name: string;
  schema?: { openAPIV3Schema?: Schema };
}

const versionsOf = (crd: KubeObject): Version[] => (crd['spec'] as { versions?: Version[] }).versions ?? [];

/** Versions in which objects may be stored and that the other definition does not have. */
export function lostVersions(before: KubeObject, after: KubeObject): string[] {
  const stored = (before['status'] as { storedVersions?: string[] } | undefined)?.storedVersions ?? [];
  const kept = versionsOf(after).map(({ name }) => name);
  return stored.filter((name) => !kept.includes(name));
}

/**
 * Fields that one definition of a custom resource has and the other has not: an API server drops them from every object
 * at its next write. Steps of a path: a name, `*` for an item of a list or a value of a map.
 */
export function lostFields(before: KubeObject, after: KubeObject): string[][] {
  return versionsOf(before).flatMap(({ name, schema }) => {
    const other = versionsOf(after).find((version) => version.name === name);
    return other === undefined ? [] : lost(schema?.openAPIV3Schema, other.schema?.openAPIV3Schema);
  });
}

function lost(before: Schema | undefined, after: Schema | undefined): string[][] {
  if (before === undefined || after === undefined) return [];
  const named = Object.entries(before.properties ?? {}).flatMap(([name, schema]) => {
    const other = after.properties?.[name];
    const paths = other === undefined ? [[]] : lost(schema, other);
    return paths.map((path) => [name, ...path]);
  });
  const inside = [lost(before.items, after.items), lost(valuesOf(before), valuesOf(after))].flat();
  return [...named, ...inside.map((path) => ['*', ...path])];
}

function valuesOf({ additionalProperties }: Schema): Schema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** Whether an object has something at such a path. */
export function hasData(value: unknown, [step, ...rest]: string[]): boolean {
  if (value === undefined || value === null) return false;
  if (step === undefined) return true;
  if (typeof value !== 'object') return false;
  if (step === '*') return Object.values(value).some((item) => hasData(item, rest));
  return hasData((value as Record<string, unknown>)[step], rest);
}
