import type { KubeObject } from '../../../../src/kube/object.ts';
import type { FakeClock } from '../../../../src/lib/fake-clock.ts';
import type { Sandbox } from '../../../../src/sandbox/sandbox.ts';
import type { Sent } from '../attempt.ts';
import type { CountedEnds } from '../counted-ends.ts';
import type { Plan } from '../plan.ts';
import type { Told } from '../receivers.ts';
import type { Circumstances } from '../stage.ts';
import type { View } from '../view.ts';

/** What an invariant may know beside a view: the truth of the simulated world. */
export interface Scene {
  real: FakeClock;
  sandbox: Sandbox;
  plan: Plan;
  circumstances: Circumstances;
  /** Requests that a pod has answered and that a scrape saw. */
  served(pod: string): number;
  /** The version (see versionKey) behind a revision that Tandem writes. */
  versionOf(revision: string): string | undefined;
  /** Milliseconds since a moment in which the source gave the operator no answer. */
  unanswered(since: number): number;
  /** Faults or ends of processes in a span of time: best efforts may be lost then. */
  disturbed(from: number, to: number): boolean;
  /** When the last of them was, milliseconds since the epoch. */
  lastDisturbed(): number;
  /** How many processes of the operator have ended. */
  deaths(): number;
  /** Notifications that have arrived, oldest first. */
  told: readonly Told[];
  queries: readonly { source: string; query: string }[];
  countedEnds: CountedEnds;
}

/** A write of Tandem that took effect. */
export interface Write {
  sent: Sent;
  before: KubeObject | undefined;
  after: KubeObject | undefined;
  at: number;
}

/** Something that must always hold. Each answer is what is wrong, or nothing. */
export interface Invariant {
  /** As in docs/architecture.md. */
  number: number;
  name: string;
  /** After every step that changed the cluster, for each target. */
  look?(view: View): string | undefined;
  /** When a process hears that it is to wait so long before it asks that again. */
  putOff?(sent: Sent, seconds: number): void;
  /** When a request leaves the operator. */
  sent?(sent: Sent): string | undefined;
  /** When a write of the operator took effect. */
  wrote?(write: Write, view: View | undefined): string | undefined;
  /** When the API itself refused what the operator asked for. */
  refused?(sent: Sent, message: string): string | undefined;
  /** When nothing has disturbed for long. */
  atRest?(view: View): string | undefined;
  /** When all CanaryReleases are gone for a while. */
  afterLeaving?(view: View): string | undefined;
}

export type CreateInvariant = (scene: Scene) => Invariant;
