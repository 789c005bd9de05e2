import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../../kube/errors.ts';
import type { Identity } from '../server/context.ts';

/** One request, as the handlers see it. */
export interface HttpRequest {
  method: string;
  /** Parts of the path, decoded. */
  path: string[];
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  user: Identity;
  /** The body as text; read once. */
  body(): Promise<string>;
  /** Aborts when the client goes away or the server closes. */
  signal: AbortSignal;
}

/** What a path under /api or /apis names. */
export interface ResourcePath {
  apiVersion: string;
  namespace: string | undefined;
  plural: string;
  name: string | undefined;
  subresource: string | undefined;
}

/** Parts of a namespace's own address that are no resource in it. */
const NAMESPACE_PARTS = ['status', 'finalize'];

/** Reads the parts that follow the version. Undefined when they name nothing. */
export function parseResourcePath(apiVersion: string, parts: string[]): ResourcePath | undefined {
  const [first, second, third] = parts;
  const isSpace = first === 'namespaces' && third !== undefined && !NAMESPACE_PARTS.includes(third);
  const rest = isSpace ? parts.slice(2) : parts;
  const [plural, name, ...sub] = rest;
  if (plural === undefined || plural === '' || name === '' || sub.length > 1) return undefined;
  return { apiVersion, namespace: isSpace ? second : undefined, plural, name, subresource: sub[0] };
}

/** A boolean of the query: absent is false, `true` and `1` are true. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value === '' || value === 'true' || value === '1';
}

/** A number of the query, which may be negative. Throws 400. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new ApiError(400, 'BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** A number of the query. Throws 400. */
export function numeric(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new ApiError(
    400,
    'BadRequest',
    `${name}: Invalid value: ${JSON.stringify(text)}: must be a non-negative integer`,
  );
}
