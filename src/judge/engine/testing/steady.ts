import { parseSpec, toAnalysisSpec } from '../../../api/parse-spec.ts';
import type { Evidence, PodSamples, PodWindow } from '../../../evidence/evidence.ts';
import type { AnalysisSpec } from '../../spec.ts';

/** The defaults of a CanaryRelease. */
export const usualSpec: AnalysisSpec = defaults();

function defaults(): AnalysisSpec {
  const parsed = parseSpec({ targetRef: { name: 'shop' } });
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return toAnalysisSpec(parsed.spec);
}

/** What a pod does in one scrape. */
export interface PodStep {
  requests: number;
  errors: number;
  /** Seconds that the median request takes. */
  latency: number;
  cores: number;
  bytes: number;
  /** Requests that hang for longer than the highest bound but one. */
  hanging: number;
  missed?: boolean;
  /** The pod restarted: its counters begin at 0. */
  reset?: boolean;
}

export type Behaviour = (slot: number, pod: string) => Partial<PodStep>;

export const steadyBounds = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2];

const usual: PodStep = { requests: 400, errors: 0, latency: 0.08, cores: 0.2, bytes: 1e8, hanging: 0 };

/** Requests per bucket when the median is at `latency`: a fixed shape with a thin tail, without noise. */
function bucketsOf(requests: number, latency: number): number[] {
  let below = 0;
  return [...steadyBounds, Infinity].map((bound) => {
    const upTo = 1 / (1 + (latency / bound) ** 4);
    const count = Math.round(requests * (upTo - below));
    below = upTo;
    return count;
  });
}

function samplesOf(pod: string, slots: number, firstSlot: number, behaviour: Behaviour): PodSamples {
  const samples: PodSamples = {
    requests: [],
    errors: [],
    buckets: [],
    cpuSeconds: [],
    memoryBytes: [],
    errorClasses: {},
  };
  let total = { requests: 0, errors: 0, cpu: 0, buckets: bucketsOf(0, 1) };
  for (let i = 0; i < slots; i += 1) {
    const step = { ...usual, ...behaviour(firstSlot + i, pod) };
    if (step.reset === true) total = { requests: 0, errors: 0, cpu: 0, buckets: total.buckets.map(() => 0) };
    const counts = bucketsOf(step.requests - step.errors, step.latency);
    counts[counts.length - 2] = (counts[counts.length - 2] ?? 0) + step.hanging;
    total = {
      requests: total.requests + step.requests,
      errors: total.errors + step.errors,
      cpu: total.cpu + step.cores * 15,
      buckets: total.buckets.map((count, bucket) => count + (counts[bucket] ?? 0)),
    };
    let sum = 0;
    const cumulative = total.buckets.map((count) => (sum += count));
    const isMissed = step.missed === true;
    samples.requests.push(isMissed ? null : total.requests);
    samples.errors.push(isMissed ? null : total.errors);
    samples.buckets.push(isMissed ? null : cumulative);
    samples.cpuSeconds.push(isMissed ? null : total.cpu);
    samples.memoryBytes.push(isMissed ? null : step.bytes);
  }
  return samples;
}

function windowOf(pods: readonly string[], slots: number, first: number, behaviour: Behaviour): PodWindow {
  const all = pods.map((pod) => [pod, samplesOf(pod, slots, first, behaviour)] as const);
  return { scrapes: slots, pods: Object.fromEntries(all) };
}

/**
 * Evidence without any randomness: three stable pods and a canary (and a baseline on request) with 15 s scrapes, each
 * as usual but for what `behaviour` says of a slot; slots of the history are negative. `second`: the slot in which
 * canary-1 takes the place of canary-0, for a second opinion.
 */
export function steady(
  behaviour: Behaviour,
  options: { slots?: number; history?: number; baseline?: boolean; stable?: number; second?: number } = {},
): Evidence {
  const { slots = 120, history = 240, baseline = false, second } = options;
  const stable = Array.from({ length: options.stable ?? 3 }, (_, i) => `stable-${i}`);
  const fresh = baseline ? ['baseline-0'] : [];
  const canary = second === undefined ? ['canary-0'] : ['canary-0', 'canary-1'];
  const replaced: Behaviour = (slot, pod) => ({
    ...behaviour(slot, pod),
    ...(pod === 'canary-0' && slot >= (second ?? Infinity) ? { missed: true } : {}),
    ...(pod === 'canary-1' ? { missed: slot < (second ?? 0), reset: slot === second } : {}),
  });
  const past = history === 0 ? {} : { history: windowOf(stable, history, -history, behaviour) };
  return {
    startedAt: 0,
    scrapeSeconds: 15,
    boundsSeconds: steadyBounds,
    canary,
    stable,
    ...(baseline ? { baseline: fresh } : {}),
    ...past,
    ...(second === undefined ? {} : { secondOpinion: { since: second * 15_000, without: ['canary-0'] } }),
    run: windowOf([...canary, ...fresh, ...stable], slots, 0, replaced),
    found: { source: 'Test', queries: {}, missing: [] },
    source: { state: 'Collecting', at: 0 },
  };
}

/** Milliseconds at which every slot has begun. */
export const theEnd = 1e12;
