import { parseAllDocuments } from 'yaml';
import { isAlreadyExists } from '../kube/errors.ts';
import { type KubeObject, type Resource, resources } from '../kube/object.ts';
import type { Clock } from '../lib/clock.ts';
import { createAdmission, type Warning, type Webhook } from './admission/admission.ts';
import { createPolicies, type PolicyVersion } from './admission/bindings.ts';
import type { Authorize } from './admission/cel.ts';
import { type ApiContext, type ApiOptions, createApi, type SandboxApi } from './api.ts';
import { type ControllerApi, createControllerApi } from './controllers/context.ts';
import { createDeploymentController } from './controllers/deployment/controller.ts';
import { createGarbageCollector, createNamespaceController } from './controllers/garbage.ts';
import { createLateView, type LateView } from './controllers/late-view.ts';
import { createReplicaSetController } from './controllers/replica-set.ts';
import { type Controller, createRunner } from './controllers/runner.ts';
import { serveCrds } from './crd/crd.ts';
import { type Call, createFaults, type Faults } from './faults.ts';
import { createRegistry } from './kinds/registry.ts';
import type { PartContext, SandboxPart } from './part.ts';
import type { PodModel } from './pods/behaviour.ts';
import { createNode } from './pods/node.ts';
import { createIds, createRandom } from './random.ts';
import type { Identity, ServerContext } from './server/context.ts';
import { createObject } from './server/create.ts';
import { updateObject } from './server/update.ts';
import { createStore } from './store/store.ts';

export interface SandboxOptions {
  /** Drives controllers, pods, watches and times. */
  clock: Clock;
  /** Of UIDs and generated names. 1 if absent. */
  seed?: number;
  /** Namespaces that exist from the start, besides `default`, `kube-system` and `tandem-system`. */
  namespaces?: string[];
  /** From a change to what the controllers do about it. 10 if absent. */
  controllerDelayMs?: number;
  /**
   * How late the controllers hear of a change of a Deployment or ReplicaSet, asked for each; never if absent. They act
   * on what they know, and what they write on that meets a conflict.
   */
  controllersBehindMs?: () => number;
  /** How late the kubelet tells how a pod's containers are, asked each time; never if absent. */
  nodeBehindMs?: () => number;
  /** How many changes a watch can be behind before it gets 410. 10,000 if absent. */
  watchWindow?: number;
  /** Which version of MutatingAdmissionPolicy is served. `v1` if absent. */
  policies?: PolicyVersion;
  /** Answers policies that ask whether somebody may do something. Everybody may everything if absent. */
  authorize?: Authorize;
  /** In place of the node that runs pods by a table: `Sandbox.pods` has no effect then. */
  node?: (context: PartContext) => SandboxPart;
  /** What else acts in this cluster. */
  parts?: ((context: PartContext) => SandboxPart)[];
}

export interface Sandbox {
  /** A client with an identity of its own: one process, until it is killed. */
  api(identity: Identity, options?: ApiOptions): SandboxApi;
  /** Runs the controllers until none has anything to do now. Time does not move. */
  settle(): void;
  pods: PodModel;
  faults: Faults;
  /**
   * Creates or replaces the objects of manifests, as `kubectl apply` of an administrator would: policies, their
   * bindings, CustomResourceDefinitions and whatever else is served. Throws for what the sandbox cannot do. Kinds that
   * it does not serve are left out when `skipUnknown`.
   */
  install(manifests: string | KubeObject[], options?: { skipUnknown?: boolean }): void;
  /** Adds a mutating webhook, run after the mutating policies for every write. */
  webhook(webhook: Webhook): void;
  /** What the server warned its clients of, oldest first. */
  warnings: readonly Warning[];
  /** The stored objects of a resource, for checks after every step. Must not be written to. */
  peek<T extends KubeObject>(resource: Resource, namespace?: string): readonly T[];
  /** Sees every call of every client before it takes effect. */
  observe(listener: (call: Call) => void): void;
  /** The resourceVersion of the last change. */
  version(): number;
  /** Forgets the changes up to now: watches that ask for older ones get 410. */
  compact(): void;
  /** The server behind the clients, for those who serve it to other processes (http/). */
  server: ApiContext;
}

const SYSTEM: Identity = { username: 'system:apiserver', groups: ['system:masters'] };
const NAMESPACES = ['default', 'kube-system', 'tandem-system'];

function createControllers(context: ServerContext, late: LateView | undefined): Controller[] {
  const { store, clock, registry } = context;
  const as = (name: string, view?: LateView): ControllerApi => createControllerApi(context, name, view);
  return [
    createDeploymentController(as('deployment-controller', late), store, clock),
    createReplicaSetController(as('replicaset-controller', late), store, clock),
    createGarbageCollector(as('generic-garbage-collector'), store),
    createNamespaceController(as('namespace-controller'), store, registry),
  ];
}

function parseManifests(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}

function installObject(context: ServerContext, object: KubeObject): void {
  const request = { user: SYSTEM, manager: 'kubectl-client-side-apply' };
  const kind = context.registry.ofObject(object);
  try {
    createObject(context, kind, object, request);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const change = (current: KubeObject): KubeObject => ({
      ...object,
      metadata: { ...object.metadata, resourceVersion: current.metadata.resourceVersion ?? '' },
    });
    updateObject(context, kind, object.metadata, change, request);
  }
}

function isServed(context: ServerContext, object: KubeObject): boolean {
  return context.registry.served(object.apiVersion).some(({ kind }) => kind === object.kind);
}

/**
 * A Kubernetes API in this process with the controllers that Tandem relies on, in the time of its clock. The same seed
 * and the same calls give the same history.
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { clock, seed = 1 } = options;
  const observers = new Set<(call: Call) => void>();
  let calls = 0;
  const store = createStore(options.watchWindow ?? 10_000);
  const policies = createPolicies(store, options.policies ?? 'v1');
  const registry = createRegistry();
  for (const kind of policies.kinds) registry.register(kind);
  serveCrds(registry, store);
  const webhooks: Webhook[] = [];
  const warnings: Warning[] = [];
  const authorize = options.authorize ?? (() => true);
  const context: ApiContext = {
    clock,
    store,
    registry,
    ids: createIds(createRandom(seed)),
    admission: createAdmission({
      store,
      policies,
      webhooks,
      authorize,
      warn: (warning) => void warnings.push(warning),
    }),
    faults: createFaults(),
    authorize,
    warnings,
    nextCall: () => (calls += 1),
    observe: (call) => {
      for (const observer of observers) observer(call);
    },
  };
  const { controllersBehindMs, nodeBehindMs } = options;
  const late =
    controllersBehindMs === undefined
      ? undefined
      : createLateView(clock, [resources.deployments, resources.replicaSets], controllersBehindMs);
  const runner = createRunner({
    clock,
    controllers: createControllers(context, late),
    delayMs: options.controllerDelayMs ?? 10,
  });
  const partContext = (name: string): PartContext => ({ api: createControllerApi(context, name), store, clock });
  const table = createNode(partContext('node'), nodeBehindMs);
  const parts = [
    options.node?.(partContext('node')) ?? table,
    ...(options.parts ?? []).map((part, index) => part(partContext(`part-${index}`))),
  ];
  context.store.subscribe((event) => {
    for (const part of parts) part.notify(event);
    if (late === undefined) runner.notify(event);
    else late.take(event, () => runner.notify(event));
  });
  for (const name of [...NAMESPACES, ...(options.namespaces ?? [])]) {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    createObject(context, resources.namespaces, object, { user: SYSTEM, manager: 'kube-apiserver' });
  }
  return {
    api: (identity, apiOptions) => createApi(context, identity, apiOptions),
    settle: () => runner.settle(),
    pods: table,
    faults: context.faults,
    install(manifests, { skipUnknown = false } = {}) {
      const objects = typeof manifests === 'string' ? parseManifests(manifests) : manifests;
      for (const object of objects) {
        if (!skipUnknown || isServed(context, object)) installObject(context, object);
      }
    },
    webhook: (webhook) => void webhooks.push(webhook),
    warnings,
    peek: <T extends KubeObject>(resource: Resource, namespace?: string) =>
      context.store.list(context.registry.find(resource), namespace) as T[],
    observe: (listener) => void observers.add(listener),
    version: () => context.store.version(),
    compact: () => context.store.compact(),
    server: context,
  };
}
