import { formatAge } from '../../cli/format.ts';
import { courseOfRecord, type ReleaseRecord } from '../record.ts';
import type { Mark } from './plot.ts';

/** What is known of a release in one line each: a name and its value. */
export type Fact = [name: string, value: string];

/** What both forms of the document show of a release. */
export interface Told {
  record: ReleaseRecord;
  title: string;
  facts: Fact[];
  environment: Fact[];
  /** Phases and events, oldest first. */
  timeline: { at: string; what: string; note: string }[];
  course: ReturnType<typeof courseOfRecord>;
  /** When the answer was known, and when it was acted on. */
  marks: Mark[];
}

/** Reads a record once for a document. */
export function tell(record: ReleaseRecord): Told {
  const course = courseOfRecord(record);
  return {
    record,
    title: `${record.release} in ${record.namespace}: ${record.outcome}`,
    facts: factsOf(record),
    environment: environmentOf(record),
    timeline: timelineOf(record),
    course,
    marks: marksOf(record, course?.foundAt),
  };
}

function factsOf(record: ReleaseRecord): Fact[] {
  const { analysis, stable, by } = record;
  const requests = analysis?.requests;
  return known([
    ['Target', `Deployment ${record.target}`],
    ['Version', record.images.join(', ')],
    ['Revision', record.revision],
    ['Compared with', stable?.images.join(', ')],
    ["Stable's revision", stable?.revision],
    ['Verdict', record.verdict || 'none'],
    ['Reason', record.reason],
    ['By', by],
    ['Started', record.started],
    ['Decided', record.decided],
    ['Ended', record.ended],
    ['Took', took(record)],
    ['Requests', requests && `${requests.canary} on the canary, ${requests.stable} on stable`],
  ]);
}

function took({ started, ended }: ReleaseRecord): string | undefined {
  const milliseconds = Date.parse(ended) - Date.parse(started);
  return Number.isFinite(milliseconds) ? formatAge(milliseconds) : undefined;
}

function environmentOf({ environment, analysis }: ReleaseRecord): Fact[] {
  const { tandem, kubernetes, pods, share, scrapeSeconds } = environment;
  const { baseline } = pods ?? {};
  return known([
    ['Tandem', tandem],
    ['Kubernetes', kubernetes],
    ['Source', analysis?.source],
    ['Preset', analysis?.preset],
    ['Scrape interval', scrapeSeconds === undefined ? undefined : `${scrapeSeconds} s`],
    ['Pods of stable', pods && String(pods.stable)],
    ['Pods of the canary', pods && String(pods.canary)],
    ['Pods of the baseline', baseline === undefined ? undefined : String(baseline)],
    ["The canary's share", share],
  ]);
}

function known(facts: [string, string | undefined][]): Fact[] {
  return facts.flatMap(([name, value]): Fact[] => (value === undefined || value === '' ? [] : [[name, value]]));
}

function timelineOf({ phases, events }: ReleaseRecord): Told['timeline'] {
  const lines = [
    ...phases.map(({ phase, at }) => ({ at, what: phase, note: '' })),
    ...events.map(({ at, reason, note }) => ({ at, what: reason, note })),
  ];
  return lines.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function marksOf({ decided, outcome }: ReleaseRecord, foundAt: number | undefined): Mark[] {
  const marks: Mark[] = [];
  if (foundAt !== undefined) marks.push({ at: foundAt, label: 'regression shown' });
  const at = Date.parse(decided ?? '');
  if (Number.isFinite(at)) marks.push({ at, label: `decided: ${outcome}` });
  return marks;
}
