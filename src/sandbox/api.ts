import type {
  KubeApi,
  ListOptions,
  ObjectRef,
  PatchOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../kube/api.ts';
import { ApiError } from '../kube/errors.ts';
import type { KubeList, KubeObject, Resource } from '../kube/object.ts';
import type { Warning } from './admission/admission.ts';
import type { Authorize } from './admission/cel.ts';
import { type Call, CrashError, type Fault, type FaultTable, type Verb } from './faults.ts';
import { clone } from './json.ts';
import { parseSelectors } from './selectors.ts';
import type { Identity, ServerContext, WriteRequest } from './server/context.ts';
import { createObject } from './server/create.ts';
import { deleteObject } from './server/delete.ts';
import { badRequest, notFound } from './server/failures.ts';
import { patchObject } from './server/patch.ts';
import { updateObject } from './server/update.ts';
import { type WatchFault, watchStore } from './watch.ts';

export interface ApiOptions {
  /** Field manager of its writes; `tandem` if absent. */
  fieldManager?: string;
}

/** One client of the sandbox: one process. Once it was killed, whatever it calls fails. */
export interface SandboxApi extends KubeApi {
  /** As SIGKILL does: watches break off, later calls throw CrashError and take no effect. */
  kill(): void;
  readonly alive: boolean;
}

export interface ApiContext extends ServerContext {
  faults: FaultTable;
  nextCall(): number;
  /** Sees each call before it takes effect. */
  observe(call: Call): void;
  /** Who may do what. */
  authorize: Authorize;
  /** What clients were warned of, oldest first. */
  warnings: readonly Warning[];
}

export interface CallTarget {
  resource?: Resource;
  ref?: { namespace?: string | undefined; name?: string | undefined };
  subresource?: string | undefined;
  dryRun?: boolean | undefined;
  body?: unknown;
}

function describe(context: ApiContext, user: Identity, verb: Verb, target: CallTarget): Call {
  return {
    number: context.nextCall(),
    username: user.username,
    verb,
    resource: target.resource,
    namespace: target.ref?.namespace,
    name: target.ref?.name,
    subresource: target.subresource,
    dryRun: target.dryRun === true,
    body: target.body,
  };
}

/** The process behind a client: dead or alive, and what breaks off when it dies. */
interface Process {
  alive: boolean;
  watches: Set<(error: Error) => void>;
}

function die(process: Process, why: string): CrashError {
  const error = new CrashError(why);
  process.alive = false;
  for (const end of process.watches) end(error);
  process.watches.clear();
  return error;
}

function checkAlive(process: Process): void {
  if (!process.alive) throw new CrashError('this process was killed');
}

/** Asks for the fault of a call and lets it take effect, or not. */
async function carryOut<T>(context: ApiContext, process: Process, call: Call, effect: () => T): Promise<T> {
  checkAlive(process);
  context.observe(call);
  const fault: Fault = await context.faults.onCall(call);
  checkAlive(process);
  if (fault instanceof ApiError) throw fault;
  if (fault === 'crash') throw die(process, `killed before call ${call.number}`);
  const answer = effect();
  if (fault === 'crash-after') throw die(process, `killed after call ${call.number}`);
  if (typeof fault === 'object') throw fault.after;
  return answer;
}

/** One call from outside this process: it is counted, observed and has its fault like those of the clients in it. */
export async function perform<T>(
  context: ApiContext,
  user: Identity,
  verb: Verb,
  target: CallTarget,
  effect: () => T,
): Promise<T> {
  return carryOut(context, { alive: true, watches: new Set() }, describe(context, user, verb, target), effect);
}

function listObjects(context: ApiContext, resource: Resource, options: ListOptions): KubeList {
  const kind = context.registry.find(resource);
  const match = parseSelectors(options);
  const items = context.store.list(kind, options.namespace).filter(match);
  return {
    apiVersion: kind.apiVersion,
    kind: `${kind.kind}List`,
    metadata: { resourceVersion: String(context.store.version()) },
    items: clone(items),
  };
}

function checkRef(resource: Resource, ref: ObjectRef): void {
  if (ref.name === '') throw new Error(`a ${resource.kind} was asked for without a name`);
  if (resource.namespaced && !ref.namespace) {
    throw new Error(`${resource.kind} ${ref.name} was asked for without a namespace`);
  }
}

type Run = <T>(verb: Verb, target: CallTarget, effect: () => T) => Promise<T>;

/** The calls of one process, each with its fault. */
function createRun(context: ApiContext, process: Process, user: Identity): Run {
  return async (verb, target, effect) => {
    if (verb !== 'create' && target.resource !== undefined && target.ref?.name !== undefined) {
      checkRef(target.resource, { ...target.ref, name: target.ref.name } as ObjectRef);
    }
    return carryOut(context, process, describe(context, user, verb, target), effect);
  };
}

function readOne(context: ApiContext, resource: Resource, ref: ObjectRef): KubeObject {
  const object = context.store.get(context.registry.find(resource), ref.namespace, ref.name);
  if (object === undefined) throw notFound(resource, ref.name);
  return clone(object);
}

function createReads(context: ApiContext, process: Process, user: Identity, run: Run): Reads {
  return {
    get: async <T extends KubeObject>(resource: Resource, ref: ObjectRef) =>
      run('get', { resource, ref }, () => readOne(context, resource, ref) as T),
    list: async <T extends KubeObject>(resource: Resource, given: ListOptions = {}) =>
      run('list', { resource, ref: { namespace: given.namespace } }, () => {
        return listObjects(context, resource, given) as KubeList<T>;
      }),
    async *watch<T extends KubeObject>(resource: Resource, watching: WatchOptions): AsyncGenerator<WatchEvent<T>> {
      const { store, clock, registry, faults } = context;
      const ref = { namespace: watching.namespace };
      const kind = await run('watch', { resource, ref }, () => registry.find(resource));
      const fault = (event: WatchEvent): WatchFault => faults.onEvent(event, user.username);
      yield* watchStore<T>({ store, clock, resource: kind, fault }, watching, (end) => {
        process.watches.add(end);
        return () => process.watches.delete(end);
      });
    },
    discover: async (apiVersion) =>
      run('discover', {}, () => {
        const served = context.registry.served(apiVersion);
        return served.map(({ kind, plural, namespaced }) => ({ apiVersion, kind, plural, namespaced }));
      }),
  };
}

type Reads = Pick<KubeApi, 'get' | 'list' | 'watch' | 'discover'>;
type Writes = Pick<KubeApi, 'create' | 'replace' | 'patch' | 'delete'>;

function createWrites(context: ApiContext, user: Identity, manager: string, run: Run): Writes {
  const write = (given: WriteOptions): WriteRequest => ({ user, manager, dryRun: given.dryRun === true });
  return {
    create: async <T extends KubeObject>(resource: Resource, object: KubeObject, given: WriteOptions = {}) => {
      const { namespace, name } = object.metadata;
      const ref = { namespace, name: name === '' ? undefined : name };
      const target = { resource, ref, dryRun: given.dryRun, body: object };
      return run('create', target, () => {
        given.beforeAttempt?.();
        return clone(createObject(context, resource, object, write(given))) as T;
      });
    },
    replace: async <T extends KubeObject>(resource: Resource, object: KubeObject, given: WriteOptions = {}) => {
      const ref = { namespace: object.metadata.namespace, name: object.metadata.name };
      return run('replace', { resource, ref, dryRun: given.dryRun, body: object }, () => {
        given.beforeAttempt?.();
        checkBody(object);
        return clone(updateObject(context, resource, ref, () => clone(object), write(given))) as T;
      });
    },
    patch: async <T extends KubeObject>(resource: Resource, ref: ObjectRef, body: unknown, given: PatchOptions) => {
      const { beforeAttempt, ...patch } = given;
      return run('patch', { resource, ref, subresource: given.subresource, dryRun: given.dryRun, body }, () => {
        beforeAttempt?.();
        return clone(patchObject(context, resource, ref, clone(body), { ...patch, ...write(given) })) as T;
      });
    },
    delete: async (resource, ref, given = {}) => {
      const { beforeAttempt, ...options } = given;
      await run('delete', { resource, ref, body: options }, () => {
        beforeAttempt?.();
        deleteObject(context, resource, ref, { user, manager, ...options });
      });
    },
  };
}

function checkBody(object: KubeObject): void {
  if (typeof object.kind !== 'string' || typeof object.metadata !== 'object') {
    throw badRequest('Object kind is missing in the body');
  }
}

/** KubeApi over the store, as one identity. */
export function createApi(context: ApiContext, user: Identity, options: ApiOptions = {}): SandboxApi {
  const process: Process = { alive: true, watches: new Set() };
  const run = createRun(context, process, user);
  return {
    ...createReads(context, process, user, run),
    ...createWrites(context, user, options.fieldManager ?? 'tandem', run),
    kill: () => void die(process, 'killed'),
    get alive() {
      return process.alive;
    },
  };
}
