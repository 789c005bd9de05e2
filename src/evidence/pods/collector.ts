import { aborted } from '../../lib/abort.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { checkReading } from '../check.ts';
import type { Evidence } from '../evidence.ts';
import { allPods, type EvidenceRequest, type WatchProblem, type WatchResult } from '../request.ts';
import { adopt } from '../watched.ts';
import type { PodsSource } from './config.ts';
import type { PodsHealth } from './lane.ts';
import { type ScrapeOutcome, scrapeAll } from './round.ts';
import type { Scraper } from './scrape.ts';
import {
  evidenceOfPods,
  healthOf,
  lostTrack,
  nextRoundAt,
  type PodsWatch,
  requestOf,
  startPodsWatch,
  takeRound,
  wantedNames,
} from './watch.ts';

export interface PodsCollectorOptions {
  config: PodsSource;
  scraper: Scraper;
  clock: Clock;
  log: Logger;
  metrics?: { scrape(outcome: ScrapeOutcome): void };
}

/** Collects evidence by scraping the pods of running releases. */
export interface PodsCollector {
  /** Watches a release, or takes over a changed list of pods. A problem leaves the release unwatched. */
  watch(key: string, request: EvidenceRequest): WatchResult;
  unwatch(key: string): void;
  /** What is known now; undefined for a release that is not watched. */
  evidence(key: string): Evidence | undefined;
  health(key: string): PodsHealth | undefined;
  /** Called after each round of a release. */
  onUpdate(handler: (key: string) => void): void;
  /** One round for all watched releases. */
  poll(): Promise<void>;
  /** Rounds in the middle of each release's slots, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  watch: PodsWatch;
  cancel: () => void;
  round: Promise<void> | undefined;
}

export function createPodsCollector({ config, scraper, clock, log, metrics }: PodsCollectorOptions): PodsCollector {
  const entries = new Map<string, Entry>();
  const handlers: ((key: string) => void)[] = [];
  let running = false;

  function watch(key: string, request: EvidenceRequest): WatchResult {
    const own = requestOf(request, config);
    const known = entries.get(key);
    if (known !== undefined && adopt(known.watch.watched, own)) return { ok: true };
    unwatch(key);
    const checked = check(config, own);
    if ('reason' in checked) return { ok: false, problem: checked };
    const entry: Entry = {
      watch: startPodsWatch(key, own, checked.isError, clock.now()),
      cancel: () => undefined,
      round: undefined,
    };
    entries.set(key, entry);
    if (running) schedule(key, entry);
    return { ok: true };
  }

  function unwatch(key: string): void {
    entries.get(key)?.cancel();
    entries.delete(key);
  }

  function schedule(key: string, entry: Entry): void {
    const now = clock.now();
    entry.cancel = clock.after(nextRoundAt(entry.watch, now) - now, () => {
      void pollOne(key, entry).finally(() => {
        if (running && entries.get(key) === entry) schedule(key, entry);
      });
    });
  }

  /** A round that is still under way is not started twice. */
  function pollOne(key: string, entry: Entry): Promise<void> {
    entry.round ??= round(key, entry)
      .catch((error: unknown) => log.error({ err: error, key }, 'Scrape round failed'))
      .finally(() => {
        entry.round = undefined;
      });
    return entry.round;
  }

  async function round(key: string, entry: Entry): Promise<void> {
    const at = clock.now();
    const { watch: one } = entry;
    const before = lostTrack(one);
    const wanted = wantedNames(one, at);
    const keep = wanted === undefined ? undefined : (name: string): boolean => wanted.has(name);
    const scrapes = await scrapeAll(scraper, allPods(one.watched.request), config, keep);
    if (entries.get(key) !== entry) return;
    for (const { answer } of scrapes) metrics?.scrape(answer.kind);
    takeRound(one, scrapes, at, wanted === undefined);
    const lost = lostTrack(one);
    if (lost !== undefined && before === undefined) log.warn({ key, message: lost }, 'Evidence source failed');
    for (const handler of handlers) handler(key);
  }

  return {
    watch,
    unwatch,
    evidence: (key) => {
      const entry = entries.get(key);
      return entry === undefined ? undefined : evidenceOfPods(entry.watch);
    },
    health: (key) => {
      const entry = entries.get(key);
      return entry === undefined ? undefined : healthOf(entry.watch);
    },
    onUpdate: (handler) => void handlers.push(handler),
    poll: async () => void (await Promise.all([...entries].map(([key, entry]) => pollOne(key, entry)))),
    run: async (signal) => {
      running = true;
      for (const [key, entry] of entries) schedule(key, entry);
      await aborted(signal);
      running = false;
      for (const { cancel } of entries.values()) cancel();
    },
    close: () => scraper.close(),
  };
}

function check(config: PodsSource, request: EvidenceRequest): WatchProblem | { isError: (status: string) => boolean } {
  if (!config.enabled) {
    const message = "analysis.source: podsSource is switched off in the operator's configuration; write Prometheus";
    return { reason: 'UnknownSource', message };
  }
  const { namespace } = request;
  if (config.namespaces !== undefined && !config.namespaces.includes(namespace)) {
    const message = `analysis.source: the operator's configuration does not allow pods of namespace ${namespace} to be scraped; add it to podsSource.namespaces`;
    return { reason: 'NamespaceNotAllowed', message };
  }
  return checkReading(request);
}
