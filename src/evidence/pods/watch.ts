import { failed } from '../answer.ts';
import type { Evidence } from '../evidence.ts';
import { ingest } from '../ingest.ts';
import type { Metric } from '../metric.ts';
import { allPods, type EvidenceRequest, type WatchedPod } from '../request.ts';
import {
  endRound,
  evidenceOf,
  metricsOf,
  needsDetection,
  setDetected,
  startWatching,
  type Watched,
} from '../watched.ts';
import type { PodsSource } from './config.ts';
import { detectIn } from './detect.ts';
import type { PodsHealth } from './lane.ts';
import { rebasePods } from './rebase.ts';
import { byName, type PodScrape, seriesOfRound } from './round.ts';

/** Name of this source in status and in the evidence. */
export const PODS = 'Pods';

/** A release whose pods are scraped. */
export interface PodsWatch {
  watched: Watched;
  /** By pod: rounds without an answer since the last one, and why. */
  silent: Map<string, { rounds: number; message: string }>;
  rounds: number;
  /** Pods of the canary that had served for a while when they were looked at first. */
  served: ReadonlySet<string>;
  /** What the evidence became without what was served before. */
  rebased: { from: Evidence; to: Evidence } | undefined;
}

/** A release that is watched only so long after its start has been watched before, by another process. */
export const LATE_MS = 30_000;

/** Rounds without an answer of a track before the source counts as failed: a restart takes a few. */
const LOST_ROUNDS = 5;

export function startPodsWatch(
  key: string,
  request: EvidenceRequest,
  isError: (status: string) => boolean,
  now: number,
): PodsWatch {
  const late = now - request.startedAt > LATE_MS;
  const served = late ? [...request.canaryPods, ...(request.baselinePods ?? [])] : [];
  const watched = startWatching(key, request, { name: PODS }, isError);
  return { watched, silent: new Map(), rounds: 0, served: new Set(served.map(({ name }) => name)), rebased: undefined };
}

/** What the release looks like by now. */
export function evidenceOfPods(watch: PodsWatch): Evidence {
  const { served, rebased } = watch;
  const evidence = evidenceOf(watch.watched);
  if (served.size === 0) return evidence;
  if (rebased?.from === evidence) return rebased.to;
  const warnings = ['the operator started in the middle of the comparison: what the pods served before is not known'];
  const to = { ...rebasePods(evidence, served), found: { ...evidence.found, warnings } };
  watch.rebased = { from: evidence, to };
  return to;
}

/** The same request, as this source answers it. */
export function requestOf(request: EvidenceRequest, { intervalSeconds, maxPods }: PodsSource): EvidenceRequest {
  const { canaryPods, stablePods, baselinePods } = request;
  return {
    ...request,
    source: PODS,
    scrapeSeconds: intervalSeconds,
    canaryPods: oldest(canaryPods, maxPods),
    stablePods: oldest(stablePods, maxPods),
    ...(baselinePods === undefined ? {} : { baselinePods: oldest(baselinePods, maxPods) }),
  };
}

/** The same ones at every call, whatever comes later. */
function oldest(pods: readonly WatchedPod[], most: number): WatchedPod[] {
  if (pods.length <= most) return [...pods];
  return pods.toSorted((a, b) => a.startedAt - b.startedAt || (a.name < b.name ? -1 : 1)).slice(0, most);
}

/** Names that the next round reads; undefined: all, to look which there are. */
export function wantedNames({ watched }: PodsWatch, now: number): Set<string> | undefined {
  if (needsDetection(watched, now)) return undefined;
  return new Set(readNames(watched).map(({ metric }) => metric));
}

/** Middle of the slot after `now`: a late timer does not move a scrape into another slot. */
export function nextRoundAt({ watched: { request } }: PodsWatch, now: number): number {
  const slot = (request.scrapeSeconds ?? 1) * 1000;
  const first = request.startedAt + slot / 2;
  return first + (Math.floor((now - first) / slot) + 1) * slot;
}

/**
 * Takes what a round brought.
 *
 * @param at when the round began, milliseconds
 * @param all whether all names were read
 */
export function takeRound(watch: PodsWatch, scrapes: readonly PodScrape[], at: number, all: boolean): void {
  const { watched } = watch;
  const { namespace, preset } = watched.request;
  watch.rounds += 1;
  for (const scrape of scrapes) noteSilence(watch, scrape);
  if (all) {
    const track = (pods: readonly WatchedPod[]): PodScrape[] => scrapes.filter(({ pod }) => pods.includes(pod));
    const round = {
      stable: byName(track(watched.request.stablePods)),
      canary: byName(track(watched.request.canaryPods)),
    };
    if (round.stable.size > 0) setDetected(watched, detectIn(round, preset), at);
  }
  for (const metric of readNames(watched)) {
    ingest(watched, metric, seriesOfRound(scrapes, metric.metric, namespace, at));
  }
  const problem = lostTrack(watch);
  endRound(watched, slotEnd(watched, at), problem === undefined ? undefined : failed('Unreachable', problem).error);
}

function slotEnd({ request: { startedAt, scrapeSeconds = 1 } }: Watched, at: number): number {
  const slot = scrapeSeconds * 1000;
  return startedAt + (Math.floor((at - startedAt) / slot) + 1) * slot;
}

function noteSilence({ silent }: PodsWatch, { pod, answer }: PodScrape): void {
  if (answer.kind === 'value' || answer.kind === 'nodata') {
    silent.delete(pod.name);
    return;
  }
  const message = answer.kind === 'failed' ? answer.error.message : answer.message;
  silent.set(pod.name, { rounds: (silent.get(pod.name)?.rounds ?? 0) + 1, message: `pod ${pod.name}: ${message}` });
}

/** Why a track cannot be scraped: none of its living pods has answered for some rounds. */
export function lostTrack({ watched: { request }, silent }: PodsWatch): string | undefined {
  for (const [track, pods] of [['stable', request.stablePods] as const, ['canary', request.canaryPods] as const]) {
    const living = pods.filter(({ endpoint }) => endpoint !== undefined);
    const lost = living.filter(({ name }) => (silent.get(name)?.rounds ?? 0) >= LOST_ROUNDS);
    const [one] = lost;
    if (one === undefined || lost.length < living.length) continue;
    return `the pods of ${track} cannot be scraped: ${silent.get(one.name)?.message}`;
  }
  return undefined;
}

/** How the scrapes go. */
export function healthOf({ watched: { request }, silent, rounds }: PodsWatch): PodsHealth {
  const ready = allPods(request).filter(({ endpoint }) => endpoint?.ready === true);
  const lost = ready.map(({ name }) => silent.get(name)).find((one) => (one?.rounds ?? 0) >= LOST_ROUNDS);
  return { rounds, lost: lost?.message };
}

/** Each name once: what a round brings of it serves all signals. */
function readNames({ detected }: Watched): Metric[] {
  return [...new Map(metricsOf(detected).map((metric) => [metric.metric, metric])).values()];
}
