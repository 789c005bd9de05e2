import type { Evidence } from '../evidence/evidence.ts';
import { slotsBegun, verdictOf } from '../judge/engine/judge-sequential.ts';
import { SequentialJudge } from '../judge/engine/sequential-judge.ts';
import type { AnalysisSpec } from '../judge/spec.ts';
import type { MetricVerdict, Verdict } from '../judge/verdict.ts';

/** How one metric of both tracks stood after one scrape; null where there was no value, or an end is open. */
export interface CoursePoint {
  /** Milliseconds since the epoch (since the canary's first scrape where the evidence begins at 0). */
  at: number;
  stable: number | null;
  canary: number | null;
  /** canary against stable: 0.64 = 64 % more. */
  difference: number | null;
  lower: number | null;
  upper: number | null;
  /** Requests, or scrapes for gauges, behind the comparison. */
  samples: number;
  /** Percent of the evidence that a rollback needs. */
  evidence: number;
  /** What was counted at that time, which may be something else than at the end: another bound of the buckets. */
  counted?: string;
}

export interface CourseMetric extends Pick<MetricVerdict, 'name' | 'unit' | 'counted' | 'limit' | 'query' | 'verdict'> {
  points: CoursePoint[];
}

/** What the judge saw in the course of a release, scrape by scrape. */
export interface Course {
  metrics: CourseMetric[];
  /** After the last scrape that was read; undefined before the first. */
  verdict: Verdict | undefined;
  /** When a regression was shown first, milliseconds as in `at`; undefined: it was not. */
  foundAt: number | undefined;
}

/** Points of a plot: more is no sharper on any screen. */
export const mostPoints = 240;

/**
 * What the judge would have said after every scrape up to `now`. Pure: it replays the evidence, so that it can be told
 * long after the release, and after any restart.
 *
 * @param now milliseconds since the epoch; slots that start later do not count
 * @param most points per metric; a longer run is thinned out evenly, and its last scrape is always there
 */
export function courseOf(evidence: Evidence, spec: AnalysisSpec, now: number, most: number = mostPoints): Course {
  const end = slotsBegun(evidence, now);
  const reader = createCourseReader(evidence, spec, Math.max(1, Math.ceil(end / most)));
  while (reader.slots() < end) reader.step(evidence);
  return reader.course(evidence);
}

/** Reads a run scrape by scrape and keeps each `every`th point. */
export interface CourseReader {
  /** Slots that were read. */
  slots(): number;
  /** Reads one more slot, which has to be there. */
  step(evidence: Evidence): void;
  /** The points so far, that of the last slot included. */
  course(evidence: Evidence): Course;
}

export function createCourseReader(evidence: Evidence, spec: AnalysisSpec, every: number): CourseReader {
  const judge = new SequentialJudge(evidence, spec);
  const metrics = new Map<string, CourseMetric>();
  let last: Verdict | undefined;

  function momentOf({ startedAt, scrapeSeconds }: Evidence): number {
    return startedAt + (judge.slots - 1) * scrapeSeconds * 1000;
  }

  function step(now: Evidence): void {
    judge.step(now);
    last = undefined;
    if (judge.slots % every !== 0) return;
    last = verdictOf(judge, now);
    for (const metric of last.metrics) addPoint(metrics, metric, momentOf(now));
  }

  function course(now: Evidence): Course {
    const foundAt = judge.found === null ? undefined : now.startedAt + judge.found.at * 1000;
    if (judge.slots === 0) return { metrics: [], verdict: undefined, foundAt };
    const whole = new Map([...metrics].map(([name, metric]) => [name, { ...metric, points: [...metric.points] }]));
    const verdict = last ?? verdictOf(judge, now);
    if (last === undefined) for (const metric of verdict.metrics) addPoint(whole, metric, momentOf(now));
    return { metrics: [...whole.values()], verdict, foundAt };
  }

  return { slots: () => judge.slots, step, course };
}

function addPoint(metrics: Map<string, CourseMetric>, metric: MetricVerdict, at: number): void {
  const { name, unit, counted, limit, query, verdict } = metric;
  const points = metrics.get(name)?.points ?? [];
  const { stable, canary, difference, interval, samples, evidence } = metric;
  const what = counted === undefined ? {} : { counted };
  points.push({ at, stable, canary, difference, lower: interval[0], upper: interval[1], samples, evidence, ...what });
  metrics.set(name, { name, unit, ...what, limit, query, verdict, points });
}
