import type { Schema } from '../crd/schema.ts';
import { asFields, canonical, type Fields, isFields } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import { type Shape, shapeOfType } from '../kinds/shape.ts';

/** How the lists and maps of an object merge, at one place in it. */
export interface Structure {
  /** Key fields of the items of a list, with the defaults of absent ones; `set` of plain values; `atomic`. */
  list: { keys: Record<string, unknown> } | 'set' | 'atomic';
  /** An object that is replaced as a whole. */
  atomicMap: boolean;
  /** Whether it is a field of a type, and not a key of a map. */
  isField(name: string): boolean;
  field(name: string): Structure;
  item(): Structure;
}

/** Keys that an item may leave out, since they have a default. */
const KEY_DEFAULTS: Record<string, unknown> = { protocol: 'TCP' };

/** What is not known merges as plain values do. */
const UNKNOWN: Structure = {
  list: 'atomic',
  atomicMap: true,
  isField: () => false,
  field: () => UNKNOWN,
  item: () => UNKNOWN,
};

function keysOf(keys: string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, KEY_DEFAULTS[key]]));
}

function shapeStructure(shape: Shape): Structure {
  switch (shape.is) {
    case 'scalar':
      return UNKNOWN;
    case 'list': {
      const { keys, item } = shape;
      const list = keys === undefined ? 'atomic' : keys === 'set' ? 'set' : { keys: keysOf(keys) };
      return { ...UNKNOWN, list, item: () => shapeStructure(item) };
    }
    case 'map':
      return { ...UNKNOWN, atomicMap: shape.atomic, field: () => shapeStructure(shape.values) };
    case 'struct': {
      const { fields, atomic } = shape;
      return {
        ...UNKNOWN,
        atomicMap: atomic,
        isField: (name) => fields.has(name),
        field(name) {
          const inner = fields.get(name);
          return inner === undefined ? UNKNOWN : shapeStructure(inner);
        },
      };
    }
  }
}

/** Where a schema keeps what it does not know, maps merge and lists do not. */
const PRESERVED: Structure = { ...UNKNOWN, atomicMap: false, field: () => PRESERVED };

function schemaStructure(schema: Schema | undefined): Structure {
  if (schema === undefined) return PRESERVED;
  const { properties, additionalProperties, items } = schema;
  const type = schema['x-kubernetes-list-type'];
  const keys = Object.fromEntries(
    (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => [key, items?.properties?.[key]?.default]),
  );
  return {
    list: type === 'map' ? { keys } : type === 'set' ? 'set' : 'atomic',
    atomicMap: schema['x-kubernetes-map-type'] === 'atomic',
    isField: (name) => properties?.[name] !== undefined,
    field: (name) =>
      schemaStructure(properties?.[name] ?? (isFields(additionalProperties) ? additionalProperties : undefined)),
    item: () => schemaStructure(items),
  };
}

/** How objects of a kind merge. Metadata merges the same way in all. */
export function structureOf(kind: Kind): Structure {
  if (kind.builtin) return shapeStructure(shapeOfType(kind.kind) ?? { is: 'scalar', type: 'any' });
  const custom = schemaStructure(kind.schema);
  const metadata = shapeStructure(shapeOfType('ObjectMeta') ?? { is: 'scalar', type: 'any' });
  return {
    ...custom,
    atomicMap: false,
    isField: (name) => name === 'metadata' || custom.isField(name),
    field: (name) => (name === 'metadata' ? metadata : custom.field(name)),
  };
}

/** The step to an item of a list that is no atomic one. */
export function itemStep(item: unknown, list: Exclude<Structure['list'], 'atomic'>): string {
  if (list === 'set') return `v:${JSON.stringify(item)}`;
  const fields = asFields(item);
  const keys: Fields = {};
  for (const [key, fallback] of Object.entries(list.keys)) keys[key] = fields[key] ?? fallback;
  return `k:${canonical(keys)}`;
}
