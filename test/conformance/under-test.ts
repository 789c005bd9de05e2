import type { KubeApi } from '../../src/kube/api.ts';
import { findObject } from '../../src/kube/find.ts';
import {
  type Deployment,
  type KubeObject,
  type Pod,
  type ReplicaSet,
  type Resource,
  resources,
} from '../../src/kube/object.ts';
import type { RunKubectl } from './kubectl-program.ts';

/** Something that claims to be a Kubernetes API with its controllers: the sandbox, the sandbox by HTTP, or a cluster. */
export interface ApiUnderTest {
  name: 'sandbox' | 'http' | 'cluster';
  admin: KubeApi;
  /** An administrator with another field manager. */
  manager(fieldManager: string): KubeApi;
  /** A client that is the service account `tandem` of a namespace and may do everything in that namespace. */
  tandem(namespace: string): Promise<KubeApi>;
  /** Creates the objects of a manifest; they are removed at the end. */
  install(manifest: string): Promise<void>;
  /** Lets time pass, in seconds. */
  pass(seconds: number): Promise<void>;
  /** kubectl as the administrator; absent where there is none. */
  kubectl?: RunKubectl;
  /** Removes what was made. */
  close(): Promise<void>;
}

/** One case's own namespace. */
export interface Stage {
  under: ApiUnderTest;
  api: KubeApi;
  namespace: string;
}

export interface Case {
  name: string;
  run(stage: Stage): Promise<void>;
}

/** The first answer of `probe` that is not undefined or false; fails after `seconds`, telling what it saw last. */
export async function until<T>(
  stage: Stage,
  what: string,
  probe: () => Promise<T | undefined | false>,
  seconds = 90,
): Promise<T> {
  for (let passed = 0; passed < seconds; passed += 0.25) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    await stage.under.pass(0.25);
  }
  throw new Error(`${what}: not so within ${seconds} s`);
}

/** Undefined where there is no such object. */
export function find<T extends KubeObject>(stage: Stage, resource: Resource, name: string): Promise<T | undefined> {
  return findObject<T>(stage.api, resource, { namespace: stage.namespace, name });
}

export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to fail and did not');
}

export type Behaviour = 'well' | 'unready' | 'crash' | 'missing-image' | 'missing-config' | 'unschedulable';

const IMAGE = 'registry.k8s.io/pause:3.10.1';
export const MISSING_IMAGE = 'docker.io/library/nosuch:1';

const templates: Record<Behaviour, { container?: Record<string, unknown>; pod?: Record<string, unknown> }> = {
  well: {},
  unready: { container: { readinessProbe: { exec: { command: ['/bin/busybox', 'false'] }, periodSeconds: 1 } } },
  crash: { container: { command: ['/bin/busybox', 'sh', '-c', 'exit 3'] } },
  'missing-image': { container: { image: MISSING_IMAGE } },
  'missing-config': { container: { envFrom: [{ configMapRef: { name: 'nosuch' } }] } },
  unschedulable: { pod: { nodeSelector: { nosuch: 'true' } } },
};

export interface WebOptions {
  name?: string;
  version?: string;
  replicas?: number;
  behaviour?: Behaviour;
  labels?: Record<string, string>;
  /** Merged over the spec. */
  spec?: Record<string, unknown>;
}

export function template(
  version: string,
  behaviour: Behaviour = 'well',
  labels = { app: 'web' },
): Deployment['spec']['template'] {
  const { container, pod } = templates[behaviour];
  return {
    metadata: { labels },
    spec: {
      containers: [{ name: 'app', image: IMAGE, env: [{ name: 'VERSION', value: version }], ...container }],
      terminationGracePeriodSeconds: 1,
      ...pod,
    },
  };
}

/** A Deployment `web` of pods that only sleep. */
export function web(stage: Stage, options: WebOptions = {}): Deployment {
  const { name = 'web', version = 'v1', replicas = 2, behaviour = 'well', labels } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: stage.namespace, ...(labels === undefined ? {} : { labels }) },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: template(version, behaviour),
      ...options.spec,
    },
  };
}

export function versionOf(object: Deployment | ReplicaSet | Pod): string {
  const spec = object.kind === 'Pod' ? (object as Pod).spec : (object as ReplicaSet).spec.template.spec;
  return spec.containers[0]?.env?.find(({ name }) => name === 'VERSION')?.value ?? '?';
}

export async function replicaSets(stage: Stage): Promise<ReplicaSet[]> {
  return (await stage.api.list<ReplicaSet>(resources.replicaSets, { namespace: stage.namespace })).items;
}

export async function pods(stage: Stage): Promise<Pod[]> {
  const { items } = await stage.api.list<Pod>(resources.pods, { namespace: stage.namespace });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Sizes of the ReplicaSets by version: `{v1: 2, v2: 0}`. */
export async function sizes(stage: Stage): Promise<Record<string, number>> {
  return Object.fromEntries((await replicaSets(stage)).map((set) => [versionOf(set), set.spec.replicas ?? 1]));
}

export async function setOf(stage: Stage, version: string): Promise<ReplicaSet> {
  const found = (await replicaSets(stage)).find((set) => versionOf(set) === version);
  if (found === undefined) throw new Error(`there is no ReplicaSet of ${version}`);
  return found;
}

/** Waits for sizes, then makes sure that they stay. */
export async function sizesBecome(stage: Stage, wanted: Record<string, number>, seconds = 60): Promise<void> {
  const text = JSON.stringify(wanted, Object.keys(wanted).toSorted());
  let seen = '';
  const same = async (): Promise<boolean> => {
    const now = await sizes(stage);
    seen = JSON.stringify(now, Object.keys(now).toSorted());
    return seen === text;
  };
  try {
    await until(stage, `sizes ${text}`, same, seconds);
  } catch (error) {
    throw new Error(`${(error as Error).message}; they are ${seen}`, { cause: error });
  }
  await stage.under.pass(2);
  if (!(await same())) throw new Error(`sizes ${text} did not stay: they are ${seen}`);
}

export function ref(stage: Stage, name = 'web'): { namespace: string; name: string } {
  return { namespace: stage.namespace, name };
}

/** Waits until the rollout of the Deployment is complete by its own status. */
export async function rolledOut(stage: Stage, name = 'web'): Promise<Deployment> {
  return until(stage, `rollout of ${name}`, async () => {
    const deployment = await stage.api.get<Deployment>(resources.deployments, ref(stage, name));
    const { status, spec, metadata } = deployment;
    const wanted = spec.replicas ?? 1;
    const observed = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
    const counts = [status?.replicas, status?.updatedReplicas, status?.availableReplicas].map((count) => count ?? 0);
    return observed && counts.every((count) => count === wanted) && deployment;
  });
}

export async function setVersion(
  stage: Stage,
  version: string,
  spec: Record<string, unknown> = {},
): Promise<Deployment> {
  const container = { name: 'app', env: [{ name: 'VERSION', value: version }] };
  const body = { spec: { template: { spec: { containers: [container] } }, ...spec } };
  return stage.api.patch<Deployment>(resources.deployments, ref(stage), body, { type: 'strategic' });
}

export async function merge(stage: Stage, body: object, name = 'web'): Promise<Deployment> {
  return stage.api.patch<Deployment>(resources.deployments, ref(stage, name), body, { type: 'merge' });
}

export async function scaleSet(stage: Stage, version: string, replicas: number): Promise<void> {
  const set = await setOf(stage, version);
  const target = ref(stage, set.metadata.name);
  await stage.api.patch(resources.replicaSets, target, { spec: { replicas } }, { type: 'merge', subresource: 'scale' });
}
