import type { Schema } from '../../crd/schema.ts';
import { asFields, isFields } from '../../json.ts';
import type { Kind } from '../../kinds/kind.ts';
import { FIELDS } from './fields.ts';

/** Which fields may be at one place. */
interface Shape {
  /** Undefined: any fields, none of which is looked into. */
  field(name: string): Shape | undefined;
  /** Whether fields besides those are kept. */
  open: boolean;
}

const ANYTHING: Shape = { field: () => undefined, open: true };

/** Types by name: their fields, each with the type of what is in it, or an empty text. */
const TYPES = new Map(
  Object.entries(FIELDS).map(([type, text]) => {
    const fields = text.split(' ').map((field): [string, string] => {
      const colon = field.indexOf(':');
      return colon < 0 ? [field, ''] : [field.slice(0, colon), field.slice(colon + 1)];
    });
    return [type, new Map(fields)];
  }),
);

function builtinShape(type: string): Shape {
  if (type === '') return ANYTHING;
  if (type.endsWith('{}')) return { field: () => builtinShape(type.slice(0, -2)), open: false };
  const fields = TYPES.get(type);
  return {
    field(name) {
      const found = fields?.get(name);
      return found === undefined ? undefined : builtinShape(found);
    },
    open: false,
  };
}

function schemaShape(schema: Schema | undefined): Shape {
  if (schema === undefined) return ANYTHING;
  const { properties, additionalProperties, items } = schema;
  if (items !== undefined) return schemaShape(items);
  if (isFields(additionalProperties)) {
    return { field: () => schemaShape(additionalProperties as Schema), open: false };
  }
  return {
    field(name) {
      const found = properties?.[name];
      return found === undefined ? undefined : schemaShape(found);
    },
    open: properties === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true,
  };
}

const HEAD: Record<string, Shape> = {
  apiVersion: ANYTHING,
  kind: ANYTHING,
  metadata: builtinShape('ObjectMeta'),
};

function shapeOf(kind: Kind): Shape {
  if (kind.builtin) return kind.kind in FIELDS ? builtinShape(kind.kind) : ANYTHING;
  const custom = schemaShape(kind.schema);
  return { field: (name) => HEAD[name] ?? custom.field(name), open: custom.open };
}

/** A directive of a strategic merge patch, which is no field. */
function isDirective(name: string): boolean {
  return name.startsWith('$');
}

function walk(value: unknown, shape: Shape, path: string, found: string[]): void {
  if (shape === ANYTHING) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(item, shape, `${path}[${index}]`, found);
    return;
  }
  if (!isFields(value)) return;
  for (const name of Object.keys(value)) {
    if (isDirective(name)) continue;
    const here = path === '' ? name : `${path}.${name}`;
    const inner = shape.field(name);
    if (inner !== undefined) walk(value[name], inner, here, found);
    else if (!shape.open) {
      found.push(here);
      delete asFields(value)[name];
    }
  }
}

/**
 * Takes out of an object, or of a merge patch for one, the fields that its kind does not have, and answers their paths.
 * Writes to its argument. Kinds whose fields are not known here keep everything.
 */
export function takeUnknownFields(kind: Kind, body: unknown): string[] {
  const found: string[] = [];
  walk(body, shapeOf(kind), '', found);
  return found;
}
