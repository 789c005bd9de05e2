import type { Deployment, KubeObject } from '../../../src/kube/object.ts';
import { resources } from '../../../src/kube/object.ts';
import type { FakeClock } from '../../../src/lib/fake-clock.ts';
import { revisionOf } from '../../../src/release/revision.ts';
import { at } from '../../../src/sandbox/json.ts';
import type { Sandbox } from '../../../src/sandbox/sandbox.ts';
import type { Sent } from './attempt.ts';
import type { CountedEnds } from './counted-ends.ts';
import { invariants } from './invariants/all.ts';
import type { Invariant, Scene } from './invariants/invariant.ts';
import type { Plan } from './plan.ts';
import type { Prometheus } from './prometheus.ts';
import type { Told } from './receivers.ts';
import { type Circumstances, NAMESPACE } from './stage.ts';
import { lookAt, type View, versionKey } from './view.ts';

/** What went against an invariant. */
export interface Violation {
  invariant: number;
  name: string;
  /** Seconds after the beginning. */
  at: number;
  message: string;
}

interface WatchdogInput {
  real: FakeClock;
  sandbox: Sandbox;
  plan: Plan;
  circumstances: Circumstances;
  prometheus: Prometheus;
  countedEnds: CountedEnds;
  told: readonly Told[];
  deaths(): number;
  /** The beginning, milliseconds since the epoch. */
  start: number;
}

/** Looks at the cluster after every step and at every write of the operator. */
export interface Watchdog {
  look(): void;
  atRest(): void;
  afterLeaving(): void;
  violation(): Violation | undefined;
  disturbed(): void;
  asked(process: string, source: string, query: string, outcome: 'value' | 'nodata' | 'failed'): void;
  hooks: {
    putOff(sent: Sent, seconds: number): void;
    sent(sent: Sent): void;
    before(sent: Sent): void;
    after(sent: Sent, error: unknown): void;
  };
  /** The last writes, oldest first. */
  writes(): string[];
  /** Releases that ended. */
  ends(): number;
}

/** Answers to the source further apart than this are no row of failures. */
const ROUND_MS = 25_000;
const KEPT_WRITES = 400;

/** A write in a few words. */
function shown({ subresource, body, verb }: Sent): string {
  if (subresource === 'status') {
    const status = at(body, 'status') as { phase?: string; message?: string } | undefined;
    return `${status?.phase}: ${status?.message}`.slice(0, 200);
  }
  return verb === 'create' ? '' : JSON.stringify(body ?? {}).slice(0, 200);
}

export function createWatchdog(input: WatchdogInput): Watchdog {
  const { real, sandbox, plan, circumstances, prometheus, countedEnds, told, deaths, start } = input;
  const versions = new Map<string, string>();
  const queries: { source: string; query: string }[] = [];
  const failures: { from: number; to: number }[] = [];
  const disturbances: number[] = [];
  const writes: string[] = [];
  const ends = new Set<string>();
  const before = new WeakMap<Sent, KubeObject>();
  let seen = -1;
  let violation: Violation | undefined;
  let answeredAt = 0;

  function unanswered(since: number): number {
    return failures.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, since)), 0);
  }

  const scene: Scene = {
    real,
    sandbox,
    plan,
    circumstances,
    served: (pod) => prometheus.served(NAMESPACE, pod),
    versionOf: (revision) => versions.get(revision),
    unanswered,
    disturbed: (from, to) => disturbances.some((at) => at >= from && at <= to),
    lastDisturbed: () => disturbances.at(-1) ?? start,
    deaths,
    told,
    queries,
    countedEnds,
  };
  const all: Invariant[] = invariants.map((create) => create(scene));

  function say(invariant: Invariant, message: string | undefined): void {
    if (message === undefined || violation !== undefined) return;
    violation = { invariant: invariant.number, name: invariant.name, at: (real.now() - start) / 1000, message };
  }

  function viewOf(name: string): View {
    return lookAt(sandbox, name, real.now());
  }

  function learn(): void {
    for (const { metadata, spec } of sandbox.peek<Deployment>(resources.deployments, NAMESPACE))
      if (plan.targets.some(({ name }) => name === metadata.name))
        versions.set(revisionOf(spec.template), versionKey(spec.template));
  }

  function each(ask: (invariant: Invariant, view: View) => string | undefined): void {
    for (const { name } of plan.targets) {
      const view = viewOf(name);
      for (const entry of view.ledger)
        if (entry.ended !== undefined && entry.outcome !== 'Adopted')
          ends.add(`${view.release?.metadata.uid} ${entry.revision} ${entry.ended}`);
      for (const invariant of all) say(invariant, ask(invariant, view));
    }
  }

  function find({ resource, namespace, name }: Sent): KubeObject | undefined {
    if (resource === undefined || name === undefined) return undefined;
    return sandbox.peek<KubeObject>(resource, namespace).find((object) => object.metadata.name === name);
  }

  function isWrite({ verb, dryRun }: Sent): boolean {
    return !dryRun && (verb === 'create' || verb === 'replace' || verb === 'patch' || verb === 'delete');
  }

  function wrote(sent: Sent): void {
    const now = real.now();
    const { verb, resource, name, process } = sent;
    if (resource === resources.leases || resource === resources.events) return;
    const change = shown(sent);
    writes.push(`${((now - start) / 1000).toFixed(1)} s ${process} ${verb} ${resource?.kind} ${name} ${change}`);
    if (writes.length > KEPT_WRITES) writes.shift();
    const target = plan.targets.find((one) => name?.startsWith(one.name) === true);
    const view = target === undefined ? undefined : viewOf(target.name);
    const write = { sent, before: before.get(sent), after: find(sent), at: now };
    for (const invariant of all) say(invariant, invariant.wrote?.(write, view));
  }

  return {
    look() {
      if (sandbox.version() === seen) return;
      seen = sandbox.version();
      learn();
      each((invariant, view) => invariant.look?.(view));
    },
    atRest: () => each((invariant, view) => invariant.atRest?.(view)),
    afterLeaving: () => each((invariant, view) => invariant.afterLeaving?.(view)),
    violation: () => violation,
    disturbed: () => void disturbances.push(real.now()),
    asked(_process, source, query, outcome) {
      queries.push({ source, query });
      const now = real.now();
      if (outcome === 'failed' && now < circumstances.downUntil) {
        const last = failures.at(-1);
        if (last !== undefined && now - last.to < ROUND_MS && answeredAt < last.to) last.to = now;
        else failures.push({ from: now, to: now });
      } else if (outcome !== 'failed') answeredAt = now;
    },
    hooks: {
      sent(sent) {
        for (const invariant of all) say(invariant, invariant.sent?.(sent));
      },
      putOff(sent, seconds) {
        for (const invariant of all) invariant.putOff?.(sent, seconds);
      },
      before(sent) {
        const present = isWrite(sent) ? find(sent) : undefined;
        if (present !== undefined) before.set(sent, present);
      },
      after(sent, error) {
        if (error === undefined && isWrite(sent)) wrote(sent);
        if (error instanceof Error)
          for (const invariant of all) say(invariant, invariant.refused?.(sent, error.message));
      },
    },
    writes: () => writes,
    ends: () => ends.size,
  };
}
