import type { GateValue } from '../api/names.ts';
import type { CanaryReleaseStatus } from '../api/schema.ts';
import type { Deployment } from '../kube/object.ts';

/** One write. Each is conditional or idempotent, and may be repeated after a crash. */
export type Action =
  /** Sets only the gate label of the target. null removes it. */
  | { kind: 'LabelTarget'; value: GateValue | null; resourceVersion: string }
  /** Lets the held template roll: label armed and unpaused in one write, on exactly the object that was looked at. */
  | { kind: 'ResumeTarget'; revision: string; resourceVersion: string }
  | { kind: 'PauseTarget'; resourceVersion: string }
  | { kind: 'CreateTrack'; deployment: Deployment }
  | { kind: 'ScaleTrack'; name: string; uid: string; replicas: number }
  | { kind: 'DeleteTrack'; name: string; uid: string }
  | { kind: 'DeleteReplicaSet'; name: string; uid: string; resourceVersion: string }
  | { kind: 'ScaleReplicaSet'; name: string; uid: string; resourceVersion: string; replicas: number }
  | { kind: 'QuarantinePod'; name: string; uid: string; until: string }
  | { kind: 'DeletePod'; name: string; uid: string };

export interface ReleaseEvent {
  type: 'Normal' | 'Warning';
  /** One per kind of thing: CanaryStarted, RegressionFound, ... */
  reason: string;
  /** What Tandem did. */
  action: string;
  note: string;
}

export interface Decision {
  /** The status as it should be; written first, before any action, so that a crash loses no decision. */
  status: CanaryReleaseStatus;
  actions: Action[];
  events: ReleaseEvent[];
  /** Look again at this time at the latest, milliseconds since the epoch; undefined: a change will tell. */
  wakeAt: number | undefined;
}
