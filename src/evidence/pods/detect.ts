import type { Detected, Metric } from '../detect.ts';
import { type HttpPreset, httpPresets, resourcePresets } from '../presets.ts';
import type { Sample } from './sample.ts';

/** What the pods of each track exported in one round, by name of metric. */
export interface RoundSamples {
  stable: ReadonlyMap<string, readonly Sample[]>;
  canary: ReadonlyMap<string, readonly Sample[]>;
}

/** The labels that this source gives its series. */
const pods = { pod: 'pod', namespace: 'namespace' } as const;

/**
 * Finds which metrics the pods have, by the presets that Prometheus' series are read with too. What only the canary
 * exports is of no use, so stable decides; a preset that both have wins.
 */
export function detectIn(round: RoundSamples, wanted: string): Detected {
  const presets = httpPresets.filter(({ name }) => wanted === 'Auto' || wanted === name);
  const detected: Detected = {};
  addResources(detected, round);
  const preset = choose(presets, round);
  if (preset === undefined) return detected;
  const bucket = `${preset.histogram}_bucket`;
  const metrics = [bucket, ...preset.counters]
    .filter((name) => round.stable.has(name))
    .map((name) => metricOf(preset, name, round.stable.get(name) ?? []));
  const requests = metrics.find(({ statusLabel }) => statusLabel !== undefined) ?? metrics[0];
  const latency = metrics.find(({ metric }) => metric === bucket);
  detected.preset = preset.name;
  if (requests !== undefined) detected.requests = requests;
  if (latency !== undefined) detected.latency = latency;
  return detected;
}

function addResources(detected: Detected, { stable }: RoundSamples): void {
  for (const { cpu, memory, perContainer } of resourcePresets) {
    if (perContainer) continue;
    const common = { pods, matchers: [], perContainer, secondsPerUnit: 1 };
    if (detected.cpu === undefined && stable.has(cpu)) detected.cpu = { metric: cpu, ...common };
    if (detected.memory === undefined && stable.has(memory)) detected.memory = { metric: memory, ...common };
  }
}

/** A histogram counts more than a counter, and being there on both tracks counts most. */
function choose(presets: readonly HttpPreset[], { stable, canary }: RoundSamples): HttpPreset | undefined {
  const score = (preset: HttpPreset): number => {
    const bucket = `${preset.histogram}_bucket`;
    const known = [bucket, ...preset.counters].filter((name) => stable.has(name));
    const both = known.some((name) => canary.has(name));
    return (both ? 4 : 0) + (stable.has(bucket) ? 2 : 0) + (known.length > 0 ? 1 : 0);
  };
  return presets.filter((preset) => score(preset) > 0).toSorted((a, b) => score(b) - score(a))[0];
}

function metricOf(preset: HttpPreset, metric: string, samples: readonly Sample[]): Metric {
  const present = new Set(samples.flatMap(({ labels }) => Object.keys(labels).filter((name) => labels[name] !== '')));
  const first = (labels: readonly string[]): string | undefined => labels.find((label) => present.has(label));
  const { statusLabels, routeLabels, classLabels, secondsPerUnit } = preset;
  return {
    metric,
    pods,
    matchers: [],
    secondsPerUnit,
    perContainer: false,
    statusLabel: first(statusLabels),
    routeLabel: first(routeLabels),
    classLabel: first(classLabels),
  };
}
