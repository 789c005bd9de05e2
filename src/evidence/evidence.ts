/**
 * What was measured of the two tracks of a release: raw counter samples per pod and scrape, as the pods exported them.
 * The same shape as a recording, so that a decision can be replayed. Nothing here is a rate or an average.
 */
export interface Evidence {
  /** Start of slot 0 of `run`, milliseconds since the epoch: the canary's first Ready moment. */
  startedAt: number;
  /** Seconds between two scrapes of the pods, as measured. */
  scrapeSeconds: number;
  /** Upper bounds of the latency buckets in seconds, ascending, without +Inf; empty when no histogram was found. */
  boundsSeconds: number[];
  /** Names of the pods, those that died in the run included. */
  canary: string[];
  stable: string[];
  /** The fresh pods of stable, where there are any. */
  baseline?: string[];
  /** The stable pods in the hour before the run. */
  history?: HistoryWindow;
  run: PodWindow;
  /** The user's own metrics by name, by slot of the run; absent where there are none. */
  custom?: Record<string, CustomSamples>;
  /** Where a pod was replaced to ask for a second opinion. */
  secondOpinion?: SecondOpinion;
  /** What the samples came from, for status. */
  found: FoundMetrics;
  /** How the last question to the source ended. */
  source: SourceState;
}

/** All but errors is compared anew from here on: a difference that lay with a pod and its node is not the version's. */
export interface SecondOpinion {
  /** First Ready moment of the new pod, milliseconds since the epoch. */
  since: number;
  /** Pods that were deleted for it: what they did counts for errors alone. */
  without: string[];
}

export interface PodWindow {
  scrapes: number;
  pods: Record<string, PodSamples>;
}

/** A past that another source than the run's has measured says so by slots of its own: its counters do not go on there. */
export interface HistoryWindow extends PodWindow {
  /** Seconds of a slot; absent: as in the run, and its counters go on in the run. */
  scrapeSeconds?: number;
}

/** Counter values since the start of the pod, one per slot; null = scrape missed; a smaller value = counter reset. */
export interface PodSamples {
  requests: (number | null)[];
  errors: (number | null)[];
  /** Cumulative over the bounds, the last one is +Inf; successful requests only. null = scrape missed. */
  buckets: (number[] | null)[];
  /** Sum of the durations of successful requests and their number: what there is of the latency without a histogram. */
  latencySumSeconds?: (number | null)[];
  latencyCount?: (number | null)[];
  /** CPU seconds used. */
  cpuSeconds: (number | null)[];
  /** 1 where nothing is known of the CPU time since the sample before: the sample is a base and no increment. */
  cpuBreaks?: (number | null)[];
  /** Bytes in use (a gauge). */
  memoryBytes: (number | null)[];
  /** Requests by class of error (status, and type where the application labels it). Only classes that occurred. */
  errorClasses: Record<string, (number | null)[]>;
  /** Requests by route, where the application labels it. */
  routes?: Record<string, (number | null)[]>;
  /** Errors by route, the same routes. */
  routeErrors?: Record<string, (number | null)[]>;
}

/** One value of each track per slot; null = no data, or not answered. */
export interface CustomSamples {
  canary: (number | null)[];
  stable: (number | null)[];
  /** Why the newest question brought no value; absent while both tracks have one. */
  problem?: string;
}

/** Which series carry which signal. A signal that is absent on stable stands in `missing`. */
export interface FoundMetrics {
  source: string;
  preset?: string;
  /** Signal (`requests`, `errors`, `latency`, `cpu`, `memory`, `custom-NAME`) to the query that answers it. */
  queries: Record<string, string>;
  missing: string[];
  /** What a person should know of the source, for status. */
  warnings?: string[];
  /** How far the metrics carry, where they do not carry all the way; each with its remedy. */
  limits?: string[];
}

/**
 * Value, no data and a failed question stay apart: `Collecting` has samples, `NoData` was answered without a sample of
 * a track, `Failed` was not answered at all.
 */
export type SourceState =
  | { state: 'Collecting'; at: number }
  | { state: 'NoData'; at: number; message: string }
  | { state: 'Failed'; at: number; since: number; message: string };
