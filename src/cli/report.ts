import { writeFile } from 'node:fs/promises';
import type { KubeApi } from '../kube/api.ts';
import { markdownReport } from '../report/document/markdown.ts';
import { htmlReport } from '../report/document/page.ts';
import { type KeptReports, readReports } from '../report/kept.ts';
import type { ReleaseRecord } from '../report/record.ts';
import { CliError, type ExitCode, exitCodes } from './exit.ts';
import { formatRevision } from './format.ts';
import type { CliIo } from './io.ts';
import { readRelease } from './read.ts';

export const reportFormats = ['md', 'html', 'json', 'recording'] as const;
export type ReportFormat = (typeof reportFormats)[number];

export interface ReportOptions {
  /** 10 to 32 digits; the newest release if absent. */
  revision?: string;
  format?: ReportFormat;
  /** A file, in place of standard output. */
  out?: string;
}

/** Prints what the operator keeps of one release that has ended. Throws CliError where there is no such thing. */
export async function report(
  io: Pick<CliIo, 'stdout' | 'stderr'>,
  api: KubeApi,
  where: { namespace: string; name: string },
  options: ReportOptions,
): Promise<ExitCode> {
  const kept = await readReports(api, where.namespace, where.name);
  for (const problem of kept.problems) io.stderr(`warning: a report cannot be read: ${problem}\n`);
  const text = written(await choose(api, where, kept, options.revision), options.format ?? 'md');
  if (options.out === undefined) io.stdout(text);
  else {
    await writeFile(options.out, text);
    io.stderr(`wrote ${options.out}\n`);
  }
  return exitCodes.ok;
}

async function choose(
  api: KubeApi,
  { namespace, name }: { namespace: string; name: string },
  { records }: KeptReports,
  revision: string | undefined,
): Promise<ReleaseRecord> {
  const [newest] = records;
  if (newest === undefined) {
    await readRelease(api, namespace, name);
    const message = `no release of ${name} in namespace ${namespace} has a report`;
    const hint = `one is kept once a release has ended, unless the operator's reports.keep is 0; tandem status ${name} shows the one that runs`;
    throw new CliError(exitCodes.unusable, message, hint);
  }
  const found = revision === undefined ? newest : records.find((record) => record.revision.startsWith(revision));
  if (found !== undefined) return found;
  const known = records.map((record) => `${formatRevision(record.revision)} (${record.outcome}, ${record.ended})`);
  throw new CliError(exitCodes.unusable, `revision ${revision} has no report`, `there are: ${known.join('; ')}`);
}

function written(record: ReleaseRecord, format: ReportFormat): string {
  if (format === 'html') return htmlReport(record);
  if (format === 'json') return `${JSON.stringify(record, null, 2)}\n`;
  if (format === 'md') return markdownReport(record);
  if (record.recording !== undefined) return `${JSON.stringify(record.recording)}\n`;
  const why = record.lacks.length === 0 ? 'nothing was measured of it' : `it lacks ${record.lacks.join('; ')}`;
  const message = `the report of ${formatRevision(record.revision)} has no recording`;
  throw new CliError(exitCodes.unusable, message, why);
}
