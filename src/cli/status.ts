import { GATE_LABEL } from '../api/names.ts';
import {
  formatAge,
  formatBar,
  formatCount,
  formatInterval,
  formatRevision,
  formatSince,
  formatValue,
} from './format.ts';
import { nextSteps } from './next-steps.ts';
import { paintPhase, paintVerdict } from './paint.ts';
import {
  type AnalysisStatus,
  type LedgerLine,
  type MetricLine,
  messageOf,
  phaseOf,
  type Release,
  type Target,
  type TrackStatus,
  targetNameOf,
} from './release.ts';
import type { Style } from './style.ts';
import { formatTable, indent } from './table.ts';

export interface StatusView {
  /** With the query behind each metric and whole revisions. */
  wide: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  style: Style;
  /** How the program is called in the commands that are proposed. */
  program: string;
}

/** All of `tandem status`: where a release stands, why, and what to do next. `target` is absent if it was not readable. */
export function formatStatus(release: Release, target: Target, view: StatusView): string {
  const sections = [
    head(release, target, view),
    tracks(release, view),
    analysis(release, view),
    list('Warnings', warningsOf(release), view),
    ledger(release, view),
    conditions(release, view),
    list('Next', nextSteps(release, target, view.program), view),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function head(release: Release, target: Target, view: StatusView): string {
  const { metadata, status } = release;
  const phase = paintPhase(phaseOf(release), view.style);
  const since = formatSince(status?.phaseSince, view.now);
  const lines = [
    `${view.style.bold(`${metadata.namespace}/${metadata.name}`)}: ${phase}${since === '-' ? '' : ` for ${since}`}`,
    messageOf(release),
    '',
    `Verdict   ${verdictLine(release, view)}`,
    `Target    ${targetLine(release, target)}`,
    `Settings  ${settingsLine(release)}`,
  ];
  return `${lines.filter((line, index) => line !== '' || index === 2).join('\n')}\n`;
}

function verdictLine(release: Release, view: StatusView): string {
  const found = release.status?.analysis;
  const verdict = paintVerdict(found?.verdict, view.style);
  // Without a canary what was measured is of the release before.
  const last = found?.verdict !== undefined && release.status?.canary === undefined ? ' (of the last test)' : '';
  const isSaid = !found?.sentence || found.sentence === messageOf(release);
  return isSaid ? verdict + last : `${verdict}${last}: ${found.sentence}`;
}

function targetLine(release: Release, target: Target): string {
  const name = `${release.spec?.targetRef?.kind ?? 'Deployment'} ${targetNameOf(release)}`;
  if (target === undefined) return name;
  const gate = target.metadata.labels?.[GATE_LABEL];
  const rolling = target.spec.paused === true ? 'paused' : 'not paused';
  return `${name}, ${rolling}, ${gate === undefined ? 'no gate' : `gate ${gate}`}`;
}

function settingsLine(release: Release): string {
  const { gate: wanted = 'Admission', promotion = 'Automatic', suspend } = release.spec ?? {};
  const { mode = wanted, message } = release.status?.gate ?? {};
  const gate = message ? `${mode} (${message})` : mode;
  return `gate ${gate}, promotion ${promotion}${suspend === true ? ', suspended' : ''}`;
}

function tracks(release: Release, view: StatusView): string {
  const rows = (['stable', 'canary', 'baseline'] as const).flatMap((name) => {
    const track = release.status?.[name];
    return track?.revision === undefined ? [] : [trackRow(name, track, view)];
  });
  if (rows.length === 0) return '';
  return formatTable(['TRACK', 'REVISION', 'READY', 'SHARE', 'AGE', 'IMAGES'], rows);
}

function trackRow(name: string, track: TrackStatus, view: StatusView): string[] {
  return [
    name,
    view.wide ? (track.revision ?? '-') : formatRevision(track.revision),
    `${track.ready ?? 0}/${track.replicas ?? 0}`,
    track.share || '-',
    formatSince(track.started ?? track.since, view.now),
    (track.images ?? []).join(' '),
  ];
}

function analysis(release: Release, view: StatusView): string {
  const found = release.status?.analysis;
  if (found === undefined) return '';
  const facts = evidenceFacts(found, phaseOf(release) === 'Analyzing' ? view.now : undefined);
  const line = facts.length === 0 ? '' : `Evidence  ${facts.join('; ')}\n`;
  return line + metricTable(found.metrics ?? [], view);
}

/** `now` only while the deadline counts. */
function evidenceFacts(found: AnalysisStatus, now: number | undefined): string[] {
  const { requests, source, preset, missing = [] } = found;
  const on = (track: 'stable' | 'canary'): string => `${formatCount(requests?.[track] ?? 0)} requests on ${track}`;
  return [
    source ? `source ${source}${preset ? ` (${preset})` : ''}` : '',
    requests ? `${on('stable')}, ${on('canary')}` : '',
    deadline(found, now),
    missing.length > 0 ? `missing ${missing.join(', ')}` : '',
  ].filter((fact) => fact !== '');
}

function deadline({ until, standingSince }: AnalysisStatus, now: number | undefined): string {
  if (standingSince && now !== undefined) return `the deadline stands still for ${formatSince(standingSince, now)}`;
  if (!until) return '';
  const left = now === undefined ? 0 : Date.parse(until) - now;
  return `decision by ${until}${left > 0 ? `, ${formatAge(left)} left` : ''}`;
}

function metricTable(metrics: MetricLine[], view: StatusView): string {
  if (metrics.length === 0) return '';
  const header = ['METRIC', 'STABLE', 'CANARY', 'DIFFERENCE', 'INTERVAL', 'LIMIT', 'SAMPLES', 'EVIDENCE', 'VERDICT'];
  const rows = metrics.map((metric) => [...metricRow(metric, view.style), ...(view.wide ? [metric.query ?? ''] : [])]);
  const right = ['STABLE', 'CANARY', 'DIFFERENCE', 'LIMIT', 'SAMPLES'];
  return formatTable([...header, ...(view.wide ? ['QUERY'] : [])], rows, right);
}

function metricRow(metric: MetricLine, style: Style): string[] {
  return [
    metric.name,
    formatValue(metric.stable, metric.unit),
    formatValue(metric.canary, metric.unit),
    metric.difference || '-',
    formatInterval(metric.interval),
    metric.limit || '-',
    metric.samples === undefined ? '-' : formatCount(metric.samples),
    formatBar(metric.evidence, style),
    paintVerdict(metric.verdict, style),
  ];
}

function warningsOf(release: Release): string[] {
  return [...(release.status?.warnings ?? []), ...(release.status?.analysis?.warnings ?? [])];
}

function ledger(release: Release, view: StatusView): string {
  const entries = release.status?.ledger ?? [];
  if (entries.length === 0) return '';
  const header = ['LEDGER', 'OUTCOME', 'VERDICT', 'ENDED', 'BY', 'SENTENCE'];
  return formatTable(
    header,
    entries.map((entry) => ledgerRow(entry, view)),
  );
}

function ledgerRow(entry: LedgerLine, view: StatusView): string[] {
  return [
    view.wide ? entry.revision : formatRevision(entry.revision),
    entry.outcome ?? '-',
    paintVerdict(entry.verdict, view.style),
    formatSince(entry.ended, view.now),
    entry.by || '-',
    entry.sentence ?? '',
  ];
}

function conditions(release: Release, view: StatusView): string {
  const rows = (release.status?.conditions ?? []).map((condition) => [
    condition.type,
    condition.status,
    condition.reason ?? '',
    formatSince(condition.lastTransitionTime, view.now),
    condition.message === messageOf(release) ? '' : (condition.message ?? ''),
  ]);
  return rows.length === 0 ? '' : formatTable(['CONDITION', 'STATUS', 'REASON', 'SINCE', 'MESSAGE'], rows);
}

function list(title: string, lines: string[], view: StatusView): string {
  return lines.length === 0 ? '' : `${view.style.bold(title)}\n${indent(`${lines.join('\n')}\n`)}`;
}
