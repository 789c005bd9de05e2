import { createHash } from 'node:crypto';
import { POD_TEMPLATE_HASH_LABEL, RESTART_ANNOTATION } from '../api/names.ts';
import type { PodTemplate } from '../kube/object.ts';

/**
 * The revision of a pod template: 128 bits of SHA-256 over its canonical JSON, as 32 hex digits. Two templates that
 * differ only by what Kubernetes or a restart adds (pod-template-hash, restartedAt) or by empty and null fields have
 * the same revision. Both sides must have been read through the API, so that the same defaults stand in them.
 */
export function revisionOf(template: PodTemplate): string {
  const metadata = { ...template.metadata };
  const bare = {
    ...template,
    metadata: {
      ...metadata,
      labels: without(metadata.labels, POD_TEMPLATE_HASH_LABEL),
      annotations: without(metadata.annotations, RESTART_ANNOTATION),
    },
  };
  return createHash('sha256')
    .update(JSON.stringify(canonical(bare)) ?? '')
    .digest('hex')
    .slice(0, 32);
}

/** The ten digits of a revision that people are shown. */
export function shortRevision(revision: string): string {
  return revision.slice(0, 10);
}

function without(map: Record<string, string> | undefined, key: string): Record<string, string> {
  const { [key]: _, ...rest } = map ?? {};
  return rest;
}

/** Keys sorted; null, empty objects and empty lists left out, as the API server treats them alike. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => canonical(item) ?? null);
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, canonical(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Like revisionOf, but a restart counts: equal only if nothing at all would roll. */
export function sameRollout(a: PodTemplate, b: PodTemplate): boolean {
  const restart = (template: PodTemplate): string => template.metadata?.annotations?.[RESTART_ANNOTATION] ?? '';
  return restart(a) === restart(b) && revisionOf(a) === revisionOf(b);
}
