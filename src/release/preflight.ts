import type { CanaryRelease, ParsedSpec } from '../api/schema.ts';
import type { Deployment } from '../kube/object.ts';
import { baselineName, canaryName, changedResources, isOurs, type OwnTrack, takenEnvironment } from './clone.ts';
import { type Facts, rollingBounds } from './facts.ts';
import type { Snapshot } from './snapshot.ts';

/** Why a release cannot run. The reason stands in the conditions, the message says what to do. */
export interface Refusal {
  reason: 'TargetConflict' | 'TargetUnsupported';
  message: string;
}

type Check = (facts: Facts, snapshot: Snapshot) => Refusal | undefined;

/** In order; the first that speaks wins. */
const checks: Check[] = [
  sharedTarget, // the oldest CanaryRelease of a target wins
  drivenByOthers, // an Argo Rollout or a Flagger Canary moves the same pods
  takenCanaryName, // a NAME-canary that is not ours is left alone
  takenBaselineName, // and a NAME-baseline, where one is asked for
  recreateStrategy, // stable would go down with every promotion
  noSurge, // one replica and no surge: every promotion is an outage
  noHistory, // the controller would delete stable's own ReplicaSet
  unshareableVolumes, // a second writer, or a pod that never starts
];

export function refusalOf(facts: Facts, snapshot: Snapshot): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(facts, snapshot);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function sharedTarget(_: Facts, { release, surroundings }: Snapshot): Refusal | undefined {
  const older = surroundings.namesakes.find((other) => isOlder(other, release));
  if (older === undefined) return undefined;
  const message = `the target already belongs to CanaryRelease ${older.metadata.name}, which is older: delete one of the two`;
  return { reason: 'TargetConflict', message };
}

function isOlder(a: CanaryRelease, b: CanaryRelease): boolean {
  const key = (release: CanaryRelease): string =>
    `${release.metadata.creationTimestamp ?? ''} ${release.metadata.name} ${release.metadata.uid ?? ''}`;
  return key(a) < key(b);
}

function drivenByOthers(_: Facts, { surroundings }: Snapshot): Refusal | undefined {
  const driver = surroundings.drivers[0];
  if (driver === undefined) return undefined;
  return {
    reason: 'TargetConflict',
    message: `the target is driven by ${driver}: two tools must not move the same pods; remove one of them`,
  };
}

function takenCanaryName({ target }: Facts, { canary, release }: Snapshot): Refusal | undefined {
  return taken(canary, release, { name: canaryName(target.metadata.name), track: 'canary' });
}

function takenBaselineName({ target }: Facts, { baseline, release, spec }: Snapshot): Refusal | undefined {
  if ('problems' in spec || !spec.canary.baseline) return undefined;
  return taken(baseline, release, { name: baselineName(target.metadata.name), track: 'baseline' });
}

function taken(
  found: Deployment | undefined,
  release: CanaryRelease,
  { name, track }: { name: string; track: OwnTrack },
): Refusal | undefined {
  if (found === undefined || isOurs(found, release.metadata.uid ?? '')) return undefined;
  return {
    reason: 'TargetConflict',
    message: `Deployment ${name} exists and is not Tandem's: rename or delete it, the ${track} needs this name`,
  };
}

function recreateStrategy({ target }: Facts): Refusal | undefined {
  if (target.spec.strategy?.type !== 'Recreate') return undefined;
  return unsupported(
    'spec.strategy.type is Recreate: a canary runs beside stable, which this forbids; use RollingUpdate',
  );
}

function noSurge({ target, replicas }: Facts): Refusal | undefined {
  if (replicas !== 1 || rollingBounds(target).surge > 0) return undefined;
  return unsupported('maxSurge is 0 with one replica: every promotion would be an outage; set maxSurge to 1');
}

function noHistory({ target }: Facts): Refusal | undefined {
  if (target.spec.revisionHistoryLimit !== 0) return undefined;
  return unsupported(
    "spec.revisionHistoryLimit is 0: scaled to zero and up again, stable's own ReplicaSet would be gone; set it to 1 or more",
  );
}

interface Volume {
  name: string;
  persistentVolumeClaim?: { claimName?: string; readOnly?: boolean };
  awsElasticBlockStore?: { readOnly?: boolean };
  gcePersistentDisk?: { readOnly?: boolean };
  azureDisk?: { readOnly?: boolean };
  iscsi?: { readOnly?: boolean };
}

function unshareableVolumes({ target }: Facts, { surroundings }: Snapshot): Refusal | undefined {
  for (const volume of (target.spec.template.spec.volumes ?? []) as Volume[]) {
    const claim = volume.persistentVolumeClaim?.claimName;
    const modes = claim === undefined ? undefined : surroundings.claims[claim];
    const shareable = modes === undefined || modes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
    if (!shareable)
      return unsupported(
        `volume ${volume.name} uses claim ${claim} (${modes?.join(', ')}), which a second version must not write; use ReadWriteMany or ReadOnlyMany`,
      );
    const disk = volume.awsElasticBlockStore ?? volume.gcePersistentDisk ?? volume.azureDisk ?? volume.iscsi;
    if (disk !== undefined && disk.readOnly !== true)
      return unsupported(`volume ${volume.name} is a disk for one node at a time; a canary cannot share it`);
  }
  return undefined;
}

function unsupported(message: string): Refusal {
  return { reason: 'TargetUnsupported', message };
}

/** Names of the claims that a template mounts. */
export function claimNames(target: Deployment): string[] {
  return ((target.spec.template.spec.volumes ?? []) as Volume[]).flatMap((volume) => {
    const name = volume.persistentVolumeClaim?.claimName;
    return name === undefined ? [] : [name];
  });
}

/** What works and still deserves a word in status. */
export function warningsOf(facts: Facts, snapshot: Snapshot, spec: ParsedSpec): string[] {
  const { target, replicas, stable, stablePods } = facts;
  const pod = target.spec.template.spec;
  const warnings: string[] = [];
  const ports = pod.containers.flatMap((container) => (container['ports'] ?? []) as { hostPort?: number }[]);
  if (ports.some((port) => port.hostPort !== undefined) || pod['hostNetwork'] === true)
    warnings.push('the pods use ports of their node: the canary needs a node of its own');
  const affinity = pod['affinity'] as
    | { podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: unknown[] } }
    | undefined;
  if ((affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0)
    warnings.push('the pods require a node without others of their kind: the canary needs a free one');
  if (replicas === 1)
    warnings.push(
      'one replica: the canary gets half of the traffic, and pods of stable cannot be compared among themselves',
    );
  if (snapshot.surroundings.serviceSelects === false)
    warnings.push(
      'no Service selects the pods: the canary takes real work and is judged by its own counters, CPU and memory',
    );
  const { unreadable } = snapshot.surroundings;
  if (unreadable.length > 0)
    warnings.push(
      `changes of ${unreadable.join(', ')} are not seen: the operator may not get Secrets, which its trackSecrets asks for`,
    );
  const elects = pod.containers.some((container) =>
    [...((container['args'] ?? []) as string[]), ...((container['command'] ?? []) as string[])].some((word) =>
      /leader-?elect/i.test(word),
    ),
  );
  if (elects) warnings.push('the program elects a leader: the canary may lead, or stand by and show nothing');
  const kept = takenEnvironment(target.spec.template, spec.canary.env);
  if (kept.length > 0) warnings.push(`${kept.join(' and ')} is already set by the template and is left as it is`);
  const changed = stable === undefined ? [] : changedResources(stable.replicaSet.spec.template, stablePods[0]);
  if (changed.length > 0)
    warnings.push(
      `stable runs with other resources than its template says (${changed.join(', ')}); the canary gets the same`,
    );
  return warnings;
}
