import type { CanaryRelease } from '../api/schema.ts';
import type { RoutedRequest } from '../evidence/request.ts';
import type { Plan } from '../judge/engine/plan-release.ts';
import type { AnalysisSpec } from '../judge/spec.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { canaryReplicas } from '../release/clone.ts';
import type { Decision } from '../release/decision.ts';
import { factsOf } from '../release/facts.ts';
import type { Snapshot } from '../release/snapshot.ts';
import { askedFor, askedOf, type EvidenceCollector, keyOf, planOf } from './asked.ts';
import { watchedPods } from './watched-pods.ts';

/** So many are looked at together: an hour of the past of each is in memory meanwhile, some 2 MB. */
const together = 10;
/** A service whose past shows nothing by then is left alone, and looked at again after half a day at the earliest. */
const patienceMilliseconds = 120_000;
const againMilliseconds = 43_200_000;
/** The past ends where it was asked for: for a service that has just started it is asked for anew. */
const renewMilliseconds = 30_000;

/** Plans what the next release would meet, once, from stable's past alone, while none has run yet. */
export interface Foresight {
  /** Called after each pass without a canary: reads the past of a release that has no plan, and of no other. */
  follow(snapshot: Snapshot, decision: Decision): void;
  leave(key: string): void;
  /** A round of the source. Returns whether it was for a plan. */
  round(key: string): boolean;
  plan(release: CanaryRelease): Plan | undefined;
}

interface Wish {
  generation: number;
  request: Omit<RoutedRequest, 'startedAt'>;
  spec: AnalysisSpec;
  canaryPods: number;
}

type Entry = Wish & { againAt: number } & (
    | { state: 'Waiting' }
    | { state: 'Reading'; startedAt: number; until: number }
    | { state: 'Done'; plan: Plan | undefined }
  );

export function createForesight(deps: {
  collector: EvidenceCollector;
  clock: Clock;
  log: Logger;
  /** There is a plan that a pass should see. */
  onPlan(key: string): void;
}): Foresight {
  const { collector, clock, log, onPlan } = deps;
  const entries = new Map<string, Entry>();
  /** Keys of entries that wait, in their order: with many releases nearly all entries are done. */
  const waiting = new Set<string>();
  let reading = 0;

  function follow(snapshot: Snapshot, decision: Decision): void {
    const key = keyOf(snapshot.release);
    const wish = wishOf(snapshot, decision);
    if (wish === undefined) return leave(key);
    const known = entries.get(key);
    if (known?.generation === wish.generation && clock.now() < known.againAt) return;
    leave(key);
    entries.set(key, { ...wish, state: 'Waiting', againAt: clock.now() + againMilliseconds });
    waiting.add(key);
    readNext();
  }

  function leave(key: string): void {
    stopReading(key);
    entries.delete(key);
    waiting.delete(key);
    readNext();
  }

  function stopReading(key: string): void {
    if (entries.get(key)?.state !== 'Reading') return;
    reading -= 1;
    collector.unwatch(key);
  }

  function readNext(): void {
    for (const key of waiting) {
      if (reading >= together) return;
      waiting.delete(key);
      const entry = entries.get(key);
      if (entry !== undefined) read(key, entry, clock.now() + patienceMilliseconds);
    }
  }

  function read(key: string, entry: Entry, until: number): void {
    const startedAt = clock.now();
    if (entry.state !== 'Reading') reading += 1;
    entries.set(key, { ...entry, state: 'Reading', startedAt, until });
    // What is wrong with the source is said when a release needs it.
    if (!collector.watch(key, { ...entry.request, startedAt }).ok) end(key, entry, undefined);
  }

  function end(key: string, entry: Entry, plan: Plan | undefined): void {
    stopReading(key);
    entries.set(key, { ...entry, state: 'Done', plan });
  }

  function round(key: string): boolean {
    const entry = entries.get(key);
    if (entry?.state !== 'Reading') return false;
    const now = clock.now();
    const plan = planned(key, entry);
    // Without a single request it is waited for one as long as there is patience.
    if (now < entry.until && (plan === undefined || plan.canaryRequestsPerSecond === 0)) {
      if (now - entry.startedAt >= renewMilliseconds) read(key, entry, entry.until);
      return true;
    }
    end(key, entry, plan);
    readNext();
    if (plan !== undefined) onPlan(key);
    return true;
  }

  function planned(key: string, { spec, canaryPods }: Wish): Plan | undefined {
    const evidence = collector.evidence(key);
    if (evidence?.history === undefined || evidence.source.state === 'Failed') return undefined;
    try {
      const plan = planOf(evidence, spec, canaryPods);
      return plan === undefined || plan.steps.length === 0 ? undefined : plan;
    } catch (error) {
      // The rounds of all others go on.
      log.error({ key, err: error }, 'Planning failed');
      return undefined;
    }
  }

  function plan(release: CanaryRelease): Plan | undefined {
    const entry = entries.get(keyOf(release));
    return entry?.state === 'Done' && entry.generation === (release.metadata.generation ?? 0) ? entry.plan : undefined;
  }

  return { follow, leave, round, plan };
}

/** undefined: there is a plan already, nothing to plan for, or no source that knows the past. */
function wishOf(snapshot: Snapshot, { status, actions }: Decision): Wish | undefined {
  const { release, spec, target } = snapshot;
  if ('problems' in spec || target === undefined || actions.length > 0) return undefined;
  if (status.analysis !== undefined || status.phase !== 'Idle' || spec.analysis.source === 'Pods') return undefined;
  const isReady = status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
  const { stablePods, replicas } = factsOf(snapshot, target);
  if (isReady !== true || stablePods.length === 0) return undefined;
  const { custom: _, ...asked } = askedFor(spec);
  const { pods } = watchedPods({ canary: [], stable: stablePods, baseline: [] }, undefined);
  return {
    generation: release.metadata.generation ?? 0,
    request: { ...asked, from: 'Prometheus', namespace: release.metadata.namespace ?? '', ...pods },
    spec: askedOf(spec, release.status?.calibration),
    canaryPods: canaryReplicas(replicas, spec.canary),
  };
}
