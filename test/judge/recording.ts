import type { Evidence, PodWindow } from '../../src/evidence/evidence.ts';

/** Evidence as a line of `tandem judge`. */
export function recordingLine(id: string, evidence: Evidence): string {
  const { scrapeSeconds, boundsSeconds, canary, stable, baseline, history, run } = evidence;
  return JSON.stringify({
    id,
    scrape_s: scrapeSeconds,
    bounds_s: boundsSeconds,
    canary,
    stable,
    ...(baseline === undefined ? {} : { baseline }),
    ...(history === undefined ? {} : { history: windowFields(history) }),
    run: windowFields(run),
  });
}

function windowFields({ scrapes, pods }: PodWindow): object {
  const errorClasses: Record<string, Record<string, (number | null)[]>> = {};
  const fields: Record<string, object> = {};
  for (const [name, pod] of Object.entries(pods)) {
    const { requests, errors, buckets, cpuSeconds, memoryBytes } = pod;
    fields[name] = { requests, errors, buckets, cpu_s: cpuSeconds, mem: memoryBytes };
    for (const [type, samples] of Object.entries(pod.errorClasses)) (errorClasses[type] ??= {})[name] = samples;
  }
  return { scrapes, pods: fields, ...(Object.keys(errorClasses).length > 0 ? { errorClasses } : {}) };
}
