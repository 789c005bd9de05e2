import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LedgerEntry, Phase } from '../api/schema.ts';
import type { ScrapeOutcome } from '../evidence/pods/round.ts';
import type { NotificationOutcome } from '../notify/notifier.ts';
import type { Decision } from '../release/decision.ts';
import { newEnds } from '../release/ledger.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { type ReportOutcome, reportOutcomes } from '../report/keeper.ts';
import { createDoraMetrics } from './dora.ts';
import { type CounterFromZero, countFromZero, ZERO_MS } from './from-zero.ts';

/** The operator's own figures. Labels are bounded: only the figures of delivery name targets, and no more than some hundred. */
export interface OperatorMetrics {
  /** Outcomes that this pass wrote, and the phase it left. */
  observe(snapshot: Snapshot, decision: Decision): void;
  /** A release is gone. */
  forget(key: string): void;
  pass(result: 'success' | 'error', seconds: number): void;
  query(source: string, outcome: 'value' | 'nodata' | 'failed', seconds: number): void;
  scrape(outcome: ScrapeOutcome): void;
  notification(receiver: string, outcome: NotificationOutcome): void;
  report(outcome: ReportOutcome): void;
}

/**
 * @param now milliseconds since the epoch
 * @param zeroMs how long a series of ends shows 0 first
 */
export function createOperatorMetrics(
  registry: Registry,
  version: string,
  now: () => number,
  zeroMs: number = ZERO_MS,
): OperatorMetrics {
  const registers = [registry];
  const dora = createDoraMetrics(registry, now);
  const info = new Gauge({
    name: 'tandem_build_info',
    help: 'Version of the operator.',
    labelNames: ['version'],
    registers,
  });
  info.set({ version }, 1);
  const releases = new Gauge({
    name: 'tandem_releases',
    help: 'CanaryReleases by phase.',
    labelNames: ['phase'],
    registers,
  });
  const ends: CounterFromZero = countFromZero(() => outcomes, now, zeroMs);
  const outcomes: Counter = new Counter({
    name: 'tandem_release_outcomes_total',
    help: 'Ends of releases by outcome, verdict and reason; a new series shows 0 for a minute.',
    labelNames: ['namespace', 'outcome', 'verdict', 'reason'],
    registers,
    collect: ends.settle,
  });
  const duration = new Histogram({
    name: 'tandem_release_duration_seconds',
    help: 'From the start of a canary to the end of its release, by outcome.',
    labelNames: ['outcome'],
    buckets: [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200],
    registers,
  });
  const passes = new Counter({
    name: 'tandem_reconcile_total',
    help: 'Passes over a release by result.',
    labelNames: ['result'],
    registers,
  });
  const passSeconds = new Histogram({
    name: 'tandem_reconcile_duration_seconds',
    help: 'Seconds one pass over a release takes.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const queries = new Counter({
    name: 'tandem_evidence_queries_total',
    help: 'Questions to the sources of evidence by outcome.',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const querySeconds = new Histogram({
    name: 'tandem_evidence_query_duration_seconds',
    help: 'Seconds until a source of evidence answered.',
    labelNames: ['source'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15],
    registers,
  });
  const scrapes = new Counter({
    name: 'tandem_scrapes_total',
    help: 'Scrapes of pods by outcome: value, nodata, failed, or refused where no address may be scraped.',
    labelNames: ['outcome'],
    registers,
  });
  const told: CounterFromZero = countFromZero(() => notifications, now, zeroMs);
  const notifications: Counter = new Counter({
    name: 'tandem_notifications_total',
    help: 'Notifications by receiver and what became of them; retried counts attempts that failed. A new series shows 0 for a minute.',
    labelNames: ['receiver', 'outcome'],
    registers,
    collect: told.settle,
  });
  const reports = new Counter({
    name: 'tandem_reports_total',
    help: 'Writes of reports of releases that ended, by outcome; retried counts attempts that failed.',
    labelNames: ['outcome'],
    registers,
  });
  // From 0 on: of a counter that begins at 1 no rate tells the first.
  for (const outcome of reportOutcomes) reports.inc({ outcome }, 0);
  const phases = new Map<string, Phase>();

  function setPhase(key: string, phase: Phase | undefined): void {
    const before = phases.get(key);
    if (before === phase) return;
    if (before !== undefined) releases.dec({ phase: before });
    if (phase === undefined) phases.delete(key);
    else {
      phases.set(key, phase);
      releases.inc({ phase });
    }
  }

  function observe(snapshot: Snapshot, decision: Decision): void {
    const { namespace = '', name } = snapshot.release.metadata;
    setPhase(`${namespace}/${name}`, decision.status.phase);
    const target = snapshot.release.spec.targetRef.name;
    dora.observe(snapshot.release, target, decision.status.ledger ?? []);
    for (const entry of newEnds(snapshot.release.status, decision.status)) {
      ends.inc({ namespace, outcome: entry.outcome, verdict: entry.verdict || 'None', reason: entry.reason });
      duration.observe({ outcome: entry.outcome }, secondsOf(entry));
    }
  }

  return {
    observe,
    forget: (key) => {
      setPhase(key, undefined);
      dora.forget(key);
    },
    pass: (result, seconds) => {
      passes.inc({ result });
      passSeconds.observe(seconds);
    },
    query: (source, outcome, seconds) => {
      queries.inc({ source, outcome });
      querySeconds.observe({ source }, seconds);
    },
    scrape: (outcome) => scrapes.inc({ outcome }),
    notification: (receiver, outcome) => told.inc({ receiver, outcome }),
    report: (outcome) => reports.inc({ outcome }),
  };
}

function secondsOf(entry: LedgerEntry): number {
  return Math.max(0, (Date.parse(entry.ended ?? entry.started) - Date.parse(entry.started)) / 1000);
}
