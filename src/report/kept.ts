import type { KubeApi } from '../kube/api.ts';
import { findObject } from '../kube/find.ts';
import { type ConfigMap, resources } from '../kube/object.ts';
import { mostKept } from './config.ts';
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
  /** Those that cannot be read, each with the reason. */
  problems: string[];
}

/** What is kept of past releases. Nothing where the operator keeps no reports, or where no release has ended. */
export async function readReports(api: KubeApi, namespace: string, name: string): Promise<KeptReports> {
  const problems: string[] = [];
  const records: ReleaseRecord[] = [];
  for (const [key, text] of await entriesOf(api, namespace, name)) {
    try {
      records.push(decodeRecord(Buffer.from(text, 'base64')));
    } catch (error) {
      problems.push(`${key}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { records: records.toSorted(byEnd), problems };
}

/** What `take` makes of each record that can be read, newest first: only one at a time is in memory whole. */
export async function listReports<T extends Pick<ReleaseRecord, 'ended'>>(
  api: KubeApi,
  namespace: string,
  name: string,
  take: (record: ReleaseRecord) => T | undefined,
): Promise<T[]> {
  const taken = (await entriesOf(api, namespace, name)).flatMap(([, text]) => {
    try {
      return take(decodeRecord(Buffer.from(text, 'base64'))) ?? [];
    } catch {
      return [];
    }
  });
  return taken.toSorted(byEnd);
}

function byEnd(a: Pick<ReleaseRecord, 'ended'>, b: Pick<ReleaseRecord, 'ended'>): number {
  return Date.parse(b.ended) - Date.parse(a.ended);
}

/** Newest first, and no more than are ever kept: whatever else somebody wrote there is not looked at. */
async function entriesOf(api: KubeApi, namespace: string, name: string): Promise<[string, string][]> {
  const map = await findObject<ConfigMap>(api, resources.configMaps, { namespace, name: reportsName(name) });
  const entries = Object.entries(map?.binaryData ?? {}).filter(([key]) => startOf(key) !== undefined);
  return entries.toSorted(([a], [b]) => (startOf(b) ?? 0) - (startOf(a) ?? 0)).slice(0, mostKept);
}
