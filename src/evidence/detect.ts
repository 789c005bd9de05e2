import type { Answer } from './answer.ts';
import { type HttpPreset, httpPresets, type PodLabels, podLabels, resourcePresets } from './presets.ts';
import type { PrometheusApi } from './prometheus/client.ts';
import { oneOf, selector } from './prometheus/promql.ts';
import type { Series } from './prometheus/schema.ts';
import type { EvidenceRequest, WatchedPod } from './request.ts';

/** One metric, and how to read it. */
export interface Metric {
  metric: string;
  pods: PodLabels;
  /** Matchers beside namespace and pod, constants of ours. */
  matchers: readonly string[];
  statusLabel?: string | undefined;
  routeLabel?: string | undefined;
  classLabel?: string | undefined;
  secondsPerUnit: number;
  /** One series per container. */
  perContainer: boolean;
}

/** The metrics of a release. A signal that stable does not export is absent. */
export interface Detected {
  preset?: string;
  requests?: Metric;
  latency?: Metric;
  cpu?: Metric;
  memory?: Metric;
}

/** Names of metrics by pod labels, one entry per pair that was asked. */
interface Names {
  pods: PodLabels;
  stable: Set<string>;
  canary: Set<string>;
}

/**
 * Finds which metrics the pods of a release have: one query per track and pair of pod labels, then the labels of what
 * was found. What only the canary has is of no use, so stable decides; a preset that both have wins.
 */
export async function detect(api: PrometheusApi, request: EvidenceRequest, now: number): Promise<Answer<Detected>> {
  const detected: Detected = {};
  const presets = httpPresets.filter(({ name }) => request.preset === 'Auto' || request.preset === name);
  for (const pods of podLabels) {
    const names = await namesOf(api, request, pods, now);
    if (names.kind !== 'value') return names;
    addResources(detected, names.value);
    const problem =
      detected.preset === undefined ? await addHttp(api, request, presets, names.value, detected, now) : null;
    if (problem) return problem;
    if (detected.preset !== undefined && detected.cpu !== undefined && detected.memory !== undefined) break;
  }
  return { kind: 'value', value: detected };
}

/** The selector of a metric for some pods of one namespace. */
export function metricSelector(metric: Metric, namespace: string, pods: readonly string[]): string {
  const { pods: labels, matchers } = metric;
  return selector(metric.metric, [oneOf(labels.namespace, [namespace]), oneOf(labels.pod, pods), ...matchers]);
}

async function namesOf(
  api: PrometheusApi,
  request: EvidenceRequest,
  pods: PodLabels,
  now: number,
): Promise<Answer<Names>> {
  const [stable, canary] = await Promise.all([
    trackNames(api, request.namespace, request.stablePods, pods, now),
    trackNames(api, request.namespace, request.canaryPods, pods, now),
  ]);
  if (stable.kind === 'failed') return stable;
  if (canary.kind === 'failed') return canary;
  return { kind: 'value', value: { pods, stable: nameSet(stable), canary: nameSet(canary) } };
}

async function trackNames(
  api: PrometheusApi,
  namespace: string,
  pods: readonly WatchedPod[],
  labels: PodLabels,
  now: number,
): Promise<Answer<Series[]>> {
  if (pods.length === 0) return { kind: 'nodata' };
  // The newest pods stand for their track: the selector stays short however many there are.
  const newest = pods.toSorted((a, b) => b.startedAt - a.startedAt || (a.name < b.name ? -1 : 1)).slice(0, 50);
  const matchers = [
    oneOf(labels.namespace, [namespace]),
    oneOf(
      labels.pod,
      newest.map(({ name }) => name),
    ),
  ];
  return api.query(`count by (__name__) (${selector(undefined, matchers)})`, now);
}

function nameSet(answer: Answer<Series[]>): Set<string> {
  if (answer.kind !== 'value') return new Set();
  return new Set(answer.value.map(({ labels }) => labels['__name__'] ?? ''));
}

function addResources(detected: Detected, { pods, stable }: Names): void {
  for (const { cpu, memory, perContainer } of resourcePresets) {
    const matchers = perContainer ? ['container!=""', 'container!="POD"'] : [];
    const common = { pods, matchers, perContainer, secondsPerUnit: 1 };
    if (detected.cpu === undefined && stable.has(cpu)) detected.cpu = { metric: cpu, ...common };
    if (detected.memory === undefined && stable.has(memory)) detected.memory = { metric: memory, ...common };
  }
}

/** Returns the answer of a failed query, else nothing. */
async function addHttp(
  api: PrometheusApi,
  request: EvidenceRequest,
  presets: readonly HttpPreset[],
  names: Names,
  detected: Detected,
  now: number,
): Promise<Answer<never> | null> {
  const preset = choose(presets, names);
  if (preset === undefined) return null;
  const bucket = `${preset.histogram}_bucket`;
  const candidates = [bucket, ...preset.counters].filter((name) => names.stable.has(name));
  const metrics: Metric[] = [];
  for (const name of candidates) {
    const metric = await withLabels(api, request, preset, name, names.pods, now);
    if ('kind' in metric) return metric;
    metrics.push(metric);
  }
  const requests = metrics.find(({ statusLabel }) => statusLabel !== undefined) ?? metrics[0];
  const latency = metrics.find(({ metric }) => metric === bucket);
  detected.preset = preset.name;
  if (requests !== undefined) detected.requests = requests;
  if (latency !== undefined) detected.latency = latency;
  return null;
}

/** A histogram counts more than a counter, and being there on both tracks counts most. */
function choose(presets: readonly HttpPreset[], { stable, canary }: Names): HttpPreset | undefined {
  const score = (preset: HttpPreset): number => {
    const bucket = `${preset.histogram}_bucket`;
    const needed = [bucket, ...preset.counters];
    const both = needed.some((name) => stable.has(name) && canary.has(name));
    return (both ? 4 : 0) + (stable.has(bucket) ? 2 : 0) + (needed.some((name) => stable.has(name)) ? 1 : 0);
  };
  return presets.filter((preset) => score(preset) > 0).toSorted((a, b) => score(b) - score(a))[0];
}

/** Asks which of the preset's labels the series of a metric carry. */
async function withLabels(
  api: PrometheusApi,
  request: EvidenceRequest,
  preset: HttpPreset,
  metric: string,
  pods: PodLabels,
  now: number,
): Promise<Metric | Answer<never>> {
  const plain: Metric = { metric, pods, matchers: [], secondsPerUnit: preset.secondsPerUnit, perContainer: false };
  const { statusLabels, routeLabels, classLabels } = preset;
  const wanted = [...statusLabels, ...routeLabels, ...classLabels].join(', ');
  const names = request.stablePods.map(({ name }) => name).slice(0, 50);
  const answer = await api.query(`count by (${wanted}) (${metricSelector(plain, request.namespace, names)})`, now);
  if (answer.kind === 'failed') return answer;
  const series = answer.kind === 'value' ? answer.value : [];
  const present = new Set(series.flatMap(({ labels }) => Object.keys(labels).filter((name) => labels[name] !== '')));
  const first = (labels: readonly string[]): string | undefined => labels.find((label) => present.has(label));
  return { ...plain, statusLabel: first(statusLabels), routeLabel: first(routeLabels), classLabel: first(classLabels) };
}
