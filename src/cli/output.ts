import { stringify } from 'yaml';
import { type KubeObject, withoutManagedFields } from '../kube/object.ts';

export const outputFormats = ['json', 'yaml', 'name', 'wide'] as const;

export type OutputFormat = (typeof outputFormats)[number];

/** Any value as the machine-readable formats write it. */
export function formatData(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : stringify(value, { lineWidth: 0 });
}

/** Objects as kubectl prints them: one as itself, several as a List. Undefined for the formats that are tables. */
export function formatObjects(
  objects: KubeObject[],
  format: OutputFormat | undefined,
  asList: boolean,
): string | undefined {
  if (format === 'name') return objects.map(({ metadata }) => releaseName(metadata.name)).join('');
  if (format !== 'json' && format !== 'yaml') return undefined;
  const items = objects.map(withoutManagedFields);
  return formatData(asList ? { apiVersion: 'v1', kind: 'List', metadata: {}, items } : items[0], format);
}

/** A CanaryRelease as `-o name` writes it, and as kubectl takes it. */
export function releaseName(name: string): string {
  return `canaryrelease.tandem.dev/${name}\n`;
}
