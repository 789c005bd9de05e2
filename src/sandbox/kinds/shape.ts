import { TYPES } from './types.ts';

export type ScalarType =
  | 'string'
  | 'int32'
  | 'int64'
  | 'number'
  | 'boolean'
  | 'time'
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  | 'any';

/** What is at one place of an object of Kubernetes' own kinds. */
export type Shape =
  | { is: 'scalar'; type: ScalarType }
  | { is: 'struct'; name: string; fields: Map<string, Shape>; atomic: boolean }
  | { is: 'map'; values: Shape; atomic: boolean }
  | {
      is: 'list';
      item: Shape;
      /** How server-side apply knows the items: by fields, by themselves (`set`), or not at all. */
      keys: string[] | 'set' | undefined;
      /** How a strategic patch knows them. */
      patchKey: string | undefined;
    };

const LIST = /^\[([^\]|]*)(?:\|([^\]]*))?\]/;

function parseShape(text: string, structs: Map<string, Map<string, Shape>>): Shape {
  const list = LIST.exec(text);
  if (list !== null) {
    const [all, keys = '', patchKey] = list;
    return {
      is: 'list',
      item: parseShape(text.slice(all.length), structs),
      keys: keys === '' ? undefined : keys === '=' ? 'set' : keys.split(','),
      patchKey: patchKey === '=' ? 'set' : patchKey,
    };
  }
  const atomic = text.startsWith('!');
  const rest = atomic ? text.slice(1) : text;
  if (rest.startsWith('{}')) return { is: 'map', values: parseShape(rest.slice(2), structs), atomic };
  const fields = structs.get(rest);
  return fields === undefined
    ? { is: 'scalar', type: rest as ScalarType }
    : { is: 'struct', name: rest, fields, atomic };
}

function parseTypes(): Map<string, Map<string, Shape>> {
  const structs = new Map(Object.keys(TYPES).map((name) => [name, new Map<string, Shape>()]));
  for (const [name, text] of Object.entries(TYPES)) {
    for (const field of text.split(' ')) {
      const colon = field.indexOf(':');
      structs.get(name)?.set(field.slice(0, colon), parseShape(field.slice(colon + 1), structs));
    }
  }
  return structs;
}

const STRUCTS = parseTypes();

/** What there is to know of a type; undefined where it is not known. */
export function shapeOfType(name: string): Extract<Shape, { is: 'struct' }> | undefined {
  const fields = STRUCTS.get(name);
  return fields === undefined ? undefined : { is: 'struct', name, fields, atomic: false };
}
