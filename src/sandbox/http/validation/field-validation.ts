import type { KubeObject } from '../../../kube/object.ts';
import { appliedProblem } from '../../crd/validate.ts';
import { badRequest, invalidOptions, invalidPatch, unclassified } from '../../server/failures.ts';
import { type Read, readBodyOf } from './unknown.ts';

/** What a client wants done about unknown fields. The API server's default is Warn. Throws 422. */
function modeOf(query: URLSearchParams): 'Ignore' | 'Warn' | 'Strict' {
  const mode = query.get('fieldValidation') || 'Warn';
  if (mode === 'Ignore' || mode === 'Warn' || mode === 'Strict') return mode;
  const message = `Unsupported value: ${JSON.stringify(mode)}: supported values: "Ignore", "Strict", "Warn"`;
  throw invalidOptions('WriteOptions', 'fieldValidation', message);
}

interface Found {
  /** Undefined where the body may be used. */
  problem: string | undefined;
  warnings: string[];
}

function read(kind: Read, query: URLSearchParams, body: unknown): Found {
  const mode = modeOf(query);
  const { unknown, problem } = readBodyOf(kind, body);
  const texts = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (problem !== undefined) return { problem, warnings: [] };
  if (mode === 'Ignore' || texts.length === 0) return { problem: undefined, warnings: [] };
  if (mode === 'Warn') return { problem: undefined, warnings: texts };
  return { problem: `strict decoding error: ${texts.join(', ')}`, warnings: [] };
}

/**
 * Takes the unknown fields out of a body as the API server does, and answers the warnings about them. Throws 400 where
 * the client wants none, and for values of a wrong type. Writes to the body.
 */
export function validateFields(kind: Read, query: URLSearchParams, body: unknown): string[] {
  const { problem, warnings } = read(kind, query, body);
  if (problem === undefined) return warnings;
  const version = kind.apiVersion.slice(kind.apiVersion.indexOf('/') + 1);
  throw badRequest(
    `${kind.kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind.kind}: ${problem}`,
  );
}

/** As `validateFields`, for what a patch has made of an object. Throws 422. */
export function validatePatched(kind: Read, query: URLSearchParams, object: KubeObject): string[] {
  const { problem, warnings } = read(kind, query, object);
  if (problem !== undefined) throw invalidPatch(problem);
  return warnings;
}

/** An applied manifest must have known fields and their types only, whatever the client wants. Throws 500. */
export function validateApplied(kind: Read, query: URLSearchParams, body: unknown): void {
  modeOf(query);
  const { unknown, problem } = readBodyOf(kind, body);
  const custom = kind.builtin || kind.schema === undefined ? undefined : appliedProblem(body, kind.schema);
  const found = problem ?? custom;
  const problems = [
    ...(found === undefined ? [] : [found]),
    ...unknown.map((path) => `.${path}: field not declared in schema`),
  ];
  if (problems.length === 0) return;
  throw unclassified(`failed to create typed patch object: ${problems.join(', ')}`);
}
