import type { Evidence, HistoryWindow, PodSamples, PodWindow, SecondOpinion } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';
import { AskedSpec } from './asked.ts';
import {
  boundsAt,
  bucketsAt,
  type Fields,
  namesAt,
  objectAt,
  positiveAt,
  RecordingError,
  samplesAt,
  scrapesAt,
  valuesAt,
} from './fields.ts';

/** One release as it was measured. */
export interface Recording {
  id: string;
  evidence: Evidence;
  /** What the judge was asked, where the recording says so. */
  asked?: AnalysisSpec;
}

/** A recording, or what is wrong with it and with which id as far as one can be read. */
export type ParsedLine = { recording: Recording } | { id: string | null; error: string };

/** Reads one line. Never throws. Unknown fields are ignored. */
export function parseRecording(line: string): ParsedLine {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { id: idInText(line), error: `$: not JSON (${why}); write one recording as one JSON object on one line` };
  }
  try {
    const fields = objectAt(raw, '$', 'write one recording as one JSON object on one line');
    const asked = isAbsent(fields['asked']) ? {} : { asked: askedAt(fields['asked']) };
    return { recording: { id: idOf(fields), evidence: evidenceOf(fields), ...asked } };
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    return { id: idInText(line), error: error.message };
  }
}

function idOf(fields: Fields): string {
  const id = fields['id'];
  if (typeof id === 'string') return id;
  if (typeof id === 'number') return String(id);
  throw new RecordingError('id: there is none; write a string that names the recording');
}

function askedAt(value: unknown): AnalysisSpec {
  const parsed = AskedSpec.safeParse(value);
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map(({ path, message }) => `${['asked', ...path].join('.')}: ${message}`).join('; ');
  throw new RecordingError(`${what}; write it as tandem report does, or leave it out and name a --spec`);
}

/** The id of a line that cannot be read otherwise, so that its answer can be told from the others. */
function idInText(line: string): string | null {
  const match = /"id"\s*:\s*(?<text>"(?:[^"\\]|\\.)*")/.exec(line.slice(0, 10_000));
  if (match?.groups === undefined) return null;
  try {
    return String(JSON.parse(match.groups['text'] ?? 'null'));
  } catch {
    return null;
  }
}

interface Tracks {
  canary: string[];
  stable: string[];
  baseline: string[];
}

function evidenceOf(fields: Fields): Evidence {
  const scrapeSeconds = positiveAt(fields['scrape_s'], 'scrape_s', 'write the seconds between two scrapes, such as 15');
  const boundsSeconds = boundsAt(fields['bounds_s'] ?? [], 'bounds_s');
  const tracks: Tracks = {
    canary: namesAt(fields['canary'], 'canary'),
    stable: namesAt(fields['stable'], 'stable'),
    baseline: isAbsent(fields['baseline']) ? [] : namesAt(fields['baseline'], 'baseline'),
  };
  const width = boundsSeconds.length + 1;
  const run = windowAt(fields['run'], 'run', width);
  requirePods(run, tracks);
  const custom = customAt(objectAt(fields['run'], 'run', '')['custom'], run.scrapes);
  const history = isAbsent(fields['history']) ? undefined : historyAt(fields['history'], width);
  return {
    startedAt: 0,
    scrapeSeconds,
    boundsSeconds,
    canary: tracks.canary,
    stable: tracks.stable,
    ...(tracks.baseline.length > 0 ? { baseline: tracks.baseline } : {}),
    ...(history === undefined ? {} : { history }),
    run,
    ...(custom === undefined ? {} : { custom }),
    ...(isAbsent(fields['second_opinion']) ? {} : { secondOpinion: secondOpinionAt(fields['second_opinion']) }),
    found: { source: 'Recording', queries: {}, missing: missingOn(tracks.stable, [run, history], boundsSeconds) },
    source: { state: 'Collecting', at: 0 },
  };
}

/** Metrics of the user's own by name: {"queue-age": {"canary": [...], "stable": [...]}}. */
function customAt(value: unknown, scrapes: number): Evidence['custom'] {
  if (isAbsent(value)) return undefined;
  const mend = 'write {"NAME": {"canary": [...], "stable": [...]}}';
  const metrics = Object.entries(objectAt(value, 'run.custom', mend)).map(([name, tracks]) => {
    const path = `run.custom.${name}`;
    const { canary, stable } = objectAt(tracks, path, mend);
    const values = {
      canary: valuesAt(canary, `${path}.canary`, scrapes),
      stable: valuesAt(stable, `${path}.stable`, scrapes),
    };
    return [name, values] as const;
  });
  return Object.fromEntries(metrics);
}

/** Where a pod was replaced to ask again: {"since_s": 120, "without": ["canary-0"]}. */
function secondOpinionAt(value: unknown): SecondOpinion {
  const mend =
    'write {"since_s": SECONDS, "without": ["POD"]}: when the new pod was ready, and which were deleted for it';
  const { since_s: since, without } = objectAt(value, 'second_opinion', mend);
  const seconds = positiveAt(since, 'second_opinion.since_s', mend);
  return { since: Math.round(seconds * 1000), without: namesAt(without, 'second_opinion.without') };
}

function historyAt(value: unknown, width: number): HistoryWindow {
  const window = windowAt(value, 'history', width);
  const { scrape_s: seconds } = objectAt(value, 'history', '');
  if (isAbsent(seconds)) return window;
  const mend = 'write the seconds between two scrapes of the history, or leave it out where they are as in run';
  return { ...window, scrapeSeconds: positiveAt(seconds, 'history.scrape_s', mend) };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function requirePods(run: PodWindow, tracks: Tracks): void {
  for (const [track, names] of Object.entries(tracks) as [string, string[]][]) {
    for (const [i, name] of names.entries()) {
      if (run.pods[name] !== undefined) continue;
      throw new RecordingError(`${track}[${i}]: ${name} is not in run.pods; add its samples or take the name out`);
    }
  }
  for (const name of tracks.canary) {
    if (!tracks.stable.includes(name) && !tracks.baseline.includes(name)) continue;
    throw new RecordingError(`canary: ${name} is on two tracks; name each pod on one`);
  }
}

function windowAt(value: unknown, path: string, width: number): PodWindow {
  const fields = objectAt(value, path, 'write {"scrapes": 120, "pods": {"stable-0": {...}}}');
  const scrapes = scrapesAt(fields['scrapes'], `${path}.scrapes`);
  const raw = objectAt(fields['pods'], `${path}.pods`, 'write {"stable-0": {"requests": [...], ...}}');
  const pods: Record<string, PodSamples> = {};
  for (const [name, samples] of Object.entries(raw))
    pods[name] = podAt(samples, `${path}.pods.${name}`, scrapes, width);
  addLabelled(pods, fields['errorClasses'], `${path}.errorClasses`, scrapes, (pod) => pod.errorClasses);
  addLabelled(pods, fields['routes'], `${path}.routes`, scrapes, (pod) => (pod.routes ??= {}));
  addLabelled(pods, fields['routeErrors'], `${path}.routeErrors`, scrapes, (pod) => (pod.routeErrors ??= {}));
  return { scrapes, pods };
}

function podAt(value: unknown, path: string, scrapes: number, width: number): PodSamples {
  const fields = objectAt(value, path, 'write {"requests": [...], "errors": [...], ...}');
  const samples = (field: string): (number | null)[] => samplesAt(fields[field], `${path}.${field}`, scrapes);
  return {
    requests: samples('requests'),
    errors: samples('errors'),
    buckets: bucketsAt(fields['buckets'], `${path}.buckets`, scrapes, width),
    ...(isAbsent(fields['latency_count'])
      ? {}
      : { latencySumSeconds: samples('latency_sum_s'), latencyCount: samples('latency_count') }),
    cpuSeconds: samples('cpu_s'),
    ...(isAbsent(fields['cpu_breaks']) ? {} : { cpuBreaks: samples('cpu_breaks') }),
    memoryBytes: samples('mem'),
    errorClasses: {},
  };
}

/** Counters by a label, then by pod: {"502": {"stable-0": [...]}}. */
function addLabelled(
  pods: Record<string, PodSamples>,
  value: unknown,
  path: string,
  scrapes: number,
  into: (pod: PodSamples) => Record<string, (number | null)[]>,
): void {
  if (isAbsent(value)) return;
  const mend = 'write {"LABEL": {"stable-0": [...]}}';
  for (const [label, byPod] of Object.entries(objectAt(value, path, mend))) {
    for (const [pod, samples] of Object.entries(objectAt(byPod, `${path}.${label}`, mend))) {
      const target = pods[pod];
      if (target === undefined)
        throw new RecordingError(`${path}.${label}.${pod}: there is no such pod; add it to pods`);
      into(target)[label] = samplesAt(samples, `${path}.${label}.${pod}`, scrapes);
    }
  }
}

/** Signals of which no pod of stable has a sample. */
function missingOn(
  stable: readonly string[],
  windows: readonly (PodWindow | undefined)[],
  bounds: readonly number[],
): string[] {
  const pods = windows.flatMap((window) => stable.map((name) => window?.pods[name])).filter((pod) => pod !== undefined);
  const has = (pick: (pod: PodSamples) => readonly unknown[]): boolean =>
    pods.some((pod) => pick(pod).some((sample) => sample !== null));
  const signals: [string, boolean][] = [
    ['requests', has((pod) => pod.requests)],
    ['errors', has((pod) => pod.errors)],
    ['latency', has((pod) => (bounds.length > 0 ? pod.buckets : (pod.latencyCount ?? [])))],
    ['cpu', has((pod) => pod.cpuSeconds)],
    ['memory', has((pod) => pod.memoryBytes)],
  ];
  return signals.filter(([, found]) => !found).map(([name]) => name);
}
