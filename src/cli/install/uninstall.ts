import { TRACK_LABEL } from '../../api/names.ts';
import type { KubeApi } from '../../kube/api.ts';
import { isNotFound } from '../../kube/errors.ts';
import { findObject } from '../../kube/find.ts';
import { type Deployment, type KubeObject, type Pod, type Resource, resources } from '../../kube/object.ts';
import { monotonicNow, sleep } from '../../lib/clock.ts';
import { CliError, type ExitCode, exitCodes } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { phaseOf, type Release } from '../release.ts';
import { version } from '../version.ts';
import { baseFiles } from './base-files.ts';
import { nameOf, refOf } from './cluster.ts';
import { type LeftTarget, letTargetsGo } from './let-go.ts';
import { assertNobodyElse } from './owner.ts';
import { otherNamespace } from './plan.ts';
import { operatorSelector } from './ready.ts';
import { CONFIG_NAME, isConfig, isOperator, OPERATOR_NAME, render } from './render.ts';
import { assertRights } from './rights.ts';

/** What a person asks of `tandem uninstall`. */
export interface UninstallRequest {
  namespace: string;
  /** The custom resource, and with it every CanaryRelease, goes too. */
  deleteCrds: boolean;
  /** The person knows what that deletes. */
  yes: boolean;
  /** Although a release is running. */
  force: boolean;
  dryRun: boolean;
  timeoutSeconds: number;
}

interface Found {
  resource: Resource;
  object: KubeObject;
}

const PART_OF = 'app.kubernetes.io/part-of';
const intervalMs = 500;

/**
 * Takes Tandem out of a cluster while its targets serve on: first the operator, then what it left running, then the
 * gate, then the targets are let go, last the rest. Each step looks at what is there, so that it may be repeated from
 * the start after it was broken off anywhere. Throws CliError; refuses before the first write.
 */
export async function uninstall(io: CliIo, api: KubeApi, request: UninstallRequest): Promise<ExitCode> {
  const found = await findInstalled(api, request.namespace);
  assertNobodyElse(
    found.map(({ object }) => object),
    'remove',
  );
  assertHere(found, request.namespace);
  const releases = await releasesOf(api, found);
  const hasOperator = found.some(({ object }) => isOperator(object));
  // What a status says is true while somebody writes it.
  assertMayGo(releases, hasOperator ? releases.filter(isRunning) : [], request);
  await assertMayDelete(api, found, request);
  const goes = found.filter(({ object }) => isDeleted(object, request.deleteCrds));
  if (request.dryRun) {
    io.stdout(`${goes.map(({ object }) => `${nameOf(object)}   would go\n`).join('')}dry run: nothing was written\n`);
    return exitCodes.ok;
  }
  const left = await takeApart(io, api, goes, request);
  if (request.deleteCrds) for (const release of releases) await deleteIfThere(api, resources.canaryReleases, release);
  await deleteAll(api, goes, ({ kind }) => kind === 'CustomResourceDefinition');
  io.stdout(farewell(found, releases, left, request));
  return exitCodes.ok;
}

async function takeApart(io: CliIo, api: KubeApi, goes: Found[], request: UninstallRequest): Promise<LeftTarget[]> {
  await deleteAll(api, goes, (object) => isOperator(object));
  await waitUntilStopped(io, api, request);
  await removeTracks(io, api);
  await deleteAll(api, goes, ({ kind }) => kind.endsWith('PolicyBinding'));
  await deleteAll(api, goes, ({ kind }) => kind.endsWith('AdmissionPolicy'));
  const left = await letTargetsGo(io, api, request.timeoutSeconds);
  await deleteAll(api, goes, ({ kind }) => kind !== 'CustomResourceDefinition');
  await deleteIfThere(api, resources.leases, { metadata: { name: OPERATOR_NAME, namespace: request.namespace } });
  return left;
}

/** By the names of the manifests, and the configurations of every version. */
async function findInstalled(api: KubeApi, namespace: string): Promise<Found[]> {
  const objects = render(baseFiles(), { namespace, version }).filter((object) => !isConfig(object));
  const versions = [...new Set(objects.map(({ apiVersion }) => apiVersion))];
  const served = (await Promise.all(versions.map((one) => api.discover(one)))).flat();
  const found = await Promise.all(
    objects.map(async (object): Promise<Found[]> => {
      const is = (one: Resource): boolean => one.apiVersion === object.apiVersion && one.kind === object.kind;
      const resource = served.find(is);
      const live = resource === undefined ? undefined : await findObject(api, resource, refOf(object));
      return resource === undefined || live === undefined ? [] : [{ resource, object: live }];
    }),
  );
  const labelSelector = `${PART_OF}=tandem`;
  const { items } = await api.list<KubeObject>(resources.configMaps, { namespace, labelSelector });
  const { apiVersion, kind } = resources.configMaps;
  const configs = items
    .filter(({ metadata }) => metadata.name.startsWith(CONFIG_NAME))
    .map((item) => ({ resource: resources.configMaps, object: { ...item, apiVersion, kind } }));
  return [...found.flat(), ...configs];
}

/** The policies are there once in a cluster: without them an operator elsewhere would hold nothing. */
function assertHere(found: Found[], namespace: string): void {
  const objects = found.map(({ object }) => object);
  const other = otherNamespace(objects, namespace);
  if (other === undefined) return;
  throw new CliError(
    exitCodes.failure,
    `Tandem is installed in namespace ${other}, not in ${namespace}`,
    `say -n ${other}; nothing was written`,
  );
}

function isDeleted(object: KubeObject, deleteCrds: boolean): boolean {
  // What else is in the namespace is not known here. What is not marked as Tandem's only has the same name.
  if (object.kind === 'Namespace' || object.metadata.labels?.[PART_OF] !== 'tandem') return false;
  return deleteCrds || object.kind !== 'CustomResourceDefinition';
}

async function releasesOf(api: KubeApi, found: Found[]): Promise<Release[]> {
  if (!found.some(({ object }) => object.kind === 'CustomResourceDefinition')) return [];
  return (await api.list<Release>(resources.canaryReleases)).items;
}

const runningPhases = ['Starting', 'Analyzing', 'Promoting', 'RollingBack'];

function isRunning(release: Release): boolean {
  return runningPhases.includes(phaseOf(release)) || (phaseOf(release) === 'Held' && hasCanary(release));
}

const hasCanary = ({ status }: Release): boolean => (status?.canary?.replicas ?? 0) > 0;
const fullName = ({ metadata }: Release): string => `${metadata.namespace}/${metadata.name}`;

function assertMayGo(releases: Release[], running: Release[], { force, deleteCrds, yes }: UninstallRequest): void {
  if (running.length > 0 && !force) {
    const names = running.map((release) => `${fullName(release)} (${phaseOf(release)})`);
    throw new CliError(
      exitCodes.failure,
      `${names.length === 1 ? 'a release is' : `${names.length} releases are`} running: ${names.join(', ')}`,
      'wait for the end (tandem wait), or give --force: canaries go, and what was not tested stays held; nothing was written',
    );
  }
  if (!deleteCrds || yes) return;
  throw new CliError(
    exitCodes.usage,
    `--delete-crds deletes ${releases.length} CanaryReleases with their ledgers`,
    'add --yes if that is meant; nothing was written',
  );
}

async function assertMayDelete(api: KubeApi, found: Found[], { deleteCrds }: UninstallRequest): Promise<void> {
  const own = found.filter(({ object }) => isDeleted(object, deleteCrds));
  const everywhere = ['list', 'patch', 'delete'].map((verb) => ({ verb, resource: resources.deployments }));
  await assertRights(api, [
    ...own.map(({ resource, object }) => ({ verb: 'delete', resource, namespace: object.metadata.namespace })),
    ...everywhere,
    { verb: 'list', resource: resources.replicaSets },
    { verb: 'list', resource: resources.pods },
    { verb: 'delete', resource: resources.pods },
    ...(deleteCrds ? [{ verb: 'delete', resource: resources.canaryReleases }] : []),
  ]);
}

async function deleteAll(api: KubeApi, found: Found[], which: (object: KubeObject) => boolean): Promise<void> {
  for (const { resource, object } of found) if (which(object)) await deleteIfThere(api, resource, object);
}

async function deleteIfThere(api: KubeApi, resource: Resource, object: Pick<KubeObject, 'metadata'>): Promise<void> {
  try {
    await api.delete(resource, refOf(object as KubeObject), { propagationPolicy: 'Background' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** An operator that still runs would start what is taken away here. */
async function waitUntilStopped(io: CliIo, api: KubeApi, request: UninstallRequest): Promise<void> {
  const { namespace, timeoutSeconds } = request;
  const start = monotonicNow(io.clock);
  for (;;) {
    const { items } = await api.list<Pod>(resources.pods, { namespace, labelSelector: operatorSelector });
    if (items.length === 0) return;
    if (monotonicNow(io.clock) - start >= timeoutSeconds * 1000)
      throw new CliError(
        exitCodes.failure,
        `pod ${items[0]?.metadata.name} of the operator did not end within ${timeoutSeconds} s`,
        'run tandem uninstall again: it goes on where it stopped',
      );
    await sleep(io.clock, intervalMs);
  }
}

/** Canaries and baselines, and pods in quarantine: nobody is left to end them. */
async function removeTracks(io: CliIo, api: KubeApi): Promise<void> {
  const labelSelector = TRACK_LABEL;
  const deployments = (await api.list<Deployment>(resources.deployments, { labelSelector })).items.filter(isOwn);
  for (const one of deployments) {
    await deleteIfThere(api, resources.deployments, one);
    io.stdout(`deployment/${one.metadata.name} in namespace ${one.metadata.namespace}   gone\n`);
  }
  const pods = await api.list<Pod>(resources.pods, { labelSelector: `${TRACK_LABEL}=quarantine` });
  for (const pod of pods.items) await deleteIfThere(api, resources.pods, pod);
}

/** A label alone makes nothing Tandem's. */
function isOwn({ metadata }: KubeObject): boolean {
  return (metadata.ownerReferences ?? []).some(
    ({ kind, controller }) => kind === 'CanaryRelease' && controller === true,
  );
}

function farewell(found: Found[], releases: Release[], left: LeftTarget[], request: UninstallRequest): string {
  const { namespace, deleteCrds } = request;
  const held = left.map(
    ({ namespace: where, name }) =>
      `Deployment ${where}/${name} stays paused: its template was not tested. To roll it out:\n` +
      `  kubectl -n ${where} rollout resume deployment ${name} && kubectl -n ${where} label deployment ${name} tandem.dev/gate-\n`,
  );
  const others = found.filter(
    ({ object }) => object.kind !== 'Namespace' && object.metadata.labels?.[PART_OF] !== 'tandem',
  );
  const strangers = others.map(({ object }) => `${nameOf(object)} is left: it is not marked as part of Tandem\n`);
  const crd = found.some(({ object }) => object.kind === 'CustomResourceDefinition') && !deleteCrds;
  const kept = crd
    ? `The custom resource and ${releases.length} CanaryReleases are kept. To delete them:\n  tandem uninstall --delete-crds --yes\n`
    : '';
  const space = found.some(({ object }) => object.kind === 'Namespace')
    ? `Namespace ${namespace} is kept, for it may hold more. To delete it:\n  kubectl delete namespace ${namespace}\n`
    : '';
  return `Tandem is uninstalled; the targets serve on.\n${held.join('')}${strangers.join('')}${kept}${space}`;
}
