import { GATE_LABEL, KIND, RELEASE_LABEL, TRACK_LABEL } from '../api/names.ts';
import type { CanaryRelease, CanaryReleaseStatus } from '../api/schema.ts';
import type { KubeApi } from '../kube/api.ts';
import { isAlreadyExists, isConflict, isInvalid, isNotFound } from '../kube/errors.ts';
import { type Pod, resources } from '../kube/object.ts';
import { UNTIL_ANNOTATION } from './decide.ts';
import type { Action } from './decision.ts';

/** What an action needs to know besides itself. */
export interface ApplyContext {
  api: KubeApi;
  release: CanaryRelease;
  /** Name of the target. */
  target: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** How an action ended. `Stale`: what it was decided on has changed; look again, nothing is lost. */
export type ActionResult = 'Done' | 'Stale';

/**
 * Writes the status if it differs. The write is conditional on the object that was looked at; a Conflict is thrown,
 * and then no action may be carried out.
 */
export async function writeStatus(context: ApplyContext, status: CanaryReleaseStatus): Promise<boolean> {
  const { api, release } = context;
  if (same(release.status, status)) return false;
  const ref = { namespace: release.metadata.namespace ?? '', name: release.metadata.name };
  const body = {
    metadata: { resourceVersion: release.metadata.resourceVersion },
    status: replacing(release.status, status),
  };
  await api.patch(resources.canaryReleases, ref, body, { type: 'merge', subresource: 'status' });
  return true;
}

/** A merge patch that leaves exactly `next`: what is gone is null, or the merge would keep it. */
function replacing(before: object | undefined, next: object): Record<string, unknown> {
  const old = (before ?? {}) as Record<string, unknown>;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(old)) if (!(key in next)) patch[key] = null;
  for (const [key, value] of Object.entries(next))
    patch[key] = isMap(value) && isMap(old[key]) ? replacing(old[key], value) : value;
  return patch;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

/** Carries out one action. Repeating it changes nothing; what is gone already is no error. */
export async function applyAction(context: ApplyContext, action: Action): Promise<ActionResult> {
  try {
    await perform(context, action);
    return 'Done';
  } catch (error) {
    if (isConflict(error) || isNotFound(error) || isAlreadyExists(error)) return 'Stale';
    // A patch that names another UID than the object has is answered with Invalid.
    if (action.kind === 'ScaleTrack' && isInvalid(error)) return 'Stale';
    throw error;
  }
}

async function perform(context: ApplyContext, action: Action): Promise<void> {
  const { api, release } = context;
  const namespace = release.metadata.namespace ?? '';
  const target = { namespace, name: context.target };
  switch (action.kind) {
    case 'LabelTarget':
      await patchTarget(context, action.resourceVersion, { metadata: { labels: { [GATE_LABEL]: action.value } } });
      return;
    case 'ResumeTarget':
      await patchTarget(context, action.resourceVersion, {
        metadata: { labels: { [GATE_LABEL]: 'armed' } },
        spec: { paused: null },
      });
      return;
    case 'PauseTarget':
      await patchTarget(context, action.resourceVersion, {
        metadata: { labels: { [GATE_LABEL]: 'holding' } },
        spec: { paused: true },
      });
      return;
    case 'CreateTrack':
      await api.create(resources.deployments, action.deployment);
      return;
    case 'ScaleTrack':
      await api.patch(
        resources.deployments,
        { namespace, name: action.name },
        { metadata: { uid: action.uid }, spec: { replicas: action.replicas } },
        { type: 'merge' },
      );
      return;
    case 'DeleteTrack':
      await api.delete(
        resources.deployments,
        { namespace, name: action.name },
        { propagationPolicy: 'Background', uid: action.uid },
      );
      return;
    case 'DeleteReplicaSet':
      await api.delete(
        resources.replicaSets,
        { namespace, name: action.name },
        { propagationPolicy: 'Background', uid: action.uid, resourceVersion: action.resourceVersion },
      );
      return;
    case 'ScaleReplicaSet':
      await api.patch(
        resources.replicaSets,
        { namespace, name: action.name },
        { metadata: { resourceVersion: action.resourceVersion }, spec: { replicas: action.replicas } },
        { type: 'merge', subresource: 'scale' },
      );
      return;
    case 'QuarantinePod':
      await quarantine(context, action);
      return;
    case 'DeletePod':
      await api.delete(resources.pods, { namespace: target.namespace, name: action.name }, { uid: action.uid });
  }
}

async function patchTarget(
  context: ApplyContext,
  resourceVersion: string,
  change: { metadata: object; spec?: object },
): Promise<void> {
  const ref = { namespace: context.release.metadata.namespace ?? '', name: context.target };
  const body = { ...change, metadata: { ...change.metadata, resourceVersion } };
  await context.api.patch(resources.deployments, ref, body, { type: 'merge' });
}

/** Out of the Service and out of its owner's hands; the kubelet ends the pod when its time is over. */
async function quarantine(context: ApplyContext, action: Extract<Action, { kind: 'QuarantinePod' }>): Promise<void> {
  const { api, release } = context;
  const ref = { namespace: release.metadata.namespace ?? '', name: action.name };
  const pod = await api.get<Pod>(resources.pods, ref);
  if (pod.metadata.uid !== action.uid) return;
  const labels = Object.keys(pod.metadata.labels ?? {}).map((key) => [key, null] as const);
  const started = Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '');
  const seconds = Math.max(1, Math.round((Date.parse(action.until) - started) / 1000));
  await api.patch(
    resources.pods,
    ref,
    {
      metadata: {
        resourceVersion: pod.metadata.resourceVersion,
        labels: { ...Object.fromEntries(labels), [RELEASE_LABEL]: release.metadata.name, [TRACK_LABEL]: 'quarantine' },
        annotations: { [UNTIL_ANNOTATION]: action.until },
        ownerReferences: [
          {
            apiVersion: release.apiVersion,
            kind: KIND,
            name: release.metadata.name,
            uid: release.metadata.uid,
            controller: false,
            blockOwnerDeletion: false,
          },
        ],
      },
      spec: { activeDeadlineSeconds: seconds },
    },
    { type: 'merge' },
  );
}
