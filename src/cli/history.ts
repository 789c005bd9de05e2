import { type DeliveryFigures, deliveryFigures, type Ledger } from '../release/deliveries.ts';
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

/** What the ledger of one release says of a team's deliveries. */
export interface HistorySummary extends DeliveryFigures {
  namespace: string;
  name: string;
  target: string;
}

/** The same of all releases of a namespace together. */
export interface NamespaceSummary extends DeliveryFigures {
  namespace: string;
  releases: number;
}

/** Counts the ends in the ledger, which keeps the last ten. `now`: milliseconds since the epoch. */
export function summarise(release: Release, now: number): HistorySummary {
  return {
    namespace: release.metadata.namespace ?? '',
    name: release.metadata.name,
    target: targetNameOf(release),
    ...deliveryFigures([ledgerOf(release)], now),
  };
}

/** In the order of the releases. */
export function summariseNamespaces(releases: Release[], now: number): NamespaceSummary[] {
  const names = [...new Set(releases.map(({ metadata }) => metadata.namespace ?? ''))];
  return names.map((namespace) => {
    const own = releases.filter(({ metadata }) => (metadata.namespace ?? '') === namespace);
    return { namespace, releases: own.length, ...deliveryFigures(own.map(ledgerOf), now) };
  });
}

function ledgerOf({ metadata, status }: Release): Ledger {
  const since = Date.parse(metadata.creationTimestamp ?? '');
  return { entries: status?.ledger ?? [], since: Number.isFinite(since) ? since : undefined };
}

const figureHeader = ['TESTED', 'PROMOTED', 'TAKEN BACK', 'WITHOUT VERDICT'];
const doraHeader = ['DEPLOYS/WEEK', 'TO PROMOTED', 'FAILURE RATE', 'TO TAKEN BACK'];

/** One line for each release. */
export function formatSummary(summaries: HistorySummary[]): string {
  const header = ['NAMESPACE', 'NAME', 'TARGET', ...figureHeader, ...doraHeader];
  const rows = summaries.map((one) => [one.namespace, one.name, one.target, ...figures(one)]);
  return formatTable(header, rows, header.slice(3));
}

/** One line for each namespace. */
export function formatNamespaces(summaries: NamespaceSummary[]): string {
  const header = ['NAMESPACE', 'RELEASES', ...figureHeader, ...doraHeader];
  const rows = summaries.map((one) => [one.namespace, formatCount(one.releases), ...figures(one)]);
  return formatTable(header, rows, header.slice(1));
}

function figures(one: DeliveryFigures): string[] {
  const age = (seconds: number | null): string => (seconds === null ? '-' : formatAge(seconds * 1000));
  return [
    ...[one.tested, one.promoted, one.takenBack, one.without].map(formatCount),
    String(Math.round(one.deploysPerWeek * 10) / 10),
    age(one.medianSecondsToPromoted),
    one.changeFailureRate === null ? '-' : `${Math.round(one.changeFailureRate * 100)}%`,
    age(one.medianSecondsToTakenBack),
  ];
}
