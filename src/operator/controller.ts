import { GATE_LABEL, RELEASE_LABEL, TRACK_LABEL } from '../api/names.ts';
import type { CanaryRelease } from '../api/schema.ts';
import type { KubeApi } from '../kube/api.ts';
import { createInformer, type Informer, type InformerMetrics } from '../kube/informer.ts';
import { type KubeObject, resources } from '../kube/object.ts';
import { createWorkQueue, type QueueMetrics, type WorkQueue } from '../kube/queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { changesOnlyFigures } from './figures.ts';
import { headOf, headWithStatus, type TargetHead } from './head.ts';
import type { PassResult } from './reconcile.ts';

export interface ControllerOptions {
  /** Reads and watches. */
  api: KubeApi;
  clock: Clock;
  random: () => number;
  log: Logger;
  workers: number;
  namespace: string | undefined;
  /** Only a leader works; the others keep their caches warm. */
  isLeader(): boolean;
  reconcile(namespace: string, name: string): Promise<PassResult>;
  leave(namespace: string, name: string): Promise<void>;
  /** Called instead of a pass by who does not lead. */
  standBy?(key: string): void;
  /** Told of each change of a release that the cache sees, whoever leads; undefined: it is gone. */
  seen?(key: string, release: CanaryRelease | undefined): void;
  /**
   * Proves the gate of a target at rest, of which nothing has changed. Answers until when that counts, milliseconds
   * since the epoch; undefined: all of the release is to be looked at.
   */
  prove?(target: KubeObject): Promise<number | undefined>;
  pass(result: 'success' | 'error', seconds: number): void;
  informerMetrics?: InformerMetrics;
  queueMetrics?: QueueMetrics;
}

export interface Controller {
  /** Runs until the signal aborts; resolves when the work that runs has ended. */
  run(signal: AbortSignal): Promise<void>;
  /** Looks at all releases and gated Deployments, as after a start. */
  lookAtAll(): void;
  /** Looks at one release soon. */
  look(key: string): void;
  /** Looks at one release soon, also where it rests and no watch tells of a change. */
  rouse(key: string): void;
  hasSynced(): boolean;
  namesakes(release: CanaryRelease, target: string): CanaryRelease[];
  /** As the cache has them. */
  releases(): CanaryRelease[];
  release(namespace: string, name: string): CanaryRelease | undefined;
}

const BY_TARGET = 'target';
const BY_RELEASE = 'release';
/** A pass that met an error comes again after 50 ms to 30 s. */
const backoff = { baseMs: 50, maxMs: 30_000 };
/** Without any change a release is looked at this often, for what no watch tells. */
const resyncMilliseconds = 3_600_000;
/** So long a release at rest only has its gate proven: nothing is listed for it. */
const restMilliseconds = 86_400_000;
/** A rest that ends sooner is none. */
const shortestRest = 30_000;

/** A release with nothing to do. */
interface Rest {
  /** What was known when that was found out. */
  print: string;
  until: number;
  /** From then on all of it is looked at again; before, the gate alone. */
  wholeAt: number;
}

interface Caches {
  releases: Informer<CanaryRelease>;
  targets: Informer<TargetHead>;
  pods: Informer<KubeObject>;
  replicaSets: Informer<KubeObject>;
}

/** Watches, and turns every change into a look at the release that it concerns. */
export function createController(options: ControllerOptions): Controller {
  const { clock, log } = options;
  const caches = createCaches(options);
  const queue = createWorkQueue({
    clock,
    random: options.random,
    log,
    workers: options.workers,
    backoff,
    process,
    ...(options.queueMetrics === undefined ? {} : { metrics: options.queueMetrics }),
  });
  connect(caches, queue);
  caches.releases.onChange((key, type, release) => options.seen?.(key, type === 'DELETED' ? undefined : release));
  const resting = new Map<string, Rest>();
  /** Their next pass is a whole one, whatever the pass under way makes of them. */
  const roused = new Set<string>();

  async function process(key: string): Promise<void> {
    const [kind, namespace = '', name = ''] = key.split('/');
    if (!options.isLeader()) return options.standBy?.(`${namespace}/${name}`);
    const started = clock.now();
    try {
      if (kind === 'target') await leaveIfUnnamed(namespace, name);
      else await pass(key, namespace, name);
      options.pass('success', (clock.now() - started) / 1000);
    } catch (error) {
      options.pass('error', (clock.now() - started) / 1000);
      throw error;
    }
  }

  async function pass(key: string, namespace: string, name: string): Promise<void> {
    const print = fingerprint(caches, namespace, name);
    const rest = roused.delete(key) ? undefined : resting.get(key);
    const until = rest?.print === print ? await restUntil(rest, namespace, name) : undefined;
    if (rest !== undefined && until !== undefined) {
      resting.set(key, { ...rest, until });
      return queue.addAfter(key, until - clock.now());
    }
    resting.delete(key);
    const result = await options.reconcile(namespace, name);
    if (caches.releases.get(namespace, name) === undefined) return;
    const wakeAt = result.wakeAt ?? clock.now() + resyncMilliseconds;
    if (result.resting && wakeAt - clock.now() >= shortestRest)
      resting.set(key, { print, until: wakeAt, wholeAt: result.forProof ? clock.now() + restMilliseconds : wakeAt });
    queue.addAfter(key, Math.max(0, wakeAt - clock.now()));
  }

  /** The end of a rest in which nothing has changed; undefined: it is over. */
  async function restUntil({ until, wholeAt }: Rest, namespace: string, name: string): Promise<number | undefined> {
    const now = clock.now();
    if (now < until) return until;
    const target = caches.releases.get(namespace, name)?.spec.targetRef.name;
    const object = target === undefined ? undefined : caches.targets.get(namespace, target);
    if (object === undefined || now >= wholeAt) return undefined;
    const proven = await options.prove?.(object);
    return proven !== undefined && proven > clock.now() ? proven : undefined;
  }

  async function leaveIfUnnamed(namespace: string, name: string): Promise<void> {
    if (caches.releases.byIndex(BY_TARGET, `${namespace}/${name}`).length > 0) return;
    await options.leave(namespace, name);
  }

  function lookAtAll(): void {
    resting.clear();
    for (const release of caches.releases.list()) queue.add(releaseKey(release));
    for (const target of caches.targets.list()) queue.add(targetKey(target));
  }

  async function run(signal: AbortSignal): Promise<void> {
    const all = [caches.releases, caches.targets, caches.pods, caches.replicaSets];
    const running = all.map((informer) => informer.start(signal));
    await Promise.all(all.map((informer) => informer.whenSynced()));
    queue.start();
    await Promise.all(running);
    await queue.shutdown();
  }

  return {
    run,
    lookAtAll,
    look: (key) => queue.add(`release/${key}`),
    rouse: (key) => {
      roused.add(`release/${key}`);
      queue.add(`release/${key}`);
    },
    hasSynced: () => Object.values(caches).every((informer: Informer<KubeObject>) => informer.hasSynced()),
    releases: () => caches.releases.list(),
    release: (namespace, name) => caches.releases.get(namespace, name),
    namesakes: (release, target) =>
      caches.releases
        .byIndex(BY_TARGET, `${release.metadata.namespace}/${target}`)
        .filter(
          (other) => other.metadata.uid !== release.metadata.uid && other.metadata.deletionTimestamp === undefined,
        ),
  };
}

function createCaches(options: ControllerOptions): Caches {
  const { api, clock, random, log, namespace, informerMetrics } = options;
  const common = {
    api,
    clock,
    random,
    log,
    ...(namespace === undefined ? {} : { namespace }),
    ...(informerMetrics === undefined ? {} : { metrics: informerMetrics }),
  };
  const tracks = { ...common, labelSelector: TRACK_LABEL, keep: headOf, indexers: { [BY_RELEASE]: releaseOf } };
  return {
    releases: createInformer<CanaryRelease>({
      ...common,
      resource: resources.canaryReleases,
      indexers: { [BY_TARGET]: (release) => [`${release.metadata.namespace}/${release.spec.targetRef.name}`] },
    }),
    targets: createInformer<TargetHead>({
      ...common,
      resource: resources.deployments,
      labelSelector: GATE_LABEL,
      keep: headWithStatus,
    }),
    pods: createInformer<KubeObject>({ ...tracks, resource: resources.pods }),
    replicaSets: createInformer<KubeObject>({ ...tracks, resource: resources.replicaSets }),
  };
}

function connect({ releases, targets, pods, replicaSets }: Caches, queue: WorkQueue): void {
  const lookAtReleasesOf = (object: KubeObject): void => {
    for (const release of releases.byIndex(BY_TARGET, `${object.metadata.namespace}/${object.metadata.name}`))
      queue.add(releaseKey(release));
  };
  releases.onChange((_key, type, object, old) => {
    if (type === 'MODIFIED' && changesOnlyFigures(old, object)) return;
    queue.add(releaseKey(object));
    for (const other of releases.byIndex(BY_TARGET, `${object.metadata.namespace}/${object.spec.targetRef.name}`))
      queue.add(releaseKey(other));
    if (type === 'DELETED') queue.add(`target/${object.metadata.namespace}/${object.spec.targetRef.name}`);
  });
  targets.onChange((_key, _type, object) => {
    lookAtReleasesOf(object);
    queue.add(targetKey(object));
  });
  const lookAtOwner = (_key: string, _type: string, object: KubeObject): void => {
    const name = object.metadata.labels?.[RELEASE_LABEL];
    if (name !== undefined) queue.add(`release/${object.metadata.namespace}/${name}`);
  };
  pods.onChange(lookAtOwner);
  replicaSets.onChange(lookAtOwner);
}

/**
 * What a decision about a release at rest depends on, as far as the caches know it: a change of the status that Tandem
 * wrote, or of a condition of the target, is none.
 */
function fingerprint({ releases, targets, pods, replicaSets }: Caches, namespace: string, name: string): string {
  const release = releases.get(namespace, name);
  const target = release === undefined ? undefined : targets.get(namespace, release.spec.targetRef.name);
  const { observedGeneration, replicas, updatedReplicas, readyReplicas, availableReplicas } = target?.status ?? {};
  const key = `${namespace}/${name}`;
  return JSON.stringify([
    [release?.metadata.uid, release?.metadata.generation, release?.metadata.annotations],
    [target?.metadata.uid, target?.metadata.generation, target?.metadata.labels?.[GATE_LABEL]],
    [observedGeneration, replicas, updatedReplicas, readyReplicas, availableReplicas],
    [pods.byIndex(BY_RELEASE, key).length, replicaSets.byIndex(BY_RELEASE, key).length],
    releases.byIndex(BY_TARGET, `${namespace}/${release?.spec.targetRef.name}`).map((other) => other.metadata.uid),
  ]);
}

function releaseOf(object: KubeObject): string[] {
  const name = object.metadata.labels?.[RELEASE_LABEL];
  return name === undefined ? [] : [`${object.metadata.namespace}/${name}`];
}

function releaseKey(release: CanaryRelease): string {
  return `release/${release.metadata.namespace}/${release.metadata.name}`;
}

function targetKey(target: KubeObject): string {
  return `target/${target.metadata.namespace}/${target.metadata.name}`;
}
