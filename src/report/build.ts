import type { CanaryReleaseStatus, LedgerEntry } from '../api/schema.ts';
import type { Evidence, PodWindow } from '../evidence/evidence.ts';
import { recordingOf } from '../judge/recording/write.ts';
import { courseOf } from './course.ts';
import type { ReleaseRecord } from './record.ts';
import { type Ended, isEnd, type Judged, type Running } from './running.ts';

export interface Origin {
  namespace: string;
  release: string;
  target: string;
  /** Of the operator. */
  version: string;
}

/** The record of a release that has ended, but for what was measured. */
export function recordOf({ namespace, release, target, version }: Origin, { entry, running }: Ended): ReleaseRecord {
  const { revision, images, verdict, reason, sentence, by, outcome, started, ended = started } = entry;
  return {
    version: 1,
    namespace,
    release,
    target,
    revision,
    images,
    started,
    ended,
    outcome,
    verdict,
    reason,
    sentence,
    by,
    ...(running === undefined ? { phases: [], events: [], queries: {}, lacks: [] } : seenOf(running)),
    environment: { tandem: version, ...(running === undefined ? {} : sizesOf(running)) },
  };
}

function seenOf(
  running: Running,
): Pick<ReleaseRecord, 'phases' | 'events' | 'queries' | 'lacks' | 'stable' | 'decided' | 'analysis' | 'asked'> {
  const { phases, events, lacks, stable, decided, analysis, judged } = running;
  const own = judged?.evidence.found.queries;
  return {
    phases,
    events,
    lacks,
    queries: own ?? Object.fromEntries((analysis?.metrics ?? []).map(({ name, query = '' }) => [name, query])),
    ...(stable === undefined ? {} : { stable }),
    ...(decided === undefined ? {} : { decided }),
    ...(analysis === undefined ? {} : { analysis }),
    ...(judged === undefined ? {} : { asked: judged.asked }),
  };
}

function sizesOf({ pods, share, judged }: Running): Omit<ReleaseRecord['environment'], 'tandem' | 'kubernetes'> {
  return {
    ...(pods === undefined ? {} : { pods }),
    ...(share === undefined ? {} : { share }),
    ...(judged === undefined ? {} : { scrapeSeconds: judged.evidence.scrapeSeconds }),
  };
}

/**
 * Records of releases that ended without anybody being there to write one: what status and ledger keep, newest first.
 *
 * @param most as many as are kept
 */
export function missedRecords(origin: Origin, status: CanaryReleaseStatus, most: number): ReleaseRecord[] {
  const ends = (status.ledger ?? []).filter(isEnd).toSorted((a, b) => endOf(b) - endOf(a));
  return ends.slice(0, most).map((entry) => {
    const { analysis } = status;
    const own = isWithin(entry, analysis?.since) ? analysis : undefined;
    const lacks = 'all but what status and ledger keep: nobody who watched it was there to write its report';
    const running = { revision: '', started: entry.started, phases: [], events: [], lacks: [lacks] };
    return recordOf(origin, { entry, running: own === undefined ? running : { ...running, analysis: own } });
  });
}

function endOf({ ended, started }: LedgerEntry): number {
  return Date.parse(ended ?? started);
}

function isWithin(entry: LedgerEntry, since: string | undefined): boolean {
  const at = Date.parse(since ?? '');
  return at >= Date.parse(entry.started) - 1000 && at <= endOf(entry);
}

/** More numbers than these are no recording that fits, and writing them would stand in the way of everything else. */
const mostSamples = 800_000;
/** Points of a plot without a recording: each of them is a look at the whole by the judge, in the operator. */
const fewPoints = 60;

/** The record with what was measured: as a recording, or as its course alone where that is too much. */
export function withMeasured(record: ReleaseRecord, judged: Judged | undefined): ReleaseRecord {
  if (judged === undefined) return withoutRecording(record);
  const { evidence, asked } = judged;
  if (samplesIn(evidence) > mostSamples)
    return { ...record, ...courseAlone(judged, record, 'it has too many samples') };
  const recording = recordingOf(evidence, `${record.namespace}/${record.release}/${record.revision}`, asked);
  const measuredSince = new Date(evidence.startedAt).toISOString();
  if (recording !== undefined) return { ...record, measuredSince, recording };
  return { ...record, lacks: [...record.lacks, 'the recording: no pod of one of the tracks was measured'] };
}

/** Figures stand in it, and nobody who has what they rest on any more: an operator that was started anew since then. */
function withoutRecording(record: ReleaseRecord): ReleaseRecord {
  const figures = record.analysis?.metrics ?? [];
  if (figures.length === 0 || record.phases.length === 0) return record;
  const why = 'the recording and the plots: the operator was started anew after the comparison, which only memory has';
  return { ...record, lacks: [...record.lacks, why] };
}

/** What is left of a recording that is dropped: the points of its plots. */
export function courseAlone(
  { evidence, asked }: Judged,
  { lacks }: ReleaseRecord,
  why: string,
): Pick<ReleaseRecord, 'course' | 'lacks'> {
  const { metrics, foundAt } = courseOf(evidence, asked, Number.POSITIVE_INFINITY, fewPoints);
  const course = { metrics, ...(foundAt === undefined ? {} : { foundAt }) };
  return { course, lacks: [...lacks, `the recording: ${why}`] };
}

function samplesIn({ run, history, boundsSeconds }: Evidence): number {
  return numbersIn(run, boundsSeconds.length) + (history === undefined ? 0 : numbersIn(history, boundsSeconds.length));
}

function numbersIn({ scrapes, pods }: PodWindow, bounds: number): number {
  let series = 0;
  for (const { errorClasses, routes = {}, routeErrors = {} } of Object.values(pods)) {
    series += bounds + 5;
    for (const labelled of [errorClasses, routes, routeErrors]) series += Object.keys(labelled).length;
  }
  return series * scrapes;
}
