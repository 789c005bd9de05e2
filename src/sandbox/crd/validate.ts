import { type CelEnvironment, type CelProgram, compileCel, toCel } from '../admission/cel.ts';
import { equal, isFields } from '../json.ts';
import type { Problem } from '../server/failures.ts';
import type { Rule, Schema } from './schema.ts';

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function hasType(value: unknown, schema: Schema): boolean {
  const type = typeOf(value);
  if (value === null) return schema.nullable === true;
  if (schema['x-kubernetes-int-or-string'] === true) return type === 'integer' || type === 'string';
  if (schema.type === undefined) return true;
  return type === schema.type || (schema.type === 'number' && type === 'integer');
}

type Check = (value: unknown, schema: Schema) => string | undefined;

/** In characters, as the API server counts. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** The first thing that is wrong with a text. */
function stringProblem(value: string, { maxLength, minLength, pattern }: Schema): string | undefined {
  if (maxLength !== undefined && lengthOf(value) > maxLength) {
    return `Too long: may not be more than ${maxLength} bytes`;
  }
  if (minLength !== undefined && lengthOf(value) < minLength)
    return inBody(`should be at least ${minLength} chars long`);
  if (pattern === undefined || new RegExp(pattern).test(value)) return undefined;
  return inBody(`should match '${pattern}'`);
}

const inBody = (text: string): string => `in body ${text}`;

const checks: Check[] = [
  (value, { enum: allowed }) => {
    if (allowed === undefined || allowed.some((one) => equal(one, value))) return undefined;
    const names = allowed.map((one) => JSON.stringify(one)).join(', ');
    return `Unsupported value: ${JSON.stringify(value)}: supported values: ${names}`;
  },
  (value, schema) => (typeof value === 'string' ? stringProblem(value, schema) : undefined),
  (value, { minimum }) =>
    typeof value === 'number' && minimum !== undefined && value < minimum
      ? inBody(`should be greater than or equal to ${minimum}`)
      : undefined,
  (value, { maximum }) =>
    typeof value === 'number' && maximum !== undefined && value > maximum
      ? inBody(`should be less than or equal to ${maximum}`)
      : undefined,
  (value, { maxItems }) =>
    Array.isArray(value) && maxItems !== undefined && value.length > maxItems
      ? `Too many: ${value.length}: must have at most ${maxItems} items`
      : undefined,
  (value, { minItems }) =>
    Array.isArray(value) && minItems !== undefined && value.length < minItems
      ? inBody(`should have at least ${minItems} items`)
      : undefined,
  (value, { format }) =>
    format === 'date-time' && typeof value === 'string' && Number.isNaN(Date.parse(value))
      ? inBody(`must be of type date-time: ${JSON.stringify(value)}`)
      : undefined,
];

function isSet(schema: Schema): boolean {
  return schema['x-kubernetes-list-type'] === 'set';
}

/** The items of a set, or of a list with keys, that are there before. */
function duplicates(value: unknown, schema: Schema, path: string): Problem[] {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!Array.isArray(value) || schema['x-kubernetes-list-type'] === 'atomic') return [];
  if (keys === undefined && !isSet(schema)) return [];
  const ids = value.map((item) => JSON.stringify(keys === undefined ? item : keys.map((key) => itemKey(item, key))));
  return ids.flatMap((id, index) =>
    ids.indexOf(id) === index ? [] : [{ path: `${path}[${index}]`, message: `Duplicate value: ${id}` }],
  );
}

function itemKey(item: unknown, key: string): unknown {
  return isFields(item) ? item[key] : undefined;
}

function show(value: unknown): string {
  return typeof value === 'object' ? `"${typeOf(value)}"` : JSON.stringify(value);
}

/** What the schema's own keywords find. Paths are as the API server writes them. */
export function validateValue(value: unknown, schema: Schema, path: string): Problem[] {
  if (value === undefined) return [];
  if (!hasType(value, schema)) {
    const wanted = schema.type ?? 'integer or string';
    return [{ path, message: `Invalid value: ${show(value)}: ${path} ${inBody(`must be of type ${wanted}`)}` }];
  }
  const own = checks.flatMap((check) => {
    const message = check(value, schema);
    if (message === undefined) return [];
    const text = message.startsWith('in body') ? `Invalid value: ${show(value)}: ${path} ${message}` : message;
    return [{ path, message: text }];
  });
  return [...own, ...duplicates(value, schema, path), ...validateChildren(value, schema, path)];
}

function validateChildren(value: unknown, schema: Schema, path: string): Problem[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((item, index) => validateValue(item, items, `${path}[${index}]`));
  }
  if (!isFields(value)) return [];
  const join = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const missing = (schema.required ?? [])
    .filter((name) => value[name] === undefined)
    .map((name) => ({ path: join(name), message: 'Required value' }));
  const nested = Object.entries(value).flatMap(([name, field]) => {
    const property = schema.properties?.[name] ?? schema.additionalProperties;
    return isFields(property) ? validateValue(field, property as Schema, join(name)) : [];
  });
  return [...missing, ...nested];
}

/**
 * What keeps an applied manifest from being merged: a value that is no map, list, text, number or boolean where the schema
 * wants one. Undefined when there is nothing.
 */
export function appliedProblem(value: unknown, schema: Schema, path = ''): string | undefined {
  if (value === undefined || value === null || schema['x-kubernetes-preserve-unknown-fields'] === true)
    return undefined;
  if (!hasType(value, { ...schema, type: schema.type === 'integer' ? 'number' : (schema.type ?? 'object') })) {
    const wanted = {
      object: 'map',
      array: 'list',
      integer: 'numeric (int or float)',
      number: 'numeric (int or float)',
    };
    const name = wanted[schema.type as keyof typeof wanted] ?? schema.type ?? 'map';
    return `${path}: expected ${name}, got ${JSON.stringify(value)}`;
  }
  const children: [string, unknown, Schema | undefined][] = Array.isArray(value)
    ? value.map((item, index) => [`${path}[${index}]`, item, schema.items])
    : isFields(value)
      ? Object.entries(value).map(([name, field]) => [`${path}.${name}`, field, childOf(schema, name)])
      : [];
  for (const [here, child, inner] of children) {
    const problem = inner === undefined ? undefined : appliedProblem(child, inner, here);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function childOf({ properties, additionalProperties }: Schema, name: string): Schema | undefined {
  return properties?.[name] ?? (isFields(additionalProperties) ? (additionalProperties as Schema) : undefined);
}

export interface CompiledRule extends Rule {
  program: CelProgram;
  messageProgram: CelProgram | undefined;
  /** Only for changes: it compares with the value before. */
  transition: boolean;
}

/** The rules of a schema and of what is in it, compiled. Problems are those of the CRD. */
export function compileRules(
  environment: CelEnvironment,
  schema: Schema,
  path: string,
  problems: Problem[],
  into: Map<Schema, CompiledRule[]> = new Map(),
): Map<Schema, CompiledRule[]> {
  const rules = schema['x-kubernetes-validations'] ?? [];
  const compiled = rules.flatMap((rule, index) => {
    try {
      const program = compileCel(environment, rule.rule);
      const { messageExpression: text } = rule;
      const messageProgram = text === undefined ? undefined : compileCel(environment, text);
      return [{ ...rule, program, messageProgram, transition: /\boldSelf\b/.test(rule.rule) }];
    } catch (error) {
      const message = `Invalid value: ${JSON.stringify(rule.rule)}: ${(error as Error).message}`;
      problems.push({ path: `${path}.x-kubernetes-validations[${index}].rule`, message });
      return [];
    }
  });
  if (compiled.length > 0) into.set(schema, compiled);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    compileRules(environment, property, `${path}.properties[${name}]`, problems, into);
  }
  if (schema.items !== undefined) compileRules(environment, schema.items, `${path}.items`, problems, into);
  const { additionalProperties } = schema;
  if (isFields(additionalProperties)) {
    compileRules(environment, additionalProperties, `${path}.additionalProperties`, problems, into);
  }
  return into;
}

/** What the CEL rules find, as far as a value changed: what was there before is left in peace. */
export function validateRules(
  rules: Map<Schema, CompiledRule[]>,
  schema: Schema,
  path: string,
  value: unknown,
  old: unknown,
): Problem[] {
  if (value === undefined || value === null || equal(value, old)) return [];
  const own = (rules.get(schema) ?? []).flatMap((rule) => runRule(rule, path, value, old));
  if (Array.isArray(value)) {
    const { items } = schema;
    const before = Array.isArray(old) ? old : [];
    if (items === undefined) return own;
    const nested = value.map((item, index) => validateRules(rules, items, `${path}[${index}]`, item, before[index]));
    return [...own, ...nested.flat()];
  }
  if (!isFields(value)) return own;
  const nested = Object.entries(value).flatMap(([name, field]) => {
    const property = schema.properties?.[name] ?? schema.additionalProperties;
    if (!isFields(property)) return [];
    const here = path === '' ? name : `${path}.${name}`;
    return validateRules(rules, property as Schema, here, field, isFields(old) ? old[name] : undefined);
  });
  return [...own, ...nested];
}

function runRule(rule: CompiledRule, path: string, value: unknown, old: unknown): Problem[] {
  if (rule.transition && old === undefined) return [];
  const variables = { self: toCel(value), oldSelf: toCel(old ?? null) };
  const here = `${path}${rule.fieldPath ?? ''}`;
  try {
    if (rule.program.evaluate(variables) === true) return [];
    const told = rule.messageProgram?.evaluate(variables);
    const message = typeof told === 'string' ? told : (rule.message ?? `failed rule: ${rule.rule}`);
    return [{ path: here, message: `Invalid value: ${show(value)}: ${message}` }];
  } catch (error) {
    const text = `${(error as Error).message} evaluating rule: ${rule.message ?? rule.rule}`;
    return [{ path: here, message: `Invalid value: ${show(value)}: ${text}` }];
  }
}
