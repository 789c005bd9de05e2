/** What the judge is asked for, in plain numbers: seconds, fractions of 1. */
export interface AnalysisSpec {
  /** Seconds from the canary's first Ready moment before which nothing is promoted. */
  minDurationSeconds: number;
  /** Seconds at the start of a canary that gauges leave out. */
  warmupSeconds: number;
  /** Highest accepted probability that a healthy version is taken back, over all metrics of a release. */
  falseRollbackRate: number;
  errors: { enabled: boolean; tolerance: number; newClasses: boolean };
  latency: {
    enabled: boolean;
    quantiles: number[];
    tolerance: number;
    absoluteToleranceSeconds: number;
    /** Requests slower than this count as slow; null: the bucket bound nearest stable's p99. */
    slowThresholdSeconds: number | null;
  };
  cpu: { enabled: boolean; tolerance: number };
  memory: { enabled: boolean; tolerance: number };
  /** What earlier releases of this service taught, by metric (latency-p50, cpu, memory, ...). */
  podSpread?: Record<string, PodSpread>;
  /** Metrics by the user's own queries; absent: none. */
  custom?: CustomMetricSpec[];
}

/** Standard deviation of the lasting ln difference between pods of one version, and the pods' worth of data behind it. */
export interface PodSpread {
  sd: number;
  weight: number;
}

/** How a custom metric is judged. */
export interface CustomMetricSpec {
  name: string;
  worse: 'Higher' | 'Lower';
  /** Fraction of 1. */
  tolerance: number;
  /** false: reported, takes no part in the decision. */
  critical: boolean;
}
