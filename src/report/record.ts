import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { analysis } from '../api/status-analysis.ts';
import { images } from '../api/status-fields.ts';
import { ledgerOutcomes, phases } from '../api/status-schema.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { AskedSpec } from '../judge/recording/asked.ts';
import { parseRecording } from '../judge/recording/parse.ts';
import { type Course, courseOf } from './course.ts';

const number = z.number().nullable();
const point = z.object({
  at: z.number(),
  stable: number,
  canary: number,
  difference: number,
  lower: number,
  upper: number,
  samples: z.number(),
  evidence: z.number(),
});
const verdict = z.enum(['Pass', 'Regression', 'Undecided']);

/** The course of a release where its recording was dropped: enough for the plots. */
const keptCourse = z.object({
  metrics: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      counted: z.string().exactOptional(),
      limit: number,
      query: z.string(),
      verdict,
      points: z.array(point),
    }),
  ),
  foundAt: z.number().exactOptional(),
});

/**
 * One release that has ended, as the operator keeps it. Times are RFC 3339. What one version of Tandem does not know of
 * another's is left out when it is read; a format that it cannot read has another `version`.
 */
export const ReleaseRecord = z.object({
  version: z.literal(1),
  namespace: z.string(),
  release: z.string(),
  /** Name of the Deployment. */
  target: z.string(),
  /** Whole. */
  revision: z.string().regex(/^[0-9a-f]{1,64}$/),
  images: images(),
  /** The version that it was compared with; absent where that is not known any more. */
  stable: z.object({ revision: z.string(), images: images() }).exactOptional(),
  /** When its canary was created, or when the version was seen first. */
  started: z.string(),
  /** When the end was decided; a promotion ends later than that. Absent where it was not seen. */
  decided: z.string().exactOptional(),
  ended: z.string(),
  outcome: z.enum(ledgerOutcomes),
  /** What the comparison said; "" when there was none. */
  verdict: verdict.or(z.literal('')),
  reason: z.string(),
  sentence: z.string(),
  /** Who promoted it by hand; "" when nobody did. */
  by: z.string(),
  /** Where it stood from when on, oldest first. */
  phases: z.array(z.object({ phase: z.enum(phases), at: z.string() })),
  events: z.array(
    z.object({ at: z.string(), type: z.enum(['Normal', 'Warning']), reason: z.string(), note: z.string() }),
  ),
  /** status.analysis as it stood last: source, preset, figures, warnings. */
  analysis: analysis.exactOptional(),
  /** Signal to the query that answered it. */
  queries: z.record(z.string(), z.string()),
  environment: z.object({
    /** Version of the operator. */
    tandem: z.string(),
    /** Version of the API server at the end: v1.36.3. */
    kubernetes: z.string().exactOptional(),
    /** Pods asked for by track. */
    pods: z.object({ stable: z.int(), canary: z.int(), baseline: z.int().exactOptional() }).exactOptional(),
    /** Share of all pods behind the Service: 25%. */
    share: z.string().exactOptional(),
    scrapeSeconds: z.number().exactOptional(),
  }),
  /** What the judge was asked; absent where nothing was judged. */
  asked: AskedSpec.exactOptional(),
  /** When the first slot of the recording began. */
  measuredSince: z.string().exactOptional(),
  /** A line for `tandem judge`. */
  recording: z.record(z.string(), z.unknown()).exactOptional(),
  course: keptCourse.exactOptional(),
  /** What the record lacks, each with its reason. */
  lacks: z.array(z.string()),
});
export type ReleaseRecord = z.infer<typeof ReleaseRecord>;

/** What was measured, at the times at which it was; undefined without a recording. */
export function evidenceOf({ recording, measuredSince, queries }: ReleaseRecord): Evidence | undefined {
  if (recording === undefined) return undefined;
  const parsed = parseRecording(JSON.stringify(recording));
  if (!('recording' in parsed)) return undefined;
  const { evidence } = parsed.recording;
  const startedAt = Date.parse(measuredSince ?? '') || 0;
  const second = evidence.secondOpinion;
  return {
    ...evidence,
    startedAt,
    found: { ...evidence.found, queries },
    ...(second === undefined ? {} : { secondOpinion: { ...second, since: second.since + startedAt } }),
  };
}

/**
 * The points of the plots: replayed from the recording, or as they were kept without it. undefined where nothing was
 * measured.
 */
export function courseOfRecord(record: ReleaseRecord): Omit<Course, 'verdict'> | undefined {
  const evidence = evidenceOf(record);
  if (evidence !== undefined && record.asked !== undefined) {
    const { metrics, foundAt } = courseOf(evidence, record.asked, Number.POSITIVE_INFINITY);
    return { metrics, foundAt };
  }
  if (record.course === undefined) return undefined;
  return { metrics: record.course.metrics, foundAt: record.course.foundAt };
}

/**
 * Larger, or of more parts, is no record that Tandem wrote: it writes at most 800,000 samples. Who can write ConfigMaps of
 * a namespace shall not fill the memory of an operator that serves all of them.
 */
const mostBytes = 16 * 1024 * 1024;
const mostParts = 300_000;

/** As it lies in the ConfigMap. */
export function encodeRecord(record: ReleaseRecord): Buffer {
  return gzipSync(JSON.stringify(record));
}

/** Throws an Error that says why the bytes are no record. */
export function decodeRecord(bytes: Buffer): ReleaseRecord {
  const text = gunzipSync(bytes, { maxOutputLength: mostBytes });
  if (partsIn(text) > mostParts) throw new Error(`it has more than ${mostParts} parts, which no report of Tandem has`);
  const raw: unknown = JSON.parse(text.toString('utf8'));
  const version = typeof raw === 'object' && raw !== null && 'version' in raw ? raw.version : undefined;
  if (typeof version === 'number' && version > 1)
    throw new Error(`it has the format ${version}, which this program does not know: take a newer one`);
  const parsed = ReleaseRecord.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** Lists and objects, each of which costs many times its characters once it is read; those within texts count too. */
function partsIn(json: Buffer): number {
  let parts = 0;
  for (const byte of json) if (byte === 0x5b || byte === 0x7b) parts += 1;
  return parts;
}
