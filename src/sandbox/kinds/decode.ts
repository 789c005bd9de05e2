import { isQuantity } from '../../lib/quantity.ts';
import { type Fields, isFields } from '../json.ts';
import type { ScalarType, Shape } from './shape.ts';

/** What reading a body by the types of its kind found. */
export interface Decoded {
  /** Paths of fields that the kind does not have; they are taken out. */
  unknown: string[];
  /** The first value of another type, as the API server says it. */
  problem: string | undefined;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const LIMITS = { int32: 2 ** 31, int64: 2 ** 63 };

/** As Go's decoder names what it met. */
function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function mismatch(value: unknown, path: string, wanted: string): string {
  const shown = typeof value === 'number' ? `${nameOf(value)} ${value}` : nameOf(value);
  return `json: cannot unmarshal ${shown} into Go struct field ${path} of type ${wanted}`;
}

function isInteger(value: unknown, type: 'int32' | 'int64'): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < LIMITS[type];
}

/** What each type takes, and what it is called where it does not. */
const SCALARS: Record<ScalarType, { takes(value: unknown): boolean; name: string }> = {
  any: { takes: () => true, name: '' },
  int32: { takes: (value) => isInteger(value, 'int32'), name: 'int32' },
  int64: { takes: (value) => isInteger(value, 'int64'), name: 'int64' },
  number: { takes: (value) => typeof value === 'number', name: 'float64' },
  boolean: { takes: (value) => typeof value === 'boolean', name: 'bool' },
  intOrString: { takes: (value) => typeof value === 'string' || isInteger(value, 'int32'), name: 'int32' },
  quantity: { takes: (value) => typeof value === 'string' || typeof value === 'number', name: 'Quantity' },
  string: { takes: (value) => typeof value === 'string', name: 'string' },
  time: { takes: (value) => typeof value === 'string', name: 'string' },
  bytes: { takes: (value) => typeof value === 'string', name: '[]uint8' },
};

/** What a text has to look like. */
function formProblem(value: unknown, type: ScalarType, path: string): string | undefined {
  if (type === 'quantity' && !isQuantity(value)) {
    return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  }
  if (typeof value !== 'string') return undefined;
  if (type === 'time' && !TIME.test(value)) {
    return `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse`;
  }
  const isBytes = type !== 'bytes' || BASE64.test(value.replaceAll(/[\r\n]/g, ''));
  return isBytes ? undefined : `illegal base64 data at ${path}`;
}

function scalarProblem(value: unknown, type: ScalarType, path: string): string | undefined {
  const { takes, name } = SCALARS[type];
  return takes(value) ? formProblem(value, type, path) : mismatch(value, path, name);
}

/** What null is where something has to be: an item of a list, a value of a map. */
function zeroOf(shape: Shape): unknown {
  if (shape.is === 'struct') return {};
  if (shape.is !== 'scalar') return undefined;
  switch (shape.type) {
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'number':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    default:
      return '';
  }
}

class Decoder implements Decoded {
  unknown: string[] = [];
  problem: string | undefined;

  read(value: unknown, shape: Shape, path: string): void {
    if (value === null || value === undefined) return;
    switch (shape.is) {
      case 'scalar':
        return this.note(scalarProblem(value, shape.type, path));
      case 'list':
        if (Array.isArray(value)) return this.readList(value, shape.item, path);
        return this.note(mismatch(value, path, 'list'));
      case 'map':
        if (isFields(value)) return this.readMap(value, shape.values, path);
        return this.note(mismatch(value, path, 'map'));
      case 'struct':
        if (isFields(value)) return this.readStruct(value, shape.fields, path);
        return this.note(mismatch(value, path, shape.name));
    }
  }

  private note(problem: string | undefined): void {
    this.problem ??= problem;
  }

  private readList(list: unknown[], item: Shape, path: string): void {
    for (const [index, value] of list.entries()) {
      if (value === null) list[index] = zeroOf(item);
      else this.read(value, item, `${path}[${index}]`);
    }
  }

  private readMap(map: Fields, values: Shape, path: string): void {
    for (const [key, value] of Object.entries(map)) {
      if (value === null) map[key] = zeroOf(values);
      else this.read(value, values, `${path}.${key}`);
    }
  }

  private readStruct(struct: Fields, fields: Map<string, Shape>, path: string): void {
    for (const [name, value] of Object.entries(struct)) {
      const here = path === '' ? name : `${path}.${name}`;
      const shape = fields.get(name);
      if (shape !== undefined) {
        this.read(value, shape, here);
        continue;
      }
      this.unknown.push(here);
      delete struct[name];
    }
  }
}

/** Reads a value by its shape. Takes out the fields that are unknown: it writes to its argument. */
export function decode(value: unknown, shape: Shape, path = ''): Decoded {
  const decoder = new Decoder();
  decoder.read(value, shape, path);
  return { unknown: decoder.unknown, problem: decoder.problem };
}
