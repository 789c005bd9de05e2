import { formatAge, formatCount, formatRevision, formatSince } from './format.ts';
import { paintVerdict } from './paint.ts';
import type { LedgerLine, Release } from './release.ts';
import { targetNameOf } from './release.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

export interface HistoryView {
  /** Whole revisions and images. */
  wide: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  style: Style;
}

/** The ledger of one release, newest first. */
export function formatHistory(release: Release, view: HistoryView): string {
  const entries = release.status?.ledger ?? [];
  const header = [
    'REVISION',
    'OUTCOME',
    'VERDICT',
    'TOOK',
    'ENDED',
    'BY',
    ...(view.wide ? ['IMAGES'] : []),
    'SENTENCE',
  ];
  return formatTable(
    header,
    entries.map((entry) => [
      view.wide ? entry.revision : formatRevision(entry.revision),
      entry.outcome || '-',
      paintVerdict(entry.verdict, view.style),
      formatTook(entry),
      formatSince(entry.ended, view.now),
      entry.by || '-',
      ...(view.wide ? [(entry.images ?? []).join(' ') || '-'] : []),
      entry.sentence ?? '',
    ]),
  );
}

function secondsOf({ started, ended }: LedgerLine): number | undefined {
  const seconds = (Date.parse(ended ?? '') - Date.parse(started ?? '')) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function formatTook(entry: LedgerLine): string {
  const seconds = secondsOf(entry);
  return seconds === undefined ? '-' : formatAge(seconds * 1000);
}

/** What a ledger says of a team's deliveries. Of tests only: versions that were adopted or let through do not count. */
export interface HistorySummary {
  namespace: string;
  name: string;
  target: string;
  /** Versions that were tested to an end. */
  tested: number;
  promoted: number;
  takenBack: number;
  /** Superseded, reverted, aborted or not proven. */
  without: number;
  /** takenBack / (promoted + takenBack); null without either. */
  changeFailureRate: number | null;
  /** Median seconds from the start of the canary to the end of the promotion; null without one. */
  medianSecondsToPromoted: number | null;
  /** Median seconds in which a regression was seen and taken back; null without one. */
  medianSecondsToTakenBack: number | null;
}

const ended: Record<string, 'promoted' | 'takenBack' | 'without'> = {
  Promoted: 'promoted',
  RolledBack: 'takenBack',
  Aborted: 'without',
  Superseded: 'without',
  Reverted: 'without',
  NotProven: 'without',
};

/** Counts the ends in the ledger, which keeps the last ten. */
export function summarise(release: Release): HistorySummary {
  const entries = (release.status?.ledger ?? []).flatMap((entry) => {
    const end = ended[entry.outcome ?? ''];
    return end === undefined ? [] : [{ end, seconds: secondsOf(entry) }];
  });
  const count = (wanted: string): number => entries.filter(({ end }) => end === wanted).length;
  const took = (wanted: string): number[] =>
    entries.flatMap(({ end, seconds }) => (end === wanted && seconds !== undefined ? [seconds] : []));
  const [promoted, takenBack] = [count('promoted'), count('takenBack')];
  return {
    namespace: release.metadata.namespace ?? '',
    name: release.metadata.name,
    target: targetNameOf(release),
    tested: entries.length,
    promoted,
    takenBack,
    without: count('without'),
    changeFailureRate: promoted + takenBack === 0 ? null : takenBack / (promoted + takenBack),
    medianSecondsToPromoted: median(took('promoted')),
    medianSecondsToTakenBack: median(took('takenBack')),
  };
}

function median(values: number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return null;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** One line for each release. */
export function formatSummary(summaries: HistorySummary[]): string {
  const header = ['NAMESPACE', 'NAME', 'TARGET', 'TESTED', 'PROMOTED', 'TAKEN BACK', 'WITHOUT VERDICT', 'FAILURE RATE'];
  const times = ['TO PROMOTED', 'TO TAKEN BACK'];
  const rows = summaries.map((one) => [
    one.namespace,
    one.name,
    one.target,
    formatCount(one.tested),
    formatCount(one.promoted),
    formatCount(one.takenBack),
    formatCount(one.without),
    one.changeFailureRate === null ? '-' : `${Math.round(one.changeFailureRate * 100)}%`,
    ...[one.medianSecondsToPromoted, one.medianSecondsToTakenBack].map((seconds) =>
      seconds === null ? '-' : formatAge(seconds * 1000),
    ),
  ]);
  return formatTable([...header, ...times], rows, header.slice(3).concat(times));
}
