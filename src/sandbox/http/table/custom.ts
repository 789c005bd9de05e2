import type { KubeObject } from '../../../kube/object.ts';
import { asFields, type Fields } from '../../json.ts';
import { ageOf } from './age.ts';
import { ageColumn, type Cell, type Column, column, nameColumn, numberAt, textAt } from './column.ts';
import { parseJsonPath } from './json-path.ts';

function formatted(values: unknown[], type: string, now: number): Cell {
  const [value] = values;
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return ageOf(value, now);
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' ');
  }
}

function printerColumn(given: Fields): Column {
  const find = parseJsonPath(textAt(given, 'jsonPath'));
  const type = textAt(given, 'type');
  const cell = (object: KubeObject, now: number): Cell => formatted(find(object), type, now);
  return column(textAt(given, 'name'), cell, {
    type,
    format: textAt(given, 'format'),
    description: textAt(given, 'description'),
    priority: numberAt(given, 'priority'),
  });
}

/** The columns that a CustomResourceDefinition names, after the name; only the age where it names none. */
export function customColumns(given: readonly unknown[]): Column[] {
  const own = given.map((one) => printerColumn(asFields(one)));
  return [nameColumn, ...(own.length === 0 ? [ageColumn] : own)];
}
