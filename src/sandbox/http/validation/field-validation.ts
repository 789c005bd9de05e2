import type { PatchType } from '../../../kube/api.ts';
import { ApiError } from '../../../kube/errors.ts';
import { badRequest } from '../../server/failures.ts';
import type { Served } from '../served.ts';
import { takeUnknownFields } from './unknown.ts';

/** What a client wants done about unknown fields. The API server's default is Warn. Throws 422. */
function modeOf(query: URLSearchParams): 'Ignore' | 'Warn' | 'Strict' {
  const mode = query.get('fieldValidation') || 'Warn';
  if (mode === 'Ignore' || mode === 'Warn' || mode === 'Strict') return mode;
  const message = `fieldValidation: Unsupported value: ${JSON.stringify(mode)}: supported values: "Ignore", "Strict", "Warn"`;
  throw new ApiError(422, 'Invalid', `WriteOptions.meta.k8s.io "" is invalid: ${message}`);
}

/**
 * Takes the unknown fields out of a body as the API server does, and answers the warnings about them. Throws 400 where
 * the client wants none. Writes to the body.
 */
export function validateFields(served: Served, query: URLSearchParams, body: unknown): string[] {
  const mode = modeOf(query);
  const problems = takeUnknownFields(served.stored, body).map((path) => `unknown field ${JSON.stringify(path)}`);
  if (mode === 'Ignore' || problems.length === 0) return [];
  if (mode === 'Warn') return problems;
  const version = served.apiVersion.slice(served.apiVersion.indexOf('/') + 1);
  const message = `${served.kind} in version ${JSON.stringify(version)} cannot be handled as a ${served.kind}: strict decoding error: ${problems.join(', ')}`;
  throw badRequest(message);
}

/**
 * As `validateFields`, for a patch. An applied manifest must have known fields only, whatever the client wants (500, as
 * the API server says it). A JSON patch is not looked into.
 */
export function validatePatch(served: Served, query: URLSearchParams, type: PatchType, body: unknown): string[] {
  if (type === 'json') return [];
  if (type !== 'apply') return validateFields(served, query, body);
  const unknown = takeUnknownFields(served.stored, body).map((path) => `.${path}: field not declared in schema`);
  if (unknown.length === 0) return [];
  const message = `failed to create typed patch object: ${unknown.join(', ')}`;
  throw new ApiError(500, 'InternalError', message);
}
