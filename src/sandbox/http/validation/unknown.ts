import type { Schema } from '../../crd/schema.ts';
import { isFields } from '../../json.ts';
import { type Decoded, decode } from '../../kinds/decode.ts';
import type { Kind } from '../../kinds/kind.ts';
import { shapeOfType } from '../../kinds/shape.ts';

/** What has to be known of a kind to read its objects. */
export type Read = Pick<Kind, 'apiVersion' | 'kind' | 'builtin' | 'schema'>;

/** Where a schema says nothing of the fields, all are kept. */
function isOpen({ properties, additionalProperties, ...schema }: Schema): boolean {
  if (isFields(additionalProperties)) return false;
  return properties === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
}

function walk(value: unknown, schema: Schema, path: string, found: string[]): void {
  const { items, properties, additionalProperties } = schema;
  if (Array.isArray(value)) {
    if (items === undefined) return;
    for (const [index, item] of value.entries()) walk(item, items, `${path}[${index}]`, found);
    return;
  }
  if (!isFields(value)) return;
  for (const name of Object.keys(value)) {
    const here = path === '' ? name : `${path}.${name}`;
    const inner = properties?.[name] ?? (isFields(additionalProperties) ? (additionalProperties as Schema) : undefined);
    if (inner !== undefined) walk(value[name], inner, here, found);
    else if (!isOpen(schema)) {
      found.push(here);
      delete value[name];
    }
  }
}

const HEAD = ['apiVersion', 'kind', 'metadata'];

function readCustom(schema: Schema, body: Record<string, unknown>): Decoded {
  const known = Object.fromEntries(HEAD.map((name) => [name, { 'x-kubernetes-preserve-unknown-fields': true }]));
  const unknown: string[] = [];
  walk(body, { ...schema, properties: { ...schema.properties, ...known } }, '', unknown);
  const metadata = shapeOfType('ObjectMeta');
  const head = metadata === undefined ? undefined : decode(body['metadata'], metadata, 'metadata');
  return { unknown: [...unknown, ...(head?.unknown ?? [])], problem: head?.problem };
}

/**
 * Reads a body by what is known of its kind: takes out the fields that the kind does not have and answers their paths, and
 * the first value of a wrong type. Values of custom resources are checked by their schema later. Writes to its argument.
 */
export function readBodyOf(kind: Read, body: unknown): Decoded {
  if (!isFields(body)) return { unknown: [], problem: undefined };
  if (!kind.builtin) return readCustom(kind.schema ?? {}, body);
  const shape = shapeOfType(kind.kind);
  return shape === undefined ? { unknown: [], problem: undefined } : decode(body, shape);
}
