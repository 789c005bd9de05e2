import type { Answer } from './answer.ts';
import { findHttp } from './detect-http.ts';
import type { HttpMetrics, Names } from './http-metrics.ts';
import type { Metric } from './metric.ts';
import { type PodLabels, podLabels, resourcePresets } from './presets.ts';
import type { PrometheusApi } from './prometheus/client.ts';
import { oneOf, selector } from './prometheus/promql.ts';
import type { Series } from './prometheus/schema.ts';
import type { EvidenceRequest, WatchedPod } from './request.ts';

/** The metrics of a release. A signal that stable does not export is absent. */
export interface Detected extends Partial<HttpMetrics> {
  cpu?: Metric;
  memory?: Metric;
}

/**
 * Finds which metrics the pods of a release have: one query per track and pair of pod labels, then the labels of what
 * was found. What only the canary has is of no use, so stable decides; a preset that both have wins.
 */
export async function detect(api: PrometheusApi, request: EvidenceRequest, now: number): Promise<Answer<Detected>> {
  const detected: Detected = {};
  for (const pods of podLabels) {
    const names = await namesOf(api, request, pods, now);
    if (names.kind !== 'value') return names;
    addResources(detected, names.value);
    if (detected.preset === undefined) {
      const http = await findHttp(api, request, names.value, now);
      if (http.kind === 'failed') return http;
      if (http.kind === 'value') Object.assign(detected, http.value);
    }
    if (detected.preset !== undefined && detected.cpu !== undefined && detected.memory !== undefined) break;
  }
  return { kind: 'value', value: detected };
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
