import { plainText } from '../lib/plain-text.ts';
import { releaseSchema } from './crd.ts';
import type { CanaryReleaseStatus } from './schema.ts';
import type { Schema } from './structural.ts';

/**
 * Makes a function that cuts a status to the bounds of the CRD: long texts end in `...`, long lists lose their end. A
 * container's own message may be of any length, and a status that the API server refuses would stop a release. Nothing
 * in it is an order to the terminal of who reads it.
 */
export function createStatusFitter(): (status: CanaryReleaseStatus) => CanaryReleaseStatus {
  const schema = releaseSchema().properties?.['status'] ?? {};
  return (status) => fit(status, schema) as CanaryReleaseStatus;
}

function fit(value: unknown, schema: Schema): unknown {
  if (typeof value === 'string') return fitText(plainText(value), schema.maxLength);
  if (Array.isArray(value))
    return value.slice(0, schema.maxItems).map((item: unknown) => fit(item, schema.items ?? {}));
  if (typeof value !== 'object' || value === null) return value;
  const properties = schema.properties ?? {};
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fit(field, properties[name] ?? {})]));
}

/** The API server counts code points, and a pair must not be cut in half. */
function fitText(text: string, most: number | undefined): string {
  if (most === undefined || text.length <= most) return text;
  const points = Array.from(text);
  return points.length <= most ? text : `${points.slice(0, most - 3).join('')}...`;
}
