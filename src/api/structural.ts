import { z } from 'zod';

/** A structural OpenAPI v3 schema as a CRD carries it. */
export interface Schema {
  description?: string;
  type?: string;
  format?: string;
  default?: unknown;
  enum?: unknown[];
  nullable?: boolean;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  maxProperties?: number;
  [extension: `x-kubernetes-${string}`]: unknown;
}

/** In the order in which they are written. */
const knownKeys = [
  'description',
  'type',
  'format',
  'nullable',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'properties',
  'additionalProperties',
  'items',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

/**
 * The structural schema of a zod schema. Throws an Error that names the field where the API server would refuse it
 * (unions, tuples, any), or where it would work and serve people badly: a field without description or without bound
 * (CEL rules over unbounded values are refused for their cost), a list without list type.
 */
export function structural(schema: z.ZodType): Schema {
  const json = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline' });
  return clean(json as Record<string, unknown>, '', true);
}

function refuse(path: string, what: string): Error {
  return new Error(`the schema at ${path === '' ? 'the root' : path} cannot become a CRD: ${what}`);
}

function clean(raw: Record<string, unknown>, path: string, described: boolean): Schema {
  const schema = ordered(raw, path);
  if (schema.type === undefined)
    throw refuse(path, 'it has no type; use optional fields and a CEL rule in place of unions');
  if (described && (schema.description ?? '') === '')
    throw refuse(path, 'it has no description; kubectl explain shows it');
  switch (schema.type) {
    case 'object':
      return cleanObject(schema, path);
    case 'array':
      return cleanArray(schema, path);
    case 'string':
      return cleanString(schema, path);
    default:
      if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
      return schema;
  }
}

function ordered(raw: Record<string, unknown>, path: string): Schema {
  const keys: readonly string[] = knownKeys;
  for (const key of Object.keys(raw))
    if (!keys.includes(key)) throw refuse(path, `the API server does not know ${key} there`);
  return Object.fromEntries(knownKeys.filter((key) => raw[key] !== undefined).map((key) => [key, raw[key]]));
}

function cleanObject(schema: Schema, path: string): Schema {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && additionalProperties !== undefined)
    throw refuse(path, 'properties and additionalProperties exclude each other; use z.object, the API server prunes');
  if (additionalProperties !== undefined) {
    if (schema.maxProperties === undefined) throw refuse(path, 'the map has no maxProperties');
    return { ...schema, additionalProperties: clean(raw(additionalProperties), `${path}.*`, false) };
  }
  if (properties === undefined) throw refuse(path, 'the object has no properties');
  const entries = Object.entries(properties).map(([name, field]): [string, Schema] => [
    name,
    clean(raw(field), path === '' ? name : `${path}.${name}`, true),
  ]);
  return { ...schema, properties: Object.fromEntries(entries) };
}

function cleanArray(schema: Schema, path: string): Schema {
  if (schema.maxItems === undefined) throw refuse(path, 'the list has no bound; add .max()');
  if (schema['x-kubernetes-list-type'] === undefined)
    throw refuse(path, 'the list has no list type; add one of atomic, set, map');
  if (schema.items === undefined) throw refuse(path, 'the list has no items');
  return { ...schema, items: clean(raw(schema.items), `${path}[]`, false) };
}

function cleanString(schema: Schema, path: string): Schema {
  const { pattern: _, ...rest } = schema;
  if (schema.format === 'date-time') return rest;
  if (schema.enum === undefined && schema.maxLength === undefined)
    throw refuse(path, 'the string has no bound; add .max()');
  return schema;
}

function raw(schema: Schema): Record<string, unknown> {
  return schema as Record<string, unknown>;
}
