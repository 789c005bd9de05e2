import type { Detected } from '../detect.ts';
import { chooseHttp } from '../http-metrics.ts';
import { resourcePresets } from '../presets.ts';
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
 * exports is of no use, so stable decides; a preset that both have wins. The text format has no native histograms: of one
 * there are its sum and its count, as of a summary.
 */
export function detectIn(round: RoundSamples, wanted: string): Detected {
  const detected: Detected = {};
  addResources(detected, round);
  const names = { pods, stable: new Set(round.stable.keys()), canary: new Set(round.canary.keys()) };
  const http = chooseHttp(wanted, names, ({ metric: { metric, only }, native, bounded }) => {
    const samples = native ? [] : (round.stable.get(metric) ?? []);
    return labelsIn(bounded ? samples.filter(({ labels }) => labels['le'] !== '+Inf') : samples, only);
  });
  return { ...detected, ...http };
}

function labelsIn(
  samples: readonly Sample[],
  only: Readonly<Record<string, string>> = {},
): ReadonlySet<string> | undefined {
  const wanted = samples.filter(({ labels }) => Object.entries(only).every(([name, value]) => labels[name] === value));
  if (wanted.length === 0) return undefined;
  return new Set(wanted.flatMap(({ labels }) => Object.keys(labels).filter((name) => labels[name] !== '')));
}

function addResources(detected: Detected, { stable }: RoundSamples): void {
  for (const { cpu, memory, perContainer } of resourcePresets) {
    if (perContainer) continue;
    const common = { pods, matchers: [], perContainer, secondsPerUnit: 1 };
    if (detected.cpu === undefined && stable.has(cpu)) detected.cpu = { metric: cpu, ...common };
    if (detected.memory === undefined && stable.has(memory)) detected.memory = { metric: memory, ...common };
  }
}
