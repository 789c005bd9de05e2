import { Environment } from '@marcbachmann/cel-js';
import { equal, isFields } from '../json.ts';

/** What the expressions of policies and of CRDs may name. */
export interface CelVariables {
  [name: string]: unknown;
}

export interface CelProgram {
  /** Answers JSON values. Throws an Error for what CEL calls an evaluation error. */
  evaluate(variables: CelVariables): unknown;
}

/** A question to the authorizer, as `authorizer.group(..).resource(..).check(VERB)` puts it together. */
export interface AuthorizationQuestion {
  username: string;
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
}

export type Authorize = (question: AuthorizationQuestion) => boolean;

/** The `authorizer` of one request. */
export class CelAuthorizer {
  readonly authorize: Authorize;
  readonly question: AuthorizationQuestion;

  constructor(authorize: Authorize, question: AuthorizationQuestion) {
    this.authorize = authorize;
    this.question = question;
  }

  with(part: Partial<AuthorizationQuestion>): CelAuthorizer {
    return new CelAuthorizer(this.authorize, { ...this.question, ...part });
  }
}

class CelDecision {
  readonly allowed: boolean;

  constructor(allowed: boolean) {
    this.allowed = allowed;
  }
}

class JsonPatchLibrary {
  readonly name = 'jsonpatch';
}

const ADMISSION_VARIABLES = ['object', 'oldObject', 'request', 'variables', 'namespaceObject'];
const SCHEMA_VARIABLES = ['self', 'oldSelf'];

function optionalsEqual(a: { orValue(other: null): unknown }, b: { orValue(other: null): unknown }): boolean {
  return equal(a.orValue(null), b.orValue(null));
}

export type CelEnvironment = Environment;

/** An environment with Kubernetes' own libraries, as far as Tandem's policies and its CRD use them. */
export function createCelEnvironment(scope: 'admission' | 'schema'): CelEnvironment {
  const environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true });
  for (const name of scope === 'schema' ? SCHEMA_VARIABLES : ADMISSION_VARIABLES) {
    environment.registerVariable(name, 'dyn');
  }
  environment.registerOperator('optional == optional', optionalsEqual);
  if (scope === 'schema') return environment;
  environment.registerType('Authorizer', { ctor: CelAuthorizer, fields: {} });
  environment.registerType('Decision', { ctor: CelDecision, fields: {} });
  environment.registerType('JsonPatchLibrary', { ctor: JsonPatchLibrary, fields: {} });
  environment.registerVariable('authorizer', 'Authorizer');
  environment.registerConstant('jsonpatch', 'JsonPatchLibrary', new JsonPatchLibrary());
  environment.registerFunction('JsonPatchLibrary.escapeKey(string): string', (_: unknown, key: string) =>
    key.replaceAll('~', '~0').replaceAll('/', '~1'),
  );
  for (const part of ['group', 'resource', 'subresource', 'namespace', 'name']) {
    const handler = (authorizer: CelAuthorizer, value: string): CelAuthorizer => authorizer.with({ [part]: value });
    environment.registerFunction(`Authorizer.${part}(string): Authorizer`, handler);
  }
  environment.registerFunction('Authorizer.check(string): Decision', (authorizer: CelAuthorizer, verb: string) => {
    return new CelDecision(authorizer.authorize({ ...authorizer.question, verb }));
  });
  environment.registerFunction('Decision.allowed(): bool', (decision: CelDecision) => decision.allowed);
  return environment;
}

const STRING_OR_TOKEN =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|JSONPatch\s*\{|[{}[\](),]|[A-Za-z_]\w*\s*:(?!:)|[^"'{}[\](),A-Za-z_]+|[A-Za-z_]\w*/g;

/**
 * The library has no message literals: `JSONPatch{op: "add", ...}` becomes the map `{"op": "add", ...}`. Everything else
 * stays as it is.
 */
export function withoutMessageLiterals(expression: string): string {
  const open: ('message' | 'other')[] = [];
  let previous = '';
  const rewritten = (expression.match(STRING_OR_TOKEN) ?? []).map((token) => {
    const text = rewriteToken(token, open, previous);
    if (token.trim() !== '') previous = token.trim();
    return text;
  });
  return rewritten.join('');
}

function rewriteToken(token: string, open: ('message' | 'other')[], previous: string): string {
  if (token.startsWith('JSONPatch')) {
    open.push('message');
    return '{';
  }
  if (token === '{' || token === '[' || token === '(') open.push('other');
  if (token === '}' || token === ']' || token === ')') open.pop();
  const field = /^([A-Za-z_]\w*)\s*:$/.exec(token)?.[1];
  const isKey = previous === ',' || previous.endsWith('{');
  return field !== undefined && isKey && open.at(-1) === 'message' ? `"${field}":` : token;
}

/** JSON for CEL: whole numbers are CEL integers. */
export function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, toCel(field)]));
}

function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, field]) => [String(key), fromCel(field)]));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fromCel(field)]));
}

/** Throws an Error that says what this CEL cannot do. */
export function compileCel(environment: CelEnvironment, expression: string): CelProgram {
  const text = withoutMessageLiterals(expression);
  const foreign = /\b(Object(\.\w+)*)\s*\{/.exec(text.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""'))?.[1];
  if (foreign !== undefined) throw new Error(`message literals of ${foreign} are not implemented, only JSONPatch{...}`);
  const program = environment.parse(text);
  const checked = program.check();
  if (!checked.valid) throw new Error(checked.error?.message ?? 'the expression does not type-check');
  return { evaluate: (variables) => fromCel(program(variables)) };
}
