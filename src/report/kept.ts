import type { KubeApi } from '../kube/api.ts';
import { findObject } from '../kube/find.ts';
import { type ConfigMap, resources } from '../kube/object.ts';
import { decodeRecord, type ReleaseRecord } from './record.ts';

/** The ConfigMap with the reports of a CanaryRelease, whose name has at most 52 characters. */
export function reportsName(release: string): string {
  return `${release}-tandem-reports`;
}

/** The key of one record: its revision and its start. */
export function recordKey({ revision, started }: Pick<ReleaseRecord, 'revision' | 'started'>): string {
  return `${revision}.${Date.parse(started) || 0}.json.gz`;
}

/** The start that a key names, milliseconds since the epoch; undefined where it names no record. */
export function startOf(key: string): number | undefined {
  const match = /^[0-9a-f]+\.(?<started>\d{1,15})\.json\.gz$/.exec(key);
  return match?.groups === undefined ? undefined : Number(match.groups['started']);
}

export interface KeptReports {
  /** Newest first. */
  records: ReleaseRecord[];
  /** Entries that cannot be read, each with the reason. */
  problems: string[];
}

/** What is kept of past releases. Nothing where the operator keeps no reports, or where no release has ended. */
export async function readReports(api: KubeApi, namespace: string, name: string): Promise<KeptReports> {
  const map = await findObject<ConfigMap>(api, resources.configMaps, { namespace, name: reportsName(name) });
  return recordsIn(map?.binaryData ?? {});
}

/** The records that can be read, newest first. */
export async function listReports(api: KubeApi, namespace: string, name: string): Promise<ReleaseRecord[]> {
  return (await readReports(api, namespace, name)).records;
}

function recordsIn(binaryData: Record<string, string>): KeptReports {
  const records: ReleaseRecord[] = [];
  const problems: string[] = [];
  for (const [key, text] of Object.entries(binaryData)) {
    try {
      records.push(decodeRecord(Buffer.from(text, 'base64')));
    } catch (error) {
      problems.push(`${key}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { records: records.toSorted((a, b) => Date.parse(b.ended) - Date.parse(a.ended)), problems };
}
