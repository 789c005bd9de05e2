import { asFields, clone, type Fields, isFields } from '../json.ts';

/** A structural schema, the parts that the sandbox reads. */
export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  default?: unknown;
  nullable?: boolean;
  enum?: unknown[];
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  'x-kubernetes-validations'?: Rule[];
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
}

export interface Rule {
  rule: string;
  message?: string;
  messageExpression?: string;
  fieldPath?: string;
  reason?: string;
}

/** Keywords whose absence here would let through what the real API refuses. */
const REFUSED = ['not', 'allOf', 'anyOf', 'oneOf', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'uniqueItems'];

/** Keywords of a schema that the sandbox does not know, with their paths. */
export function unknownKeywords(schema: Schema, path: string): string[] {
  const own = REFUSED.filter((keyword) => keyword in schema).map((keyword) => `${path}.${keyword}`);
  const { items, additionalProperties } = schema;
  const nested = [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      unknownKeywords(property, `${path}.properties[${name}]`),
    ),
    ...(items === undefined ? [] : unknownKeywords(items, `${path}.items`)),
    ...(isFields(additionalProperties) ? unknownKeywords(additionalProperties, `${path}.additionalProperties`) : []),
  ];
  return [...own, ...nested];
}

function schemaOf(schema: Schema, name: string): Schema | undefined {
  const own = schema.properties?.[name];
  if (own !== undefined) return own;
  return isFields(schema.additionalProperties) ? schema.additionalProperties : undefined;
}

/** Drops the fields that the schema does not name. Writes to its argument. */
export function prune(value: unknown, schema: Schema): void {
  if (Array.isArray(value) && schema.items !== undefined) {
    for (const item of value) prune(item, schema.items);
  }
  if (!isFields(value)) return;
  const keeps = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  for (const name of Object.keys(value)) {
    const property = schemaOf(schema, name);
    if (property !== undefined) prune(value[name], property);
    else if (!keeps) delete value[name];
  }
}

function fillProperty(value: Fields, name: string, property: Schema): void {
  if (value[name] === null && property.nullable !== true && property.default !== undefined) delete value[name];
  if (value[name] === undefined && property.default !== undefined) value[name] = clone(property.default);
  fillDefaults(value[name], property);
}

/** Fills defaults, also those within defaults. Writes to its argument. */
export function fillDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value) && schema.items !== undefined) {
    for (const item of value) fillDefaults(item, schema.items);
  }
  if (!isFields(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) fillProperty(value, name, property);
  if (!isFields(schema.additionalProperties)) return;
  for (const name of Object.keys(value)) fillDefaults(value[name], asFields(schema.additionalProperties) as Schema);
}
