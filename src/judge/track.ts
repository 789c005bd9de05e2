import type { Evidence, PodSamples, PodWindow } from '../evidence/evidence.ts';
import { bucketIncrements, increments } from './increments.ts';

/** The increments of all pods of a track, summed per slot. A signal that no pod exports is null. */
export interface Track {
  pods: number;
  requests: number[] | null;
  errors: number[] | null;
  /** Cumulative over the bounds, as in the evidence. */
  buckets: number[][] | null;
  cpuSeconds: number[] | null;
  /** Mean bytes per pod; null in slots without a sample. */
  memoryBytes: (number | null)[] | null;
  errorClasses: Map<string, number[]>;
}

/**
 * @param start 0 for pods that started in the run, null for older ones
 * @param slots how many slots of the window count
 */
export function trackOf(
  window: PodWindow,
  names: readonly string[],
  width: number,
  start: 0 | null,
  slots = window.scrapes,
): Track {
  const pods = names.map((name) => window.pods[name]).filter((pod) => pod !== undefined);
  const counter = (pick: (pod: PodSamples) => (number | null)[] | undefined): number[] | null => {
    const series = pods.map((pod) => (pick(pod) ?? []).slice(0, slots));
    if (!series.some(present)) return null;
    return addUp(series.map((values) => increments(values, start)));
  };
  const histograms = pods.map((pod) => pod.buckets.slice(0, slots));
  const classes = new Set(pods.flatMap((pod) => Object.keys(pod.errorClasses)));
  return {
    pods: pods.length,
    requests: counter((pod) => pod.requests),
    errors: counter((pod) => pod.errors),
    cpuSeconds: counter((pod) => pod.cpuSeconds),
    memoryBytes: meanOf(pods.map((pod) => pod.memoryBytes.slice(0, slots))),
    buckets: histograms.some(present)
      ? addUpVectors(histograms.map((samples) => bucketIncrements(samples, start, width)))
      : null,
    errorClasses: new Map([...classes].map((name) => [name, counter((pod) => pod.errorClasses[name]) ?? []])),
  };
}

/** Names of the error classes that a stable pod raised in the history or in the first `slots` slots of the run. */
export function knownClasses({ run, history, stable }: Evidence, slots: number): Set<string> {
  const raised = (window: PodWindow | undefined, until?: number): string[] => {
    const classes = stable.flatMap((name) => Object.entries(window?.pods[name]?.errorClasses ?? {}));
    return classes
      .filter(([, values]) => values.slice(0, until).some((value) => (value ?? 0) > 0))
      .map(([name]) => name);
  };
  return new Set([...raised(history), ...raised(run, slots)]);
}

/** Sum from slot `from` up to `to`. */
export function total(values: readonly number[] | null, from = 0, to?: number): number {
  let sum = 0;
  for (const value of (values ?? []).slice(from, to)) sum += value;
  return sum;
}

/** Sum of bucket vectors from slot `from` up to `to`. */
export function totalBuckets(values: readonly number[][] | null, from = 0, to?: number): number[] {
  const sum: number[] = [];
  for (const counts of (values ?? []).slice(from, to)) {
    for (const [i, count] of counts.entries()) sum[i] = (sum[i] ?? 0) + count;
  }
  return sum;
}

function present(values: readonly unknown[]): boolean {
  return values.some((value) => value !== null);
}

function addUp(series: readonly number[][]): number[] {
  const length = Math.max(0, ...series.map((values) => values.length));
  return Array.from({ length }, (_, slot) => {
    let sum = 0;
    for (const values of series) sum += values[slot] ?? 0;
    return sum;
  });
}

function addUpVectors(series: readonly number[][][]): number[][] {
  const length = Math.max(0, ...series.map((values) => values.length));
  return Array.from({ length }, (_, slot) => totalBuckets(series.map((values) => values[slot] ?? [])));
}

function meanOf(series: readonly (number | null)[][]): (number | null)[] | null {
  if (!series.some(present)) return null;
  const length = Math.max(0, ...series.map((values) => values.length));
  return Array.from({ length }, (_, slot) => {
    const values = series.map((pod) => pod[slot] ?? null).filter((value) => value !== null);
    return values.length === 0 ? null : total(values) / values.length;
  });
}
