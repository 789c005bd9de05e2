import type { Calibration, PlannedStep } from '../api/schema.ts';
import type { Condition, Deployment, KubeObject } from '../kube/object.ts';

/**
 * What the commands read of a CanaryRelease. Everything is optional: the object may have been written by an operator of
 * another version, or not have been looked at by one yet.
 */
export interface Release extends KubeObject {
  spec?: {
    targetRef?: { kind?: string | undefined; name?: string | undefined };
    gate?: string | undefined;
    promotion?: string | undefined;
    suspend?: boolean | undefined;
    [field: string]: unknown;
  };
  status?: ReleaseStatus;
}

export interface ReleaseStatus {
  observedGeneration?: number;
  phase?: string;
  phaseSince?: string;
  message?: string;
  gate?: { mode?: string; message?: string };
  warnings?: string[];
  target?: { uid?: string; generation?: number; revision?: string };
  commands?: { command?: string; text?: string; seen?: string }[];
  stable?: TrackStatus;
  canary?: TrackStatus;
  baseline?: TrackStatus;
  analysis?: AnalysisStatus;
  calibration?: Calibration;
  ledger?: LedgerLine[];
  conditions?: Condition[];
  [field: string]: unknown;
}

export interface TrackStatus {
  revision?: string;
  images?: string[];
  replicas?: number;
  ready?: number;
  started?: string;
  since?: string;
  share?: string;
}

export interface AnalysisStatus {
  verdict?: string;
  sentence?: string;
  since?: string;
  until?: string;
  /** Since when the deadline stands still. */
  standingSince?: string;
  source?: string;
  preset?: string;
  requests?: { stable?: number; canary?: number };
  metrics?: MetricLine[];
  missing?: string[];
  warnings?: string[];
  planned?: PlannedStep[];
}

export interface MetricLine {
  name: string;
  unit?: string;
  stable?: string;
  canary?: string;
  difference?: string;
  interval?: (string | null)[];
  limit?: string;
  samples?: number;
  evidence?: number;
  detectable?: string;
  verdict?: string;
  query?: string;
}

export interface LedgerLine {
  revision: string;
  images?: string[];
  generation?: number;
  verdict?: string;
  outcome?: string;
  by?: string;
  sentence?: string;
  seen?: string;
  started?: string;
  ended?: string;
}

export const targetNameOf = (release: Release): string => release.spec?.targetRef?.name ?? release.metadata.name;

export const phaseOf = (release: Release): string => release.status?.phase ?? 'Unknown';

export function conditionOf(release: Release, type: string): Condition | undefined {
  return release.status?.conditions?.find((condition) => condition.type === type);
}

/** The operator has looked at this very spec. */
export function isObserved(release: Release): boolean {
  return (release.status?.observedGeneration ?? -1) >= (release.metadata.generation ?? 0);
}

/** What is going on, and what a person should do. `status.analysis` is of no use here: it may be of the last release. */
export function messageOf(release: Release): string {
  const stalled = conditionOf(release, 'Stalled');
  const told = stalled?.status === 'True' ? stalled : conditionOf(release, 'Ready');
  return release.status?.message || told?.message || '';
}

/** Two revisions name the same one: status shows ten digits of what the ledger keeps whole. */
export function sameRevision(a: string | undefined, b: string | undefined): boolean {
  if (!a || !b) return false;
  return a.startsWith(b) || b.startsWith(a);
}

/** `crel/checkout` and `canaryreleases.tandem.dev/checkout` are accepted like `checkout`. */
export function parseName(text: string): string {
  return text.replace(/^(crel|canaryreleases?(\.tandem\.dev)?)\//i, '');
}

/** The target as far as a command could read it. */
export type Target = Deployment | undefined;
