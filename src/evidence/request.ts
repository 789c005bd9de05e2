import type { PodEndpoint } from './pods/address.ts';

/** What the caller wants watched, in plain values. Pods that died in the run stay in the lists. */
export interface EvidenceRequest {
  namespace: string;
  /** Name of a source of the operator's configuration. */
  source: string;
  /** `Auto`, or the name of a preset. */
  preset: string;
  /** Start of slot 0, milliseconds: the canary's first Ready moment. */
  startedAt: number;
  canaryPods: WatchedPod[];
  stablePods: WatchedPod[];
  /** Fresh pods of stable, where there are any. */
  baselinePods?: WatchedPod[];
  /** Regular expressions; a status that one of them matches whole is an error. */
  errorCodes: string[];
  /** Routes that do not count. */
  ignoreRoutes: string[];
  warmupSeconds: number;
  /** How much of stable's past is read. */
  historySeconds: number;
  /** Seconds between two scrapes, where the source sets them itself; absent: as measured. */
  scrapeSeconds?: number;
  /** The user's own metrics. */
  custom?: CustomQuery[];
}

/** A query for one value of a track, with its placeholders. */
export interface CustomQuery {
  name: string;
  query: string;
}

/** A request with the choice between the sources. */
export interface RoutedRequest extends EvidenceRequest {
  from: 'Auto' | 'Prometheus' | 'Pods';
  /** What the release compares of them; absent: both. */
  resources?: readonly ResourceSignal[];
}

/** What metrics.k8s.io may have where a source has nothing of it. */
export type ResourceSignal = 'cpu' | 'memory';

export interface WatchedPod {
  name: string;
  /** Milliseconds. */
  startedAt: number;
  /** Where it may be scraped; absent: it ended, or has no address. */
  endpoint?: PodEndpoint;
}

/** Why a release cannot be watched. The message is for status. */
export type WatchProblem = {
  reason:
    | 'UnknownSource'
    | 'NamespaceNotAllowed'
    | 'UnknownPreset'
    | 'InvalidCodes'
    | 'CustomNotAllowed'
    | 'InvalidCustom';
  message: string;
};

export type WatchResult = { ok: true } | { ok: false; problem: WatchProblem };

/** All pods of a request. */
export function allPods(request: EvidenceRequest): WatchedPod[] {
  return [...request.canaryPods, ...request.stablePods, ...(request.baselinePods ?? [])];
}
