import { ApiError } from '../../kube/errors.ts';
import { type KubeObject, type Resource, resources } from '../../kube/object.ts';
import { at, ensure, setDefault } from '../json.ts';
import { groupOf } from '../server/failures.ts';
import { configMaps, secrets } from './config.ts';
import { defineKind, type Kind } from './kind.ts';
import { dropEmpty } from './normalise.ts';
import { services } from './services.ts';
import { deployments, pods, replicaSets } from './workloads.ts';

export interface Registry {
  /** Throws 404, as the server does for a path it does not serve. */
  find(resource: Resource): Kind;
  register(kind: Kind): void;
  unregister(resource: Resource): void;
  /** The kinds of a group and version. */
  served(apiVersion: string): Kind[];
  /** The kind of a manifest. Throws 404 when it is not served. */
  ofObject(object: KubeObject): Kind;
  all(): Kind[];
}

export const endpointSlices: Resource = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
};

const podDisruptionBudgets: Resource = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
};

/** Roles and bindings are stored and grant nothing: whoever has a client may do everything that the policies allow. */
function accessKinds(): Resource[] {
  const access = (kind: string, namespaced: boolean): Resource => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced,
  });
  return [
    access('ClusterRole', false),
    access('ClusterRoleBinding', false),
    access('Role', true),
    access('RoleBinding', true),
  ];
}

function normaliseNamespace(object: KubeObject): void {
  dropEmpty(object);
  ensure(object.metadata, 'labels')['kubernetes.io/metadata.name'] = object.metadata.name;
  setDefault(ensure(object, 'status'), 'phase', 'Active');
}

function builtins(): Kind[] {
  const clean = { normalise: dropEmpty };
  const managed = { ...clean, tracked: true };
  const core = (kind: string, plural: string): Resource => ({ apiVersion: 'v1', kind, plural, namespaced: true });
  return [
    deployments,
    replicaSets,
    pods,
    defineKind(resources.namespaces, {
      status: true,
      tracked: true,
      empty: { spec: {}, status: {} },
      normalise: normaliseNamespace,
      prepareCreate: (object) => {
        object['spec'] = { finalizers: ['kubernetes'] };
      },
    }),
    services,
    configMaps,
    secrets,
    defineKind(core('ServiceAccount', 'serviceaccounts'), managed),
    ...accessKinds().map((resource) => defineKind(resource, managed)),
    defineKind(podDisruptionBudgets, { ...managed, status: true, generation: 'spec' }),
    defineKind(core('ResourceQuota', 'resourcequotas'), { ...managed, status: true, empty: { spec: {}, status: {} } }),
    defineKind(resources.persistentVolumeClaims, {
      ...managed,
      status: true,
      empty: { spec: { resources: {} }, status: {} },
    }),
    defineKind(resources.leases, { ...clean, unconditionalUpdate: false }),
    defineKind(resources.events, { ...clean }),
    defineKind(endpointSlices, clean),
    // Until its CustomResourceDefinition is installed: stored without validation.
    defineKind(resources.canaryReleases, {
      status: true,
      builtin: false,
      tracked: true,
      unconditionalUpdate: false,
      generation: 'allButStatus',
    }),
  ];
}

function keyOf(resource: Resource): string {
  return `${resource.apiVersion}/${resource.plural}`;
}

export function createRegistry(): Registry {
  const kinds = new Map(builtins().map((kind) => [keyOf(kind), kind]));
  return {
    find(resource) {
      const kind = kinds.get(keyOf(resource));
      if (kind !== undefined) return kind;
      throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {
        details: { kind: resource.plural, group: groupOf(resource.apiVersion) },
      });
    },
    register: (kind) => void kinds.set(keyOf(kind), kind),
    unregister: (resource) => void kinds.delete(keyOf(resource)),
    served: (apiVersion) => [...kinds.values()].filter((kind) => kind.apiVersion === apiVersion),
    ofObject(object) {
      const kind = [...kinds.values()].find(
        (known) => known.kind === object.kind && known.apiVersion === object.apiVersion,
      );
      if (kind !== undefined) return kind;
      throw new ApiError(404, 'NotFound', `no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
    },
    all: () => [...kinds.values()],
  };
}

/** Whether a namespace is on its way out, so that nothing may be made in it. */
export function isTerminating(namespace: KubeObject): boolean {
  return namespace.metadata.deletionTimestamp !== undefined || at(namespace, 'status', 'phase') === 'Terminating';
}
