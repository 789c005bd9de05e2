import type { ContainerStatus, Deployment, Pod, PodTemplate, ReplicaSet } from '../../kube/object.ts';

/** Builders of objects for tests: small, with what the release code reads. */
export const START = Date.parse('2026-01-01T00:00:00Z');

export function iso(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString().replace('.000', '');
}

export function template(version: string, extra: Partial<PodTemplate['spec']> = {}): PodTemplate {
  return {
    metadata: { labels: { app: 'shop' } },
    spec: { containers: [{ name: 'app', image: `shop:${version}`, resources: {} }], ...extra },
  };
}

export function deployment(name: string, version: string, spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 1, creationTimestamp: iso(0) },
    spec: { replicas: 3, selector: { matchLabels: { app: 'shop' } }, template: template(version), ...spec },
  };
}

export function replicaSet(name: string, version: string, replicas: number, owner: Deployment): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      creationTimestamp: iso(0),
      generation: 1,
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: owner.metadata.name,
          uid: owner.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
    spec: { replicas, selector: { matchLabels: { app: 'shop' } }, template: template(version) },
    status: { replicas, availableReplicas: replicas, readyReplicas: replicas, observedGeneration: 1 },
  };
}

export interface PodOptions {
  created?: number;
  ready?: boolean;
  /** Seconds at which readiness changed last. */
  since?: number;
  phase?: string;
  reason?: string;
  message?: string;
  unscheduled?: string;
  status?: Partial<ContainerStatus>;
}

export function pod(name: string, options: PodOptions = {}): Pod {
  const { created = 0, ready = true, since = created + 5 } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, creationTimestamp: iso(created), labels: { app: 'shop' } },
    spec: { containers: [{ name: 'app' }] },
    status: {
      phase: options.phase ?? 'Running',
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      ...(options.message === undefined ? {} : { message: options.message }),
      startTime: iso(created),
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: iso(since) },
        ...(options.unscheduled === undefined
          ? []
          : [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: options.unscheduled }]),
      ],
      containerStatuses: [
        { name: 'app', ready, restartCount: 0, state: { running: { startedAt: iso(created) } }, ...options.status },
      ],
    },
  };
}
