import { type HttpPreset, httpPresets } from './http-presets.ts';
import type { Metric } from './metric.ts';
import type { PodLabels } from './presets.ts';
import { quote } from './prometheus/promql.ts';

/** What counts and times requests. */
export interface HttpMetrics {
  preset: string;
  requests: Metric;
  /** A classic histogram (`_bucket`) or a native one. */
  latency?: Metric;
  /** Sum and number of durations, where there is no histogram. */
  mean?: { sum: Metric; count: Metric };
  exceptions?: Metric;
  /** What the canary exports in the place of `requests`, where it does not export that. */
  elsewhere?: { preset: string; metric: string };
}

/** Names of metrics by track, under one pair of pod labels. */
export interface Names {
  pods: PodLabels;
  stable: ReadonlySet<string>;
  canary: ReadonlySet<string>;
}

/** A metric whose labels decide. */
export interface Candidate {
  metric: Metric;
  /** Without `_bucket`: it may be a native histogram, a summary, or anything else. */
  native: boolean;
  /** With `_bucket`: one without bounds, which is what text has of a native histogram, times nothing. */
  bounded: boolean;
  /** Labels that are of interest. */
  labels: readonly string[];
}

/** Labels that stable's series of a candidate carry; undefined: there is no such series, or none of the right kind. */
export type LabelsOf = (candidate: Candidate) => ReadonlySet<string> | undefined;

/** What is to be known of the labels before the choice. `wanted`: `Auto`, or the name of a preset. */
export function candidatesOf(wanted: string, names: Names): Candidate[] {
  return presetsFor(wanted, names).flatMap((preset) => {
    const { durations, counters } = preset;
    const timers = durations.flatMap((base) => [base, `${base}_bucket`, `${base}_count`]);
    const known = [...new Set([...timers, ...counters])].filter((name) => names.stable.has(name));
    return known.map((name) => candidate(preset, name, names.pods));
  });
}

/**
 * The preset that carries farthest: on both tracks before on stable alone; an application's histogram with a status, a
 * sidecar, an application without a histogram, one without a status.
 */
export function chooseHttp(wanted: string, names: Names, labelsOf: LabelsOf): HttpMetrics | undefined {
  let best: { metrics: HttpMetrics; score: number } | undefined;
  for (const preset of presetsFor(wanted, names)) {
    const metrics = readPreset({ preset, names, labelsOf, auto: wanted === 'Auto' });
    if (metrics === undefined) continue;
    const score = scoreOf(preset, metrics, names);
    if (best === undefined || score > best.score) best = { metrics, score };
  }
  return best === undefined ? undefined : { ...best.metrics, ...elsewhere(names, best.metrics) };
}

/** A preset that the user names is taken at its word: only what it looks for has to be there. */
function presetsFor(wanted: string, { stable }: Names): HttpPreset[] {
  const has = (base: string): boolean => [base, `${base}_bucket`, `${base}_count`].some((name) => stable.has(name));
  return httpPresets.filter(({ name, signature, durations, counters }) => {
    if (wanted !== 'Auto' && wanted !== name) return false;
    if (wanted === 'Auto' && signature !== undefined && !has(signature)) return false;
    return durations.some(has) || counters.some((counter) => stable.has(counter));
  });
}

function candidate(preset: HttpPreset, name: string, pods: PodLabels): Candidate {
  const { statusLabels, routeLabels, classLabels, failureLabels = [], marks = [] } = preset;
  const routes = routeLabels.flatMap((label) => label.split('+'));
  return {
    metric: plainMetric(preset, name, pods),
    native: preset.durations.includes(name),
    bounded: preset.durations.some((base) => name === `${base}_bucket`),
    labels: [...new Set([...statusLabels, ...routes, ...classLabels, ...failureLabels, ...marks])],
  };
}

function plainMetric({ only, secondsPerUnit }: HttpPreset, metric: string, pods: PodLabels): Metric {
  const matchers = Object.entries(only ?? {}).map(([label, value]) => `${label}=${quote(value)}`);
  return { metric, pods, matchers, ...(only ? { only } : {}), secondsPerUnit, perContainer: false };
}

interface Search {
  preset: HttpPreset;
  names: Names;
  labelsOf: LabelsOf;
  auto: boolean;
}

function scoreOf({ place }: HttpPreset, { requests, latency }: HttpMetrics, { canary }: Names): number {
  const both = canary.has(requests.metric) ? 10 : 0;
  const route = requests.routeLabel === undefined ? 0 : 0.5;
  if (requests.statusLabel === undefined) return both + 1 + route;
  if (place === 'sidecar') return both + 3 + route;
  return both + (latency === undefined ? 2 : 4) + route;
}

function readPreset(search: Search): HttpMetrics | undefined {
  const { preset, names } = search;
  const latency = histogramOf(search);
  const counters = preset.counters.map((counter) => readMetric(search, counter));
  const mean = latency === undefined ? meanOf(search) : undefined;
  const requests = bestCounter([latency, ...counters, mean?.count], names);
  if (requests === undefined) return undefined;
  return {
    preset: preset.name,
    requests,
    ...(latency === undefined ? {} : { latency }),
    ...(mean === undefined ? {} : { mean }),
    ...exceptionsOf(search),
  };
}

/** The first that is on both tracks, has a status, a route, and more signs of failure, in this order of weight. */
function bestCounter(candidates: readonly (Metric | undefined)[], { canary }: Names): Metric | undefined {
  const weight = ({ metric, statusLabel, routeLabel, failureLabels }: Metric): number => {
    const signs = [canary.has(metric) || undefined, statusLabel, routeLabel, failureLabels];
    return signs.reduce<number>((sum, sign, i) => sum + (sign === undefined ? 0 : 2 ** -i), 0);
  };
  return candidates.filter((metric) => metric !== undefined).toSorted((a, b) => weight(b) - weight(a))[0];
}

/** A native histogram is finer than a classic one; both are there where Prometheus is told to keep both. */
function histogramOf(search: Search): Metric | undefined {
  const { preset, names } = search;
  const all = preset.durations.flatMap((base) => [base, `${base}_bucket`]).map((name) => readMetric(search, name));
  const found = all.filter((metric) => metric !== undefined);
  return found.find(({ metric }) => names.canary.has(metric)) ?? found[0];
}

/** Sum and number of durations, which are all that a summary has to be joined over pods. */
function meanOf(search: Search): HttpMetrics['mean'] {
  const base = search.preset.durations.find((name) => search.names.stable.has(`${name}_sum`));
  const count = base === undefined ? undefined : readMetric(search, `${base}_count`);
  return count === undefined ? undefined : { count, sum: { ...count, metric: `${base}_sum` } };
}

/** Not looked for: without an exception there is no series, and the first ones may be the canary's. */
function exceptionsOf({ preset, names }: Search): Pick<HttpMetrics, 'exceptions'> {
  if (preset.exceptions === undefined) return {};
  const { counter, labels, ignore } = preset.exceptions;
  const plain = plainMetric({ ...preset, secondsPerUnit: 1 }, counter, names.pods);
  return { exceptions: { ...plain, classLabels: labels, ...(ignore ? { ignoredTypes: ignore } : {}) } };
}

/** A metric with those of the preset's labels that it carries; undefined where stable has no such series. */
function readMetric({ preset, names, labelsOf, auto }: Search, name: string): Metric | undefined {
  if (!names.stable.has(name)) return undefined;
  const asked = candidate(preset, name, names.pods);
  const present = labelsOf(asked);
  if (present === undefined) return undefined;
  const first = (labels: readonly string[]): string | undefined =>
    labels.find((label) => label.split('+').every((part) => present.has(part)));
  if (auto && preset.marks !== undefined && first(preset.marks) === undefined) return undefined;
  const classLabel = first(preset.classLabels);
  const failures = preset.failureLabels?.filter((label) => present.has(label)) ?? [];
  return {
    ...asked.metric,
    statusLabel: first(preset.statusLabels),
    routeLabel: first(preset.routeLabels),
    ...(classLabel === undefined ? {} : { classLabels: [classLabel] }),
    ...(failures.length === 0 ? {} : { failureLabels: failures }),
  };
}

/** The new version may have changed its library: its metrics then have other names. */
function elsewhere({ canary }: Names, { preset, requests }: HttpMetrics): Pick<HttpMetrics, 'elsewhere'> {
  if (canary.size === 0 || canary.has(requests.metric)) return {};
  for (const { name, durations, counters } of httpPresets) {
    const metric = [...durations.map((base) => `${base}_bucket`), ...counters].find((known) => canary.has(known));
    if (name !== preset && metric !== undefined) return { elsewhere: { preset: name, metric } };
  }
  return {};
}
