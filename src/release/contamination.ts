import type { Draft } from './draft.ts';

/** Annotation of the canary with the versions of ConfigMaps and Secrets at its start. */
const CONFIG_ANNOTATION = 'tandem.dev/config-versions';

export function configAnnotation(versions: Record<string, string>): Record<string, string> {
  if (Object.keys(versions).length === 0) return {};
  const sorted = Object.fromEntries(Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { [CONFIG_ANNOTATION]: JSON.stringify(sorted) };
}

/**
 * Configuration that changed since the canary started and that stable's pods read too: the control is not what it was,
 * and taking the canary back would not restore it. undefined when nothing changed.
 */
export function contamination({ facts, snapshot }: Draft): string | undefined {
  const recorded = facts.canary?.deployment.metadata.annotations?.[CONFIG_ANNOTATION];
  if (recorded === undefined) return undefined;
  const before = versionsIn(recorded);
  const now = snapshot.surroundings.configVersions;
  const changed = Object.keys(before).filter((name) => now[name] !== undefined && now[name] !== before[name]);
  return changed.length === 0 ? undefined : `${changed.join(', ')} changed while both versions were compared`;
}

/** What somebody else wrote there is no record of anything. */
function versionsIn(annotation: string): Record<string, unknown> {
  try {
    const versions: unknown = JSON.parse(annotation);
    return typeof versions === 'object' && versions !== null ? (versions as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
