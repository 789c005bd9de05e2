import { GATE_LABEL, REPORTS_LABEL, TRACK_LABEL } from '../../../../src/api/names.ts';
import { type KubeObject, type ReplicaSet, resources } from '../../../../src/kube/object.ts';
import { equal, isFields } from '../../../../src/sandbox/json.ts';
import type { View } from '../view.ts';
import type { CreateInvariant, Write } from './invariant.ts';

const bookkeeping = ['metadata.managedFields', 'metadata.resourceVersion', 'metadata.generation', 'status'];

function changedPaths(before: unknown, after: unknown, path: string[] = []): string[] {
  const name = path.join('.');
  if (bookkeeping.includes(name) || equal(before, after)) return [];
  if (!isFields(before) || !isFields(after)) return [name];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => changedPaths(before[key], after[key], [...path, key]));
}

function onTarget({ sent, before, after }: Write): string | undefined {
  if (sent.verb !== 'patch') return `${sent.verb} of the target`;
  const allowed = ['spec.paused', `metadata.labels.${GATE_LABEL}`, 'metadata.labels'];
  const others = changedPaths(before, after).filter((path) => !allowed.includes(path));
  return others.length === 0 ? undefined : `wrote ${others.join(', ')} of the target`;
}

function onReplicaSet({ sent, before, after }: Write, view: View | undefined): string | undefined {
  const set = before as ReplicaSet | undefined;
  if (set === undefined || view === undefined) return undefined;
  const mine = view.target?.metadata.uid;
  if (!(set.metadata.ownerReferences ?? []).some((owner) => owner.uid === mine)) return undefined;
  if (TRACK_LABEL in (set.metadata.labels ?? {})) return undefined;
  const pods = Math.max(set.spec.replicas ?? 0, set.status?.replicas ?? 0);
  if (sent.verb === 'delete') return pods > 0 ? `deleted ReplicaSet ${set.metadata.name} with ${pods} pods` : undefined;
  const others = changedPaths(before, after).filter((path) => path !== 'spec.replicas');
  if (others.length > 0) return `wrote ${others.join(', ')} of ReplicaSet ${set.metadata.name}`;
  const ready = (after as ReplicaSet | undefined)?.spec.replicas;
  return view.target?.spec.paused === true
    ? undefined
    : `scaled ReplicaSet ${set.metadata.name} to ${ready} while it rolls`;
}

function onConfigMap({ sent, before, after }: Write): string | undefined {
  const own = REPORTS_LABEL in ((before ?? after)?.metadata.labels ?? {});
  return own ? undefined : `${sent.verb} of ConfigMap ${sent.name}, which holds no reports`;
}

function isTracked(object: KubeObject | undefined): boolean {
  return object === undefined || TRACK_LABEL in (object.metadata.labels ?? {});
}

/** 1. On the target nothing but `paused` and the gate's label; no ReplicaSet, pod or Service that serves. */
export const touchesOnlyItsOwn: CreateInvariant = ({ plan }) => ({
  number: 1,
  name: 'touches only its own',
  // That it was held back there is the second line.
  refused: ({ verb, resource, name }, message) =>
    message.includes('tandem-fence') ? `the fence refused to ${verb} ${resource?.kind} ${name}: ${message}` : undefined,
  wrote(write, view) {
    const { resource, name } = write.sent;
    if (resource === resources.services) return `${write.sent.verb} of Service ${name}`;
    if (resource === resources.configMaps) return onConfigMap(write);
    if (resource === resources.pods) return isTracked(write.before) ? undefined : `${write.sent.verb} of pod ${name}`;
    if (resource === resources.replicaSets) return onReplicaSet(write, view);
    if (resource !== resources.deployments) return undefined;
    if (plan.targets.some((target) => target.name === name)) return onTarget(write);
    return isTracked(write.before ?? write.after) ? undefined : `${write.sent.verb} of Deployment ${name}`;
  },
});
