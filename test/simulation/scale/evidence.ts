import { createCollector } from '../../../src/evidence/collector.ts';
import type { PrometheusApi } from '../../../src/evidence/prometheus/client.ts';
import type { EvidenceRequest } from '../../../src/evidence/request.ts';
import { incrementalJudge } from '../../../src/judge/engine/incremental.ts';
import { usualSpec } from '../../../src/judge/engine/testing/steady.ts';
import { createFakeClock } from '../../../src/lib/fake-clock.ts';
import { silentLogger } from '../../../src/lib/log.ts';
import { namespaceOf } from './objects.ts';
import { createSyntheticSource } from './synthetic-source.ts';

const START = Date.UTC(2026, 0, 1);
const ROUND_MS = 5000;
/** Rounds of the start. */
const STARTING = 6;

export interface EvidenceCost {
  releases: number;
  minutes: number;
  /** CPU seconds of collecting and judging one release for an hour, the source's own work left out. */
  secondsPerReleaseHour: number;
  /** Of the first rounds, which look for metrics and read an hour of history. */
  queriesAtStart: number;
  /** Of those after them. */
  queriesPerRound: number;
  /** CPU seconds from the first question of a round to the last verdict, after the start: mean and longest. */
  roundSeconds: number;
  longestSeconds: number;
  /** Bytes on the heap that each release keeps at the end. */
  bytesPerRelease: number;
  verdicts: Record<string, number>;
}

function requestOf(index: number, startedAt: number): EvidenceRequest {
  const pods = (track: string, count: number, age: number): EvidenceRequest['canaryPods'] =>
    Array.from({ length: count }, (_, pod) => ({ name: `app-${index}-${track}-${pod}`, startedAt: startedAt - age }));
  return {
    namespace: namespaceOf(index),
    source: 'default',
    preset: 'Auto',
    startedAt,
    canaryPods: pods('canary', 1, 5000),
    stablePods: pods('stable', 3, 7_200_000),
    errorCodes: ['5..'],
    ignoreRoutes: ['/healthz'],
    warmupSeconds: 60,
    historySeconds: 3600,
  };
}

/** Reads and judges many releases at once, as the operator does every five seconds. */
export async function measureEvidence(releases: number, minutes: number): Promise<EvidenceCost> {
  const clock = createFakeClock(START);
  let sourceSeconds = 0;
  let queries = 0;
  const synthetic = createSyntheticSource(START - 10 * 3_600_000);
  const source: PrometheusApi = {
    ...synthetic,
    async query(query, at) {
      queries += 1;
      const before = process.cpuUsage();
      const answer = await synthetic.query(query, at);
      sourceSeconds += secondsSince(before);
      return answer;
    },
  };
  const collector = createCollector({ sources: [source], clock, log: silentLogger });
  const heapBefore = heap();
  const keys = Array.from({ length: releases }, (_, index) => `${namespaceOf(index)}/app-${index}`);
  for (const [index, key] of keys.entries()) collector.watch(key, requestOf(index, START));
  const judges = new Map(keys.map((key) => [key, incrementalJudge()]));
  const verdicts: Record<string, number> = {};
  const began = process.cpuUsage();
  let rounds = 0;
  let queriesAtStart = 0;
  let steady = 0;
  let longest = 0;
  for (let at = ROUND_MS; at <= minutes * 60_000; at += ROUND_MS) {
    clock.advanceSync(ROUND_MS);
    const before = process.cpuUsage();
    const sourceBefore = sourceSeconds;
    await collector.poll();
    rounds += 1;
    if (rounds === STARTING) queriesAtStart = queries;
    for (const [key, judge] of judges) {
      const evidence = collector.evidence(key);
      if (evidence === undefined) continue;
      const { verdict } = judge(evidence, usualSpec, clock.now());
      if (at >= minutes * 60_000) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
    const took = secondsSince(before) - (sourceSeconds - sourceBefore);
    if (rounds > STARTING) steady += took;
    if (rounds > STARTING) longest = Math.max(longest, took);
  }
  const seconds = secondsSince(began) - sourceSeconds;
  return {
    releases,
    minutes,
    secondsPerReleaseHour: seconds / (releases * (minutes / 60)),
    queriesAtStart,
    queriesPerRound: (queries - queriesAtStart) / (rounds - STARTING),
    roundSeconds: steady / (rounds - STARTING),
    longestSeconds: longest,
    bytesPerRelease: (heap() - heapBefore) / releases,
    verdicts,
  };
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Bytes in use, numbers outside of the heap included, after a collection (run with --expose-gc, else without). */
export function heap(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
