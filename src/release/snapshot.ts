import type { FiringAlert } from '../alerts/board.ts';
import type { CanaryRelease, ParsedSpec, SpecProblem } from '../api/schema.ts';
import type { SourceState } from '../evidence/evidence.ts';
import type { Plan } from '../judge/engine/plan-release.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { Deployment, Pod, ReplicaSet } from '../kube/object.ts';

/** How the proof of the gate ended: a dry run that changes the target's template must come back paused. */
export type GateProof =
  | { state: 'Unproven' }
  | { state: 'Proven'; at: number }
  | { state: 'Failed'; at: number; message: string };

/** What was measured for the running canary, judged at this moment. */
export interface Measurement {
  /** UID of the canary Deployment that it belongs to. */
  canaryUid: string;
  verdict: Verdict;
  source: SourceState;
  sourceName: string;
  preset: string | undefined;
  /** How long the comparison needs at the traffic seen; undefined while that is not known, or once status has it. */
  plan?: Plan | undefined;
  /** Pods that ended during the comparison. */
  gonePods: GonePod[];
}

export interface GonePod {
  name: string;
  track: 'stable' | 'canary' | 'baseline';
  /** RFC 3339. */
  started: string;
}

/** Other facts of the cluster that preflight needs. */
export interface Surroundings {
  /** Other CanaryReleases with the same target. */
  namesakes: CanaryRelease[];
  /** Other tools that drive the target, as `Kind name`. */
  drivers: string[];
  /** Access modes of each claim that the held template mounts; absent claims are left out. */
  claims: Record<string, string[]>;
  /** A Service selects the target's pods; undefined when that could not be asked. */
  serviceSelects: boolean | undefined;
  /** `ConfigMap/NAME` or `Secret/NAME` to resourceVersion of what the held template refers to. */
  configVersions: Record<string, string>;
  /** Of those that are to be tracked the ones that the operator may not read: `Secret/NAME`. */
  unreadable: string[];
}

/** Everything one decision is made from. Nothing in it changes while it is looked at. */
export interface Snapshot {
  /** Milliseconds since the epoch. */
  now: number;
  release: CanaryRelease;
  spec: ParsedSpec | { problems: SpecProblem[] };
  target: Deployment | undefined;
  /** Owned by the target. */
  replicaSets: ReplicaSet[];
  /** Owned by the target's ReplicaSets. */
  pods: Pod[];
  /** The Deployment with the canary's name, whoever owns it. */
  canary: Deployment | undefined;
  canaryReplicaSets: ReplicaSet[];
  canaryPods: Pod[];
  /** The Deployment with the baseline's name, whoever owns it, and its pods where it is ours. */
  baseline: Deployment | undefined;
  baselinePods: Pod[];
  /** Pods of a rejected canary that are kept for a look. */
  quarantined: Pod[];
  gate: {
    /** What this cluster offers; `Paused` where it lacks the policy API. */
    offered: 'Admission' | 'Paused';
    proof: GateProof;
  };
  surroundings: Surroundings;
  measurement: Measurement | undefined;
  /** How long a comparison would need, by stable's past alone, while no release has run. */
  plan?: Plan | undefined;
  /** Alerts that fire in the namespace; absent: none are taken. */
  alerts?: readonly FiringAlert[];
}
