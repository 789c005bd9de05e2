import type { KubeApi } from '../../kube/api.ts';
import { ApiError, isConflict, isForbidden } from '../../kube/errors.ts';
import { findObject } from '../../kube/find.ts';
import { type KubeObject, resources } from '../../kube/object.ts';
import { CliError, exitCodes } from '../exit.ts';
import { changedFields } from './changes.ts';
import { nameOf, type Placed, refOf } from './cluster.ts';
import { hasData, lostFields, lostVersions } from './crd-fields.ts';
import { isConfig } from './render.ts';
import { assertRights, type Right } from './rights.ts';
import { takeOver } from './take-over.ts';

/** Owner of the fields that install writes; the operator writes as `tandem`. */
export const FIELD_MANAGER = 'tandem-cli';

/** What applying one object comes to. */
export interface Change {
  placed: Placed;
  kind: 'Created' | 'Changed' | 'Unchanged';
  /** Paths, for a changed one. */
  fields: string[];
}

export interface PlanOptions {
  namespace: string;
  /** Fields of other managers are taken over. */
  takeOwnership: boolean;
}

/** Everything that could stop an installation halfway is asked before its first write. Throws CliError. */
export async function planInstall(api: KubeApi, placed: Placed[], options: PlanOptions): Promise<Change[]> {
  assertOneInstallation(placed, options.namespace);
  await assertRights(api, placed.flatMap(rightsFor));
  for (const one of placed) await assertKeepsData(api, one);
  const hasNamespace = placed.some(({ wanted, live }) => wanted.kind === 'Namespace' && live !== undefined);
  const changes: Change[] = [];
  for (const one of placed) changes.push(await planOne(api, one, hasNamespace, options.takeOwnership));
  return changes;
}

function rightsFor({ resource, wanted, live }: Placed): Right[] {
  const { namespace } = wanted.metadata;
  // Besides the objects themselves: the probe of the gate comes and goes, old configurations go.
  const more: Record<string, string[]> = { Deployment: ['create', 'delete'], ConfigMap: ['list', 'delete'] };
  const verbs = ['get', 'patch', ...(live === undefined ? ['create'] : []), ...(more[wanted.kind] ?? [])];
  return verbs.map((verb) => ({ verb, resource, namespace }));
}

/** Policies and roles are there once in a cluster and know the operator by its namespace. */
function assertOneInstallation(placed: Placed[], namespace: string): void {
  const other = otherNamespace(
    placed.flatMap(({ live }) => live ?? []),
    namespace,
  );
  if (other === undefined) return;
  throw new CliError(
    exitCodes.failure,
    `Tandem is installed in namespace ${other} already, and a cluster has one gate`,
    `upgrade that one with -n ${other}, or uninstall it first; nothing was written`,
  );
}

/** The namespace of an operator elsewhere, by whom the rights in the cluster are given to. */
export function otherNamespace(objects: KubeObject[], namespace: string): string | undefined {
  const binding = objects.find(({ kind }) => kind === 'ClusterRoleBinding');
  const subjects = (binding?.['subjects'] ?? []) as { namespace?: string }[];
  return subjects.map((subject) => subject.namespace).find((one) => one !== undefined && one !== namespace);
}

async function assertKeepsData(api: KubeApi, { wanted, live }: Placed): Promise<void> {
  if (wanted.kind !== 'CustomResourceDefinition' || live === undefined) return;
  const versions = lostVersions(live, wanted);
  if (versions.length > 0) throw loss(`version ${versions.join(', ')} of ${live.metadata.name}, which objects have`);
  const paths = lostFields(live, wanted);
  if (paths.length === 0) return;
  const { items } = await api.list<KubeObject>(resources.canaryReleases);
  for (const path of paths) {
    const one = items.find((item) => hasData(item, path));
    if (one === undefined) continue;
    throw loss(`field ${path.join('.')}, which CanaryRelease ${one.metadata.namespace}/${one.metadata.name} has`);
  }
}

function loss(what: string): CliError {
  return new CliError(
    exitCodes.failure,
    `this version of Tandem does not know ${what}: its data would be lost`,
    'install the version that is there or a newer one, or take the data out first; nothing was written',
  );
}

async function planOne(api: KubeApi, placed: Placed, hasNamespace: boolean, force: boolean): Promise<Change> {
  const { wanted, live } = placed;
  // A dry run in a namespace that is yet to come cannot be answered.
  const askable = wanted.metadata.namespace === undefined || hasNamespace;
  const after = askable ? await apply(api, placed, { force, dryRun: true }) : undefined;
  if (live === undefined || after === undefined) return { placed, kind: 'Created', fields: [] };
  const fields = changedFields(live, after);
  return { placed, kind: fields.length === 0 ? 'Unchanged' : 'Changed', fields };
}

/** Writes one object by server-side apply. Throws CliError that says whose field is in the way, or which right is missing. */
export async function apply(
  api: KubeApi,
  { resource, wanted, live }: Placed,
  options: { force: boolean; dryRun: boolean },
): Promise<KubeObject> {
  const { force, dryRun } = options;
  // A configuration is named by what is in it: whoever wrote it, it is the same.
  const mine = force || (isConfig(wanted) && live !== undefined);
  try {
    return await api.patch(resource, refOf(wanted), wanted, { type: 'apply', force: mine, dryRun });
  } catch (error) {
    if (error instanceof ApiError && isConflict(error)) throw conflict(wanted, error);
    if (error instanceof ApiError && isForbidden(error))
      throw new CliError(exitCodes.failure, `${nameOf(wanted)}: ${error.message}`, 'ask for the role cluster-admin');
    throw error;
  }
}

function conflict(wanted: KubeObject, error: ApiError): CliError {
  const causes = error.details?.causes ?? [];
  const fields = causes.map(({ field, message }) => `${field} (${(message ?? '').replace(/^conflict with /, '')})`);
  return new CliError(
    exitCodes.failure,
    `${nameOf(wanted)} has other values of another writer: ${fields.join(', ') || error.message}`,
    'go on with the tool that wrote them, or take them over with --take-ownership',
  );
}

/** The namespace is there first, then what is in it. `force`: what others have written is this program's from now on. */
export async function applyAll(api: KubeApi, changes: Change[], force: boolean): Promise<void> {
  for (const { placed, kind } of changes) {
    if (force && placed.live !== undefined) await takeOver(api, placed, FIELD_MANAGER);
    if (kind !== 'Unchanged' || !isApplied(placed)) await apply(api, placed, { force, dryRun: false });
  }
}

/** Written by this program before: applying it again would change nothing. */
function isApplied({ live }: Placed): boolean {
  const managers = (live?.metadata['managedFields'] ?? []) as { manager?: string; operation?: string }[];
  return managers.some(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply');
}

/** What the cluster has of an installation's configuration: the one that its operator reads. */
export async function installedConfig(api: KubeApi, operator: KubeObject | undefined): Promise<KubeObject | undefined> {
  const name = operator === undefined ? undefined : mountedConfig(operator);
  if (name === undefined || operator?.metadata.namespace === undefined) return undefined;
  return findObject(api, resources.configMaps, { namespace: operator.metadata.namespace, name });
}

/** Name of the ConfigMap that the operator's Deployment mounts as its configuration. */
export function mountedConfig(operator: KubeObject): string | undefined {
  const spec = operator['spec'] as {
    template?: { spec?: { volumes?: { name: string; configMap?: { name?: string } }[] } };
  };
  return spec.template?.spec?.volumes?.find(({ name }) => name === 'config')?.configMap?.name;
}
