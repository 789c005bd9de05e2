import type { Evidence, FoundMetrics, HistoryWindow, PodSamples, PodWindow } from '../evidence.ts';

/**
 * The fast lane: requests of the run as the pods were scraped, stable's past and CPU and memory as Prometheus has them.
 * No series is made of two sources: a signal comes whole from one of them, and the past says that it is another's.
 */
export function composeEvidence(pods: Evidence, prometheus: Evidence | undefined): Evidence {
  if (prometheus === undefined) return pods;
  const resources = RESOURCES.filter((signal) => prometheus.found.queries[signal] !== undefined);
  const history = pastOf(pods, prometheus);
  if (history === undefined && resources.length === 0) return pods;
  return {
    ...pods,
    ...(history === undefined ? {} : { history }),
    run: withResources(pods, prometheus, resources),
    found: foundOf(pods.found, prometheus.found, resources),
  };
}

type Resource = 'cpu' | 'memory';
const RESOURCES: readonly Resource[] = ['cpu', 'memory'];
const FIELDS = { cpu: 'cpuSeconds', memory: 'memoryBytes' } as const;

/** The metrics behind a signal, without the pods. */
export function metricOf({ queries }: FoundMetrics, signal: string): string | undefined {
  return queries[signal]?.split('{')[0];
}

function pastOf(pods: Evidence, { history, boundsSeconds, scrapeSeconds }: Evidence): HistoryWindow | undefined {
  if (history === undefined) return undefined;
  const same = JSON.stringify(boundsSeconds) === JSON.stringify(pods.boundsSeconds);
  const names = pods.stable.filter((name) => history.pods[name] !== undefined);
  const kept = names.map((name): [string, PodSamples] => {
    const pod = history.pods[name] ?? emptySamples(0);
    // Buckets at other bounds cannot be compared with the run's: nothing is known of them.
    return [name, same ? pod : { ...pod, buckets: pod.buckets.map(() => null) }];
  });
  return kept.length === 0 ? undefined : { scrapes: history.scrapes, scrapeSeconds, pods: Object.fromEntries(kept) };
}

function withResources(pods: Evidence, prometheus: Evidence, resources: readonly Resource[]): PodWindow {
  const { run } = pods;
  const names = [...pods.canary, ...pods.stable, ...(pods.baseline ?? [])];
  const entries = names.flatMap((name): [string, PodSamples][] => {
    const own = run.pods[name];
    const other = prometheus.run.pods[name];
    if (own === undefined && other === undefined) return [];
    const samples = { ...(own ?? emptySamples(run.scrapes)) };
    for (const signal of resources) {
      const values = other?.[FIELDS[signal]] ?? [];
      samples[FIELDS[signal]] = atEndOfSlots(values, prometheus.scrapeSeconds, run.scrapes, pods.scrapeSeconds);
    }
    return [[name, samples]];
  });
  return { scrapes: run.scrapes, pods: Object.fromEntries(entries) };
}

/** Values of long slots in short ones: each in that in which its own ends, since it was known only then. */
function atEndOfSlots(
  values: readonly (number | null)[],
  longSeconds: number,
  slots: number,
  shortSeconds: number,
): (number | null)[] {
  const placed: (number | null)[] = Array.from({ length: slots }, () => null);
  for (const [slot, value] of values.entries()) {
    const at = Math.ceil(((slot + 1) * longSeconds) / shortSeconds) - 1;
    if (value !== null && at < slots) placed[at] = value;
  }
  return placed;
}

function emptySamples(slots: number): PodSamples {
  const none = (): null[] => Array.from({ length: slots }, () => null);
  return {
    requests: none(),
    errors: none(),
    buckets: none(),
    cpuSeconds: none(),
    memoryBytes: none(),
    errorClasses: {},
  };
}

function foundOf(pods: FoundMetrics, prometheus: FoundMetrics, resources: readonly Resource[]): FoundMetrics {
  const queries = { ...pods.queries };
  for (const signal of resources) queries[signal] = prometheus.queries[signal] ?? '';
  return {
    ...pods,
    source: `${pods.source}+${prometheus.source}`,
    queries,
    missing: pods.missing.filter((signal) => queries[signal] === undefined),
  };
}
