import { type Clock, sleep } from '../lib/clock.ts';
import { groupBy } from '../lib/group.ts';
import type { Logger } from '../lib/log.ts';
import type { Answer, SourceError } from './answer.ts';
import { checkReading } from './check.ts';
import { customRefusal } from './custom/allowed.ts';
import { type CustomReadings, startReadings } from './custom/readings.ts';
import { detect } from './detect.ts';
import type { Evidence } from './evidence.ts';
import { ingest } from './ingest.ts';
import { eachLimited } from './limited.ts';
import { metricKey, type PlannedQuery, planQueries } from './plan.ts';
import type { PrometheusApi } from './prometheus/client.ts';
import type { Series } from './prometheus/schema.ts';
import type { EvidenceRequest, WatchProblem, WatchResult } from './request.ts';
import { createSourceTimes } from './source-time.ts';
import { askInParts } from './too-much.ts';
import {
  adopt,
  askCustomOf,
  endRound,
  evidenceOf,
  isDue,
  needsDetection,
  noteRead,
  setDetected,
  startWatching,
  type Watched,
  wantsOf,
} from './watched.ts';

/** What the operator counts of the sources. */
export interface EvidenceMetrics {
  query(source: string, outcome: 'value' | 'nodata' | 'failed', seconds: number): void;
}

export interface CollectorOptions {
  sources: readonly PrometheusApi[];
  clock: Clock;
  log: Logger;
  metrics?: EvidenceMetrics;
  /** Whether releases of a namespace may ask queries of their own; absent: none may. */
  customAllowed?: (namespace: string) => boolean;
}

/** Collects the evidence of all active releases from the configured sources. */
export interface Collector {
  /**
   * Watches a release, or takes over a changed list of pods. Any other change starts the collection anew, from what the
   * source still has. A problem leaves the release unwatched.
   */
  watch(key: string, request: EvidenceRequest): WatchResult;
  unwatch(key: string): void;
  /** What is known now; undefined for a release that is not watched. */
  evidence(key: string): Evidence | undefined;
  /** Called after each round for each release of it, whether it was answered or not. */
  onUpdate(handler: (key: string) => void): void;
  /** One round for all watched releases. A round of a source that is still under way is not started twice. */
  poll(): Promise<void>;
  /** Rounds every `intervalMs`, each source by itself, until the signal aborts. */
  run(signal: AbortSignal, intervalMs?: number): Promise<void>;
  close(): Promise<void>;
}

const PARALLEL = 4;

export function createCollector({ sources, clock, log, metrics, customAllowed }: CollectorOptions): Collector {
  const byName = new Map(sources.map((source) => [source.name, timed(source, clock, metrics)]));
  const watched = new Map<string, Watched>();
  const handlers: ((key: string) => void)[] = [];
  const rounds = new Map<string, Promise<void>>();
  const times = createSourceTimes(clock, log);

  function watch(key: string, request: EvidenceRequest): WatchResult {
    const known = watched.get(key);
    if (known !== undefined && adopt(known, request)) return { ok: true };
    watched.delete(key);
    const checked = check(byName, request);
    if ('reason' in checked) return { ok: false, problem: checked };
    const custom = checkCustom(request, customAllowed);
    if ('reason' in custom) return { ok: false, problem: custom };
    watched.set(key, startWatching(key, request, checked.api, checked.isError, custom));
    return { ok: true };
  }

  async function round(source: PrometheusApi): Promise<void> {
    const now = await times.nowOf(source);
    const due = [...watched.values()].filter(({ api }) => api === source).filter((one) => isDue(one, now));
    const errors = await runRound(untilUnreachable(source), due, now);
    for (const one of due) {
      if (watched.get(one.key) !== one) continue;
      const error = errors.get(one.key);
      if (error !== undefined && one.failure === undefined) {
        log.warn({ key: one.key, source: source.name, ...error }, 'Evidence source failed');
      }
      endRound(one, now, error);
      for (const handler of handlers) handler(one.key);
    }
  }

  function pollSource(source: PrometheusApi): Promise<void> {
    const current = rounds.get(source.name);
    if (current !== undefined) return current;
    const started = round(source).finally(() => rounds.delete(source.name));
    rounds.set(source.name, started);
    return started;
  }

  /** By itself: a slow query of one tenant holds up nobody's evidence. */
  async function pollCustom(source: PrometheusApi): Promise<void> {
    const due = [...watched.values()].filter(({ api, custom }) => api === source && custom.length > 0);
    await eachLimited(due, PARALLEL, async (one) => {
      if (!(await askCustomOf(source, one, await times.nowOf(source))) || watched.get(one.key) !== one) return;
      for (const handler of handlers) handler(one.key);
    });
  }

  async function customLoop(source: PrometheusApi, signal: AbortSignal, intervalMs: number): Promise<void> {
    while (!signal.aborted) {
      await pollCustom(source).catch((error: unknown) => log.error({ err: error }, 'Custom round failed'));
      await sleep(clock, intervalMs, signal);
    }
  }

  async function loop(source: PrometheusApi, signal: AbortSignal, intervalMs: number): Promise<void> {
    while (!signal.aborted) {
      await pollSource(source).catch((error: unknown) => log.error({ err: error }, 'Evidence round failed'));
      await sleep(clock, intervalMs, signal);
    }
  }

  const all = [...byName.values()];
  return {
    watch,
    unwatch: (key) => void watched.delete(key),
    evidence: (key) => {
      const one = watched.get(key);
      return one === undefined ? undefined : evidenceOf(one);
    },
    onUpdate: (handler) => void handlers.push(handler),
    poll: async () => {
      await Promise.all(all.map(pollSource));
      await Promise.all(all.map(pollCustom));
    },
    run: async (signal, intervalMs = 5000) => {
      const loops = all.flatMap((source) => [loop(source, signal, intervalMs), customLoop(source, signal, intervalMs)]);
      await Promise.all(loops);
    },
    close: async () => void (await Promise.all(all.map((source) => source.close()))),
  };
}

function check(
  sources: ReadonlyMap<string, PrometheusApi>,
  request: EvidenceRequest,
): WatchProblem | { api: PrometheusApi; isError: (status: string) => boolean } {
  const { source, namespace } = request;
  const api = sources.get(source);
  if (api === undefined) {
    const message = `analysis.prometheus.name: no source ${source} in the operator's configuration (it has: ${[...sources.keys()].join(', ') || 'none'})`;
    return { reason: 'UnknownSource', message };
  }
  if (!api.allows(namespace)) {
    const message = `analysis.prometheus.name: the operator's configuration does not allow source ${source} to namespace ${namespace}; name another, or add the namespace to its namespaces`;
    return { reason: 'NamespaceNotAllowed', message };
  }
  const read = checkReading(request);
  return 'reason' in read ? read : { api, ...read };
}

function checkCustom(
  { custom = [], namespace }: EvidenceRequest,
  allowed: CollectorOptions['customAllowed'],
): WatchProblem | CustomReadings[] {
  if (custom.length > 0 && allowed?.(namespace) !== true)
    return { reason: 'CustomNotAllowed', message: `analysis.custom: ${customRefusal(namespace)}` };
  const started = startReadings(custom);
  if (!started.ok) return { reason: 'InvalidCustom', message: `analysis.custom: ${started.message}` };
  return started.readings;
}

/** Detects what is unknown, then reads all that is due in as few queries as possible. Returns the failures by release. */
async function runRound(
  source: PrometheusApi,
  due: readonly Watched[],
  now: number,
): Promise<Map<string, SourceError>> {
  const errors = new Map<string, SourceError>();
  const byKey = new Map(due.map((one) => [one.key, one]));
  await eachLimited(
    due.filter((one) => needsDetection(one, now)),
    PARALLEL,
    async (one) => {
      const answer = await detect(source, one.request, now);
      if (answer.kind === 'failed') errors.set(one.key, answer.error);
      if (answer.kind === 'value') setDetected(one, answer.value, now);
    },
  );
  const wants = due.flatMap((one) => wantsOf(one));
  const generations = new Map(due.map((one) => [one.key, one.generation]));
  const unread = new Set<string>();
  await eachLimited(planQueries(wants, now), PARALLEL, async (whole) => {
    for (const [planned, answer] of await askInParts(source, whole, now)) {
      if (answer.kind === 'failed') {
        for (const want of planned.wants) {
          errors.set(want.key, answer.error);
          unread.add(`${want.key} ${metricKey(want.metric)}`);
        }
      }
      distribute(planned, answer, byKey);
    }
  });
  for (const { key, metric } of wants) {
    const one = byKey.get(key);
    const id = `${key} ${metricKey(metric)}`;
    if (one !== undefined && one.generation === generations.get(key) && !unread.has(id)) noteRead(one, metric, now);
  }
  for (const one of due) if (!errors.has(one.key)) one.readGeneration = generations.get(one.key) ?? 0;
  return errors;
}

/** Hands each release the series of its own pods. */
function distribute(planned: PlannedQuery, answer: Answer<Series[]>, byKey: ReadonlyMap<string, Watched>): void {
  if (answer.kind !== 'value') return;
  const [first] = planned.wants;
  if (first === undefined) return;
  const { namespace, pod } = first.metric.pods;
  const byPod = groupBy(answer.value, ({ labels }) => `${labels[namespace] ?? ''}/${labels[pod] ?? ''}`);
  for (const want of planned.wants) {
    const own = want.pods.flatMap((name) => byPod.get(`${want.namespace}/${name}`) ?? []);
    const one = byKey.get(want.key);
    if (one === undefined || own.length === 0) continue;
    ingest(one, want.metric, own);
  }
}

/** A server that does not answer is not asked again in the same round: one time-out, not one for each query. */
function untilUnreachable(source: PrometheusApi): PrometheusApi {
  let down: Answer<never> | undefined;
  return {
    ...source,
    query: async (query, at, limits) => {
      if (down !== undefined) return down;
      const answer = await source.query(query, at, limits);
      if (answer.kind === 'failed' && answer.error.code === 'Unreachable') down = answer;
      return answer;
    },
  };
}

function timed(source: PrometheusApi, clock: Clock, metrics: EvidenceMetrics | undefined): PrometheusApi {
  return {
    name: source.name,
    allows: (namespace) => source.allows(namespace),
    close: () => source.close(),
    ...(source.now === undefined ? {} : { now: source.now }),
    query: async (query, at, limits) => {
      const started = clock.now();
      const answer = await source.query(query, at, limits);
      metrics?.query(source.name, answer.kind, (clock.now() - started) / 1000);
      return answer;
    },
  };
}
