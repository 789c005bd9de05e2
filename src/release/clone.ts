import { createHash } from 'node:crypto';
import {
  API_VERSION,
  KIND,
  POD_TEMPLATE_HASH_LABEL,
  RELEASE_LABEL,
  REVISION_ANNOTATION,
  TRACK_LABEL,
} from '../api/names.ts';
import type { Container, Deployment, KubeObject, Pod, PodTemplate } from '../kube/object.ts';
import { revisionOf, shortRevision } from './revision.ts';

/** What the Deployment of a track is made from. */
export interface TrackPlan {
  release: { name: string; namespace: string; uid: string };
  target: Deployment;
  /** A running pod of stable and the template it was made from, to see resources that were changed on the way. */
  stable: { template: PodTemplate; pod: Pod | undefined };
  /** Names of the environment variables, "" leaves one out. */
  env: { track: string; version: string };
}

export interface CanaryPlan extends TrackPlan {
  replicas: number;
  /** Annotations that record what the release started with. */
  annotations?: Record<string, string>;
}

/** A track that Tandem makes. */
export type OwnTrack = 'canary' | 'baseline';

/** Longest name of a track: the names of its ReplicaSets and pods still fit into a label. */
const longestName = 52;

/** NAME-canary, shortened with a hash of the whole name where that gets too long. */
export function canaryName(target: string): string {
  return trackName(target, 'canary');
}

/** NAME-baseline, shortened in the same way. */
export function baselineName(target: string): string {
  return trackName(target, 'baseline');
}

function trackName(target: string, track: OwnTrack): string {
  const name = `${target}-${track}`;
  if (name.length <= longestName) return name;
  const hash = createHash('sha256').update(target).digest('hex').slice(0, 8);
  const end = `-${hash}-${track}`;
  return `${target.slice(0, longestName - end.length)}${end}`;
}

/** Pods to run for a share of the target's replicas: rounded up, at least one. */
export function canaryReplicas(targetReplicas: number, wish: { percent?: number; replicas?: number }): number {
  if (wish.replicas !== undefined) return wish.replicas;
  return Math.max(1, Math.ceil((targetReplicas * (wish.percent ?? 10)) / 100));
}

/**
 * The canary Deployment: the target's template and nothing of its own metadata, so that no GitOps tool takes it for
 * its own. The pods keep their labels, by which the Service selects them; the selector names only Tandem's labels.
 */
export function canaryDeployment(plan: CanaryPlan): Deployment {
  const { replicas, annotations = {} } = plan;
  return trackDeployment(plan, { track: 'canary', template: plan.target.spec.template, replicas, annotations });
}

/** The baseline: one pod of the template that stable's ReplicaSet has, under the same rules as the canary. */
export function baselineDeployment(plan: TrackPlan): Deployment {
  const template = structuredClone(plan.stable.template);
  delete template.metadata?.labels?.[POD_TEMPLATE_HASH_LABEL];
  return trackDeployment(plan, { track: 'baseline', template, replicas: 1, annotations: {} });
}

interface Track {
  track: OwnTrack;
  template: PodTemplate;
  replicas: number;
  annotations: Record<string, string>;
}

function trackDeployment(plan: TrackPlan, { track, replicas, ...from }: Track): Deployment {
  const { release, target } = plan;
  const template = structuredClone(from.template);
  const revision = revisionOf(template);
  const ownLabels = { [RELEASE_LABEL]: release.name, [TRACK_LABEL]: track };
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...ownLabels } };
  template.spec.containers = template.spec.containers.map((container) =>
    withEffectiveResources(container, plan.stable),
  );
  addEnvironment(template, plan.env, { track, version: shortRevision(revision) });
  const keep = pick(target.spec, ['minReadySeconds', 'progressDeadlineSeconds']);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: trackName(target.metadata.name, track),
      namespace: release.namespace,
      labels: { ...ownLabels, 'app.kubernetes.io/managed-by': 'tandem' },
      annotations: { ...from.annotations, [REVISION_ANNOTATION]: revision },
      ownerReferences: [
        {
          apiVersion: API_VERSION,
          kind: KIND,
          name: release.name,
          uid: release.uid,
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    },
    spec: { ...keep, replicas, revisionHistoryLimit: 0, selector: { matchLabels: ownLabels }, template },
  };
}

function pick<T extends object>(from: T, keys: (keyof T)[]): Partial<T> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Partial<T>;
}

/** A name that any container already has is left out everywhere: overriding it would change what is tested. */
function addEnvironment(
  template: PodTemplate,
  env: TrackPlan['env'],
  values: { track: OwnTrack; version: string },
): void {
  const taken = environmentNames(template);
  const wanted = [
    { name: env.track, value: values.track },
    { name: env.version, value: values.version },
  ].filter((item) => item.name !== '' && !taken.has(item.name));
  if (wanted.length === 0) return;
  template.spec.containers = template.spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []), ...wanted],
  }));
}

function environmentNames(template: PodTemplate): Set<string> {
  return new Set(template.spec.containers.flatMap((container) => (container.env ?? []).map((item) => item.name)));
}

/** Names of environment variables that were asked for and left out. */
export function takenEnvironment(template: PodTemplate, env: TrackPlan['env']): string[] {
  const taken = environmentNames(template);
  return [env.track, env.version].filter((name) => taken.has(name));
}

/**
 * Where stable's pods run with other resources than their template says (a vertical autoscaler), the canary gets the
 * same, or it would be throttled and compared unfairly. Resources that the new template itself changes are kept.
 */
function withEffectiveResources(container: Container, stable: TrackPlan['stable']): Container {
  const declared = named(stable.template.spec.containers, container.name)?.['resources'];
  const effective = named(stable.pod?.spec.containers, container.name)?.['resources'];
  const unchanged = same(declared, container['resources']);
  if (effective === undefined || !unchanged || same(effective, declared)) return container;
  return { ...container, resources: structuredClone(effective) };
}

/** Containers of stable whose resources differ from the template, to be named in a warning. */
export function changedResources(template: PodTemplate, pod: Pod | undefined): string[] {
  if (pod === undefined) return [];
  return template.spec.containers
    .filter((container) => {
      const effective = named(pod.spec.containers, container.name);
      return effective !== undefined && !same(effective['resources'], container['resources']);
    })
    .map((container) => container.name);
}

function named(containers: Container[] | undefined, name: string): Container | undefined {
  return containers?.find((container) => container.name === name);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a ?? {})) === JSON.stringify(sorted(b ?? {}));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

/** The Deployment of a track belongs to this release. */
export function isOurs(object: KubeObject, releaseUid: string): boolean {
  return (object.metadata.ownerReferences ?? []).some(
    (owner) => owner.controller && owner.kind === KIND && owner.uid === releaseUid,
  );
}
