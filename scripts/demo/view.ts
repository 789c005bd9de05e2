import type { CanaryReleaseStatus, LedgerEntry } from '../../src/api/schema.ts';
import type { LoadCounts } from './load.ts';
import { imageOf, type Scenario } from './scenarios.ts';

type Metric = NonNullable<NonNullable<CanaryReleaseStatus['analysis']>['metrics']>[number];

/** How one release stands, as everything that is shown of it needs. */
export interface View {
  scenario: Scenario;
  phase: string;
  message: string;
  stable: Track;
  canary: Track | undefined;
  requests: { stable: number; canary: number } | undefined;
  metrics: Metric[];
  verdict: string | undefined;
  sentence: string;
  /** Of the released version, once it is decided. */
  entry: LedgerEntry | undefined;
  /** Seconds from the canary's first Ready moment to the decision. */
  decidedAfter: number | undefined;
  counts: LoadCounts;
}

export interface Track {
  version: string;
  ready: number;
  replicas: number;
  share: string | undefined;
}

interface TrackStatus {
  images?: string[] | undefined;
  ready?: number | undefined;
  replicas?: number | undefined;
  share?: string | undefined;
}

function trackOf(status: TrackStatus | undefined): Track | undefined {
  if (status === undefined) return undefined;
  const version = status.images?.[0]?.split(':').at(-1) ?? '';
  return { version, ready: status.ready ?? 0, replicas: status.replicas ?? 0, share: status.share };
}

export function viewOf(scenario: Scenario, status: CanaryReleaseStatus, counts: LoadCounts): View {
  const { analysis, ledger = [] } = status;
  const image = imageOf(scenario.tag);
  const entry = ledger.find(({ images }) => images.some((one) => one.endsWith(`=${image}`) || one === image));
  return {
    scenario,
    phase: status.phase ?? '',
    message: status.message ?? '',
    stable: trackOf(status.stable) ?? { version: 'v1', ready: 0, replicas: 3, share: undefined },
    canary: trackOf(status.canary),
    requests: analysis?.requests,
    metrics: analysis?.metrics ?? [],
    verdict: entry?.verdict || analysis?.verdict,
    sentence: entry?.sentence ?? analysis?.sentence ?? '',
    entry,
    decidedAfter: undefined,
    counts,
  };
}

/** It has come to its end, and what follows from it is done. */
export function isOver({ entry, phase }: View): boolean {
  return entry?.ended !== undefined && (phase === 'Idle' || phase === 'Rejected');
}

/** The outcome and what decided are those that the scenario asks for. */
export function isRight({ scenario, entry }: View): boolean {
  return entry?.outcome === scenario.expected && scenario.because.test(entry.reason);
}

/** Percent of the evidence for a rollback below which a metric is not worth more than another. */
const noteworthy = 10;

/** The comparison that says most: what decided, else what has evidence against the canary, else the largest excess. */
export function leadingMetric({ metrics, entry, verdict }: View): Metric | undefined {
  const decisive = metrics.find(({ name }) => name === entry?.reason);
  const regressed = verdict === 'Regression' ? metrics.find((metric) => metric.verdict === 'Regression') : undefined;
  return decisive ?? regressed ?? metrics.toSorted((a, b) => weight(b) - weight(a))[0];
}

function weight({ name, evidence = 0, difference, limit, canary }: Metric): number {
  if (!canary) return -2;
  if (evidence >= noteworthy) return 1000 + evidence;
  // Few requests are so slow: their share jumps up and down and says nothing without evidence.
  if (name === 'latency-slow' || name === 'latency' || !difference) return -1;
  return Number.parseFloat(difference) / (Number.parseFloat(limit ?? '') || 100);
}
