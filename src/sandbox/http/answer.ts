import { ApiError } from '../../kube/errors.ts';
import type { Form } from './accept.ts';

/** What a handler answers: JSON (or YAML, as the client asks), plain text, or a stream. */
export type Answer =
  | { status: number; json: unknown; form?: Form; warnings?: string[] }
  | { status: number; text: string }
  | { status: number; stream: AsyncIterable<string>; contentType: string };

/** 200, in the form that was negotiated; JSON as it is without one. */
export function ok(json: unknown, form?: Form): Answer {
  return { status: 200, json, ...(form === undefined ? {} : { form }) };
}

/** The Status object of a failure. */
export function statusOf(error: ApiError): Record<string, unknown> {
  const { retryAfterSeconds } = error;
  const details = {
    ...error.details,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    ...(error.reason === '' ? {} : { reason: error.reason }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
    code: error.status,
  };
}

/** The Status of a deletion that is done. */
export function successOf(details: Record<string, unknown>): Record<string, unknown> {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

export function pathNotFound(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource');
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}
