import type { Evidence, PodSamples, PodWindow } from '../../evidence/evidence.ts';
import type { AnalysisSpec } from '../spec.ts';
import type { Verdict } from '../verdict.ts';
import { advance, slotsBegun, verdictOf } from './judge-sequential.ts';
import { SequentialJudge } from './sequential-judge.ts';

interface Kept {
  judge: SequentialJudge;
  /** What the judge was made from: when it differs, it is made anew. */
  setup: string;
  /** Checksum of the slots it has read. */
  read: number;
}

/**
 * A judge that remembers where it stood: the same answers as `judgeSequential`, but a call reads only the scrapes that
 * are new. Samples that arrive late, and pods or bounds that change, are noticed and judged from the start again.
 *
 * @param most releases that are remembered; the one that was asked for longest ago is forgotten first
 */
export function incrementalJudge(most = 1000): (evidence: Evidence, spec: AnalysisSpec, now: number) => Verdict {
  const kept = new Map<string, Kept>();
  return (evidence, spec, now) => {
    const key = `${evidence.startedAt} ${evidence.canary.join(' ')}`;
    const setup = setupOf(evidence, spec);
    const before = kept.get(key);
    const usable =
      before?.setup === setup &&
      before.judge.slots <= slotsBegun(evidence, now) &&
      before.read === checksumOf(evidence, before.judge.slots);
    const judge = usable ? before.judge : new SequentialJudge(evidence, spec);
    advance(judge, evidence, now);
    kept.delete(key);
    kept.set(key, { judge, setup, read: checksumOf(evidence, judge.slots) });
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break;
      kept.delete(oldest);
    }
    return verdictOf(judge, evidence);
  };
}

function setupOf(evidence: Evidence, spec: AnalysisSpec): string {
  const { scrapeSeconds, boundsSeconds, canary, stable, baseline, found, history, secondOpinion } = evidence;
  const past = history === undefined ? 0 : [history.scrapeSeconds, checksum(history, history.scrapes)];
  return JSON.stringify([
    spec,
    scrapeSeconds,
    boundsSeconds,
    canary,
    stable,
    baseline,
    found.missing,
    secondOpinion,
    past,
  ]);
}

/** Of all that was read of the run. */
function checksumOf({ run, custom = {} }: Evidence, end: number): number {
  let sum = checksum(run, end);
  for (const { canary, stable } of Object.values(custom)) {
    for (let slot = 0; slot < end; slot += 1) sum = mix(mix(sum, canary[slot] ?? -1), stable[slot] ?? -1);
  }
  return sum;
}

/** A number that changes with any sample of the slots before `end`: position and value both count. */
function checksum({ pods }: PodWindow, end: number): number {
  let sum = 0;
  for (const name of Object.keys(pods)) {
    const pod = pods[name];
    if (pod !== undefined) sum = podChecksum(pod, end, sum);
  }
  return sum;
}

function podChecksum(pod: PodSamples, end: number, start: number): number {
  let sum = mix(start, 1);
  const { requests, errors, cpuSeconds, memoryBytes, latencySumSeconds, latencyCount } = pod;
  for (const series of [requests, errors, cpuSeconds, memoryBytes, latencySumSeconds ?? [], latencyCount ?? []]) {
    for (let slot = 0; slot < end; slot += 1) sum = mix(sum, series[slot] ?? -1);
  }
  for (let slot = 0; slot < end; slot += 1) {
    const buckets = pod.buckets[slot] ?? [];
    for (let i = 0; i < buckets.length; i += 1) sum = mix(sum, buckets[i] ?? -1);
  }
  const labelled = [pod.errorClasses, pod.routes ?? {}, pod.routeErrors ?? {}];
  for (const series of labelled.flatMap((each) => Object.values(each))) {
    for (let slot = 0; slot < end; slot += 1) sum = mix(sum, series[slot] ?? -1);
  }
  return sum;
}

/** Polynomial hash modulo a prime below 2^31, so that products stay exact; fractions count by their thousandths. */
function mix(sum: number, value: number): number {
  return (sum * 31_337 + ((value * 1000) % 2_147_483_647) + 7) % 2_147_483_647;
}
