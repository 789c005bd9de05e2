import type { SourceError } from './answer.ts';
import type { Detected } from './detect.ts';
import type { Evidence, PodSamples, SourceState } from './evidence.ts';
import type { EvidenceRequest, WatchedPod } from './request.ts';

interface Known {
  request: EvidenceRequest;
  detected: Detected | undefined;
  failure: { since: number; at: number; error: SourceError } | undefined;
  /** The source has answered at all. */
  asked: boolean;
  evidence: Evidence;
  at: number;
}

/** A metric is missing after so many scrapes without it, and not before this time. */
const SCRAPES = 5;
const REQUESTS_SECONDS = 60;
/** cAdvisor measures now and then, and its samples arrive late. */
const RESOURCE_SECONDS = 180;

/** Whether the source answers, and whether both tracks have what stable has. */
export function sourceState({ request, detected, failure, asked, evidence, at }: Known): SourceState {
  if (failure !== undefined) {
    return { state: 'Failed', at: failure.at, since: failure.since, message: failure.error.message };
  }
  const noData = (message: string): SourceState => ({ state: 'NoData', at, message });
  if (!asked) return noData(`source ${request.source} was not asked yet`);
  if (detected?.requests === undefined) {
    return noData(`the pods of stable export no request metrics that a preset knows (preset ${request.preset})`);
  }
  const silent = silentTrack(request, evidence);
  if (silent !== undefined)
    return noData(`no sample of ${detected.requests.metric} of the ${silent} pods in the last scrapes`);
  const lost = renamed(detected, evidence) ?? lostSignal(request, detected, evidence);
  return lost === undefined ? { state: 'Collecting', at } : noData(lost);
}

/** The canary has counted a request. */
export function isServed({ canary, run }: Evidence): boolean {
  return canary.some((name) => (run.pods[name]?.requests.findLast((value) => value !== null) ?? 0) > 0);
}

function silentTrack({ stablePods, canaryPods }: EvidenceRequest, evidence: Evidence): string | undefined {
  const slots = slotsOf(REQUESTS_SECONDS, evidence);
  const isFresh = (pods: readonly WatchedPod[]): boolean => has(evidence, pods, slots, ({ requests }) => requests);
  if (!isFresh(stablePods)) return 'stable';
  return isFresh(canaryPods) ? undefined : 'canary';
}

function renamed({ requests, elsewhere }: Detected, evidence: Evidence): string | undefined {
  if (elsewhere === undefined || requests === undefined || isServed(evidence)) return undefined;
  if (evidence.run.scrapes < slotsOf(REQUESTS_SECONDS, evidence)) return undefined;
  return `the canary exports ${elsewhere.metric} (preset ${elsewhere.preset}) where stable exports ${requests.metric}: the new version changed the names of its metrics, and nothing can be compared; keep the old names for one release beside the new ones, or promote by hand`;
}

/** A signal that stable shows and a canary that serves does not. */
function lostSignal(request: EvidenceRequest, detected: Detected, evidence: Evidence): string | undefined {
  const { requests, latency, mean, cpu, memory } = detected;
  const timed = latency ?? mean?.count;
  const signals: [what: string | undefined, seconds: number, pick: (pod: PodSamples) => readonly unknown[]][] = [
    [
      requests?.statusLabel && `label ${requests.statusLabel} of ${requests.metric}`,
      REQUESTS_SECONDS,
      ({ errors }) => errors,
    ],
    [timed?.metric, REQUESTS_SECONDS, timedRequests],
    [cpu?.metric, RESOURCE_SECONDS, ({ cpuSeconds }) => cpuSeconds],
    [memory?.metric, RESOURCE_SECONDS, ({ memoryBytes }) => memoryBytes],
  ];
  for (const [what, seconds, pick] of signals) {
    const slots = slotsOf(seconds, evidence);
    if (what === undefined || !servedFor(slots, evidence)) continue;
    if (!has(evidence, request.stablePods, slots, pick) || has(evidence, request.canaryPods, slots, pick)) continue;
    return `the canary serves and has no ${what} for ${slots} scrapes, while stable has it: the new version lost or renamed it; export it again, switch the metric off under spec.analysis, or promote by hand`;
  }
  return undefined;
}

/** Numbers of timed requests where there were any; a histogram that is not there reads as zeros. */
function timedRequests({ buckets, latencyCount, requests, errors }: PodSamples): (number | null)[] {
  return requests.map((all, slot) => {
    const count = latencyCount === undefined ? (buckets[slot]?.at(-1) ?? 0) : (latencyCount[slot] ?? 0);
    // Without a success there was nothing to time.
    return count > 0 || (all !== null && all <= (errors[slot] ?? 0)) ? count : null;
  });
}

/** The canary had requests before the last `slots` scrapes. */
function servedFor(slots: number, { canary, run }: Evidence): boolean {
  if (run.scrapes < slots) return false;
  return canary.some((name) => (run.pods[name]?.requests[run.scrapes - slots] ?? 0) > 0);
}

function slotsOf(seconds: number, { scrapeSeconds }: Evidence): number {
  return Math.max(SCRAPES, Math.ceil(seconds / scrapeSeconds));
}

/** One of the pods has a sample in the last slots. */
function has(
  { run }: Evidence,
  pods: readonly WatchedPod[],
  slots: number,
  pick: (pod: PodSamples) => readonly unknown[],
): boolean {
  return pods.some(({ name }) => {
    const pod = run.pods[name];
    return (
      pod !== undefined &&
      pick(pod)
        .slice(-slots)
        .some((value) => value !== null)
    );
  });
}
