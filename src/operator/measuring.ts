import type { CanaryRelease, CanaryReleaseStatus, ParsedSpec } from '../api/schema.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { RoutedRequest } from '../evidence/request.ts';
import type { AnalysisSpec } from '../judge/spec.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { Clock } from '../lib/clock.ts';
import type { Decision } from '../release/decision.ts';
import { factsOf } from '../release/facts.ts';
import type { GonePod, Measurement, Snapshot } from '../release/snapshot.ts';
import { askedFor, askedOf, type EvidenceCollector, keyOf, planOf } from './asked.ts';
import type { Foresight } from './foresight.ts';
import { watchedPods } from './watched-pods.ts';

export type Judge = (evidence: Evidence, spec: AnalysisSpec, now: number) => Verdict;

/** Keeps the collector informed of what runs, and judges what it has. */
export interface Measuring {
  /** Called after each pass: starts, follows or ends the measurement of the release. */
  measure(snapshot: Snapshot, decision: Decision): void;
  measurement(release: CanaryRelease): Measurement | undefined;
  /** What the last measurement of a release rests on; undefined: none was made since it is measured. */
  judged(key: string): Judged | undefined;
  /** Whether a pass would find another verdict than the last one did. */
  hasNews(key: string): boolean;
  forget(key: string): void;
}

export interface Judged {
  evidence: Evidence;
  asked: AnalysisSpec;
}

interface Watched {
  canaryUid: string;
  spec: ParsedSpec;
  request: RoutedRequest;
  problem: string | undefined;
  since: number;
  gonePods: GonePod[];
  /** Of this release alone: what it remembers goes with it. */
  judge: Judge;
  /** What the judge was asked last, and what it said. */
  asked?: AnalysisSpec;
  second?: Pick<Evidence, 'secondOpinion'>;
  told?: string;
  judged?: Judged;
}

export function createMeasuring(deps: {
  collector: EvidenceCollector;
  createJudge(): Judge;
  clock: Clock;
  /** Reads the past under the same key where nothing is measured. */
  foresight: Pick<Foresight, 'follow' | 'leave'>;
}): Measuring {
  const { collector, clock, foresight } = deps;
  const watched = new Map<string, Watched>();

  function measure(snapshot: Snapshot, decision: Decision): void {
    const key = keyOf(snapshot.release);
    const next = requestOf(snapshot, decision, watched.get(key));
    if (next === undefined) {
      stop(key);
      return foresight.follow(snapshot, decision);
    }
    foresight.leave(key);
    const result = collector.watch(key, next.request);
    const problem = result.ok ? undefined : result.problem.message;
    const before = watched.get(key);
    watched.set(key, { ...before, ...next, problem, judge: before?.judge ?? deps.createJudge() });
  }

  function forget(key: string): void {
    stop(key);
    foresight.leave(key);
  }

  function stop(key: string): void {
    if (!watched.delete(key)) return;
    collector.unwatch(key);
  }

  function measurement(release: CanaryRelease): Measurement | undefined {
    const entry = watched.get(keyOf(release));
    if (entry === undefined) return undefined;
    const { canaryUid, spec, request, gonePods, judge } = entry;
    const now = clock.now();
    if (entry.problem !== undefined) {
      const source = { state: 'Failed', at: now, since: entry.since, message: entry.problem } as const;
      return {
        canaryUid,
        verdict: undecided(entry.problem),
        source,
        sourceName: request.from === 'Pods' ? 'Pods' : 'Prometheus',
        preset: undefined,
        gonePods,
      };
    }
    const evidence = collector.evidence(keyOf(release));
    if (evidence === undefined) return undefined;
    const asked = askedOf(spec, release.status?.calibration);
    const second = secondOpinionOf(release);
    const given = { ...evidence, ...second };
    const verdict = judge(given, asked, now);
    Object.assign(entry, { asked, second, told: newsOf(verdict, evidence), judged: { evidence: given, asked } });
    const { source, preset, warnings = [] } = evidence.found;
    const told = { ...verdict, warnings: [...warnings, ...verdict.warnings] };
    // What status has already was planned from the traffic at the start, and stays; without traffic there is nothing to
    // plan by, and the hour of history is not read for it at every pass.
    const isOpen = verdict.traffic && release.status?.analysis?.planned === undefined;
    const plan = isOpen ? planOf(evidence, asked) : undefined;
    return { canaryUid, verdict: told, source: evidence.source, sourceName: source, preset, gonePods, plan };
  }

  function hasNews(key: string): boolean {
    const entry = watched.get(key);
    const evidence = collector.evidence(key);
    if (entry === undefined || evidence === undefined) return false;
    return (
      entry.asked === undefined ||
      entry.told !== newsOf(entry.judge({ ...evidence, ...entry.second }, entry.asked, clock.now()), evidence)
    );
  }

  return { measure, measurement, judged: (key) => watched.get(key)?.judged, hasNews, forget };
}

function newsOf({ verdict }: Verdict, { source }: Evidence): string {
  return `${verdict} ${source.state}`;
}

/** From the Ready moment of the new pods on, which status has. */
function secondOpinionOf({ status }: CanaryRelease): Pick<Evidence, 'secondOpinion'> {
  const { since, pods = [] } = status?.analysis?.secondOpinion ?? {};
  return since === undefined ? {} : { secondOpinion: { since: Date.parse(since), without: pods } };
}

/** When the canary began to take traffic, while it is measured: RFC 3339. */
function measuredSince({ canary, phase }: CanaryReleaseStatus): string | undefined {
  return phase === 'Analyzing' || phase === 'Held' ? canary?.since : undefined;
}

/** undefined while there is no canary that takes traffic. */
function requestOf(
  snapshot: Snapshot,
  decision: Decision,
  before: Watched | undefined,
): Omit<Watched, 'problem' | 'judge'> | undefined {
  const { spec, target, release } = snapshot;
  const since = measuredSince(decision.status);
  if ('problems' in spec || target === undefined || since === undefined) return undefined;
  const { canary, baseline, stablePods: serving } = factsOf(snapshot, target);
  if (canary === undefined) return undefined;
  const same = before?.canaryUid === canary.uid ? before : undefined;
  const tracks = { canary: canary.pods, stable: serving, baseline: baseline?.pods ?? [] };
  const { pods, gonePods } = watchedPods(tracks, same?.request, release.status?.analysis?.gonePods);
  const namespace = release.metadata.namespace ?? '';
  const request = { ...askedFor(spec), namespace, startedAt: Date.parse(since), ...pods };
  return { canaryUid: canary.uid, spec, request, since: same?.since ?? snapshot.now, gonePods };
}

function undecided(sentence: string): Verdict {
  return {
    verdict: 'Undecided',
    sentence,
    requests: { stable: 0, canary: 0 },
    metrics: [],
    missing: [],
    warnings: [],
    weakPass: false,
    traffic: false,
  };
}
