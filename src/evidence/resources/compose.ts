import type { Evidence, FoundMetrics, PodSamples, PodWindow } from '../evidence.ts';
import type { ResourceSignal } from '../request.ts';
import type { Usage } from './collector.ts';
import { usageSlots } from './usage.ts';

/** Windows are half a minute old when they are read; after so long without one of stable they have stopped. */
const FRESH_MS = 180_000;

/** Which of CPU and memory the source has not found although it has found requests. */
export function lacking(
  { found, canary }: Evidence,
  asked: readonly ResourceSignal[] = ['cpu', 'memory'],
): ResourceSignal[] {
  if (canary.length === 0 || found.missing.includes('requests')) return [];
  return asked.filter((signal) => found.missing.includes(signal));
}

/**
 * CPU and memory from metrics.k8s.io where the source has none. A signal comes whole from one of them. What was done, or
 * why it could not be, is said as a warning.
 */
export function withUsage(evidence: Evidence, usage: Usage, signals: readonly ResourceSignal[]): Evidence {
  const { found } = evidence;
  const newest = Math.max(...evidence.stable.map((name) => usage.pods.get(name)?.newest ?? Number.NEGATIVE_INFINITY));
  const names = signals.join(' and ');
  if (evidence.source.at - newest > FRESH_MS) {
    const why = usage.problem ?? 'metrics.k8s.io has no recent figures of the pods of stable';
    return { ...evidence, found: warned(found, `${lacked(found, names)} and ${why}: ${names} not compared`) };
  }
  const warning = `${lacked(found, names)}: read from metrics.k8s.io, means over the windows of its server, without a past`;
  return {
    ...evidence,
    run: filled(evidence, usage, signals),
    found: {
      ...warned(found, warning),
      source: `${found.source}+metrics.k8s.io`,
      queries: {
        ...found.queries,
        ...Object.fromEntries(signals.map((signal) => [signal, `metrics.k8s.io PodMetrics usage.${signal}`])),
      },
      missing: found.missing.filter((signal) => !signals.some((one) => one === signal)),
    },
  };
}

function lacked({ source }: FoundMetrics, names: string): string {
  if (source === 'Pods') return `the pods export no ${names} of the process`;
  return `${source === 'Prometheus' ? 'Prometheus has' : 'the pods and Prometheus have'} no ${names} of the containers`;
}

function warned(found: FoundMetrics, warning: string): FoundMetrics {
  return { ...found, warnings: [...(found.warnings ?? []), warning] };
}

function filled(
  { run, canary, stable, baseline = [], startedAt, scrapeSeconds }: Evidence,
  { pods }: Usage,
  signals: readonly ResourceSignal[],
): PodWindow {
  const grid = { origin: startedAt, slotMs: scrapeSeconds * 1000, slots: run.scrapes };
  const names = new Set([...canary, ...stable, ...baseline]);
  const entries = Object.entries(run.pods).map(([name, samples]): [string, PodSamples] => {
    if (!names.has(name)) return [name, samples];
    const { cpuSeconds, cpuBreaks, memoryBytes } = usageSlots(pods.get(name), grid);
    return [
      name,
      {
        ...samples,
        ...(signals.includes('cpu') ? { cpuSeconds, ...(cpuBreaks === undefined ? {} : { cpuBreaks }) } : {}),
        ...(signals.includes('memory') ? { memoryBytes } : {}),
      },
    ];
  });
  return { scrapes: run.scrapes, pods: Object.fromEntries(entries) };
}
