import type { KubeObject } from '../../../kube/object.ts';
import { asFields, asList, at } from '../../json.ts';
import { ageOf } from './age.ts';

export type Cell = string | number | boolean | null;

/** A column of a table. */
export interface Column {
  name: string;
  type: string;
  format: string;
  description: string;
  /** 0: always shown; more: only with `-o wide`. */
  priority: number;
  /** `now` is milliseconds since the epoch. */
  cell(object: KubeObject, now: number): Cell;
}

export function column(name: string, cell: Column['cell'], rest: Partial<Column> = {}): Column {
  return { name, type: 'string', format: '', description: '', priority: 0, ...rest, cell };
}

/** A column of `-o wide`. */
export function wide(name: string, cell: Column['cell']): Column {
  return column(name, cell, { priority: 1 });
}

export function integer(name: string, cell: Column['cell']): Column {
  return column(name, cell, { type: 'integer' });
}

export const nameColumn = column('Name', ({ metadata }) => metadata.name, { format: 'name' });
export const ageColumn = column('Age', ({ metadata }, now) => ageOf(metadata.creationTimestamp, now));

export function textAt(object: unknown, ...path: string[]): string {
  const value = at(object, ...path);
  return typeof value === 'string' ? value : '';
}

export function numberAt(object: unknown, ...path: string[]): number {
  const value = at(object, ...path);
  return typeof value === 'number' ? value : 0;
}

export function listAt(object: unknown, ...path: string[]): unknown[] {
  return asList(at(object, ...path));
}

/** `app=web,tier=front`, or `<none>`. */
export function formatLabels(labels: unknown): string {
  const entries = Object.entries(asFields(labels)).map(([key, value]) => `${key}=${String(value)}`);
  return entries.length === 0 ? '<none>' : entries.toSorted().join(',');
}
