import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiError } from '../../kube/errors.ts';
import { badRequest } from '../server/failures.ts';

/** As the API server's own limit. */
const LIMIT_BYTES = 3 * 1024 * 1024;

/** Reads a whole body. Throws 413 for what is larger than 3 MiB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LIMIT_BYTES) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LIMIT_BYTES}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function unsupported(type: string, accepted: string[]): ApiError {
  const message = `the body of the request was in an unknown format (${type}) - accepted media types include: ${accepted.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

const BODY_TYPES = ['application/json', 'application/yaml'];

function parseText(text: string, yaml: boolean): unknown {
  try {
    return yaml ? (parse(text) as unknown) : (JSON.parse(text) as unknown);
  } catch (error) {
    throw badRequest(`the body of the request cannot be parsed: ${(error as Error).message}`);
  }
}

/** A body of JSON or YAML by its Content-Type; without one it is JSON. Undefined when it is empty. Throws 415 and 400. */
export function parseBody(text: string, contentType: string | undefined): unknown {
  const type = mediaType(contentType) || 'application/json';
  if (text.trim() === '') return undefined;
  if (!BODY_TYPES.includes(type)) throw unsupported(type, BODY_TYPES);
  return parseText(text, type === 'application/yaml');
}

const PATCH_TYPES = {
  'application/merge-patch+json': 'merge',
  'application/json-patch+json': 'json',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
} as const;

export interface PatchBody {
  type: (typeof PATCH_TYPES)[keyof typeof PATCH_TYPES];
  patch: unknown;
}

/** A patch, whose kind is its Content-Type. Throws 415 and 400. */
export function parsePatch(text: string, contentType: string | undefined): PatchBody {
  const media = mediaType(contentType);
  const type = (PATCH_TYPES as Record<string, PatchBody['type'] | undefined>)[media];
  if (type === undefined) throw unsupported(media, Object.keys(PATCH_TYPES));
  return { type, patch: parseText(text, type === 'apply') };
}
