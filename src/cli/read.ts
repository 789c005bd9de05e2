import { API_VERSION } from '../api/names.ts';
import type { KubeApi } from '../kube/api.ts';
import { isNotFound } from '../kube/errors.ts';
import { findObject, findReadable } from '../kube/find.ts';
import { type Deployment, resources } from '../kube/object.ts';
import { CliError, exitCodes } from './exit.ts';
import { type Release, targetNameOf } from './release.ts';

/** Throws CliError where there is no such CanaryRelease, and says so where Tandem is not installed at all. */
export async function readRelease(api: KubeApi, namespace: string, name: string): Promise<Release> {
  try {
    return await api.get<Release>(resources.canaryReleases, { namespace, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await assertInstalled(api);
    const message = `no CanaryRelease ${name} in namespace ${namespace}`;
    throw new CliError(exitCodes.unusable, message, 'tandem list -A shows those that exist');
  }
}

/** In order of namespace and name. Undefined: all namespaces. */
export async function listReleases(
  api: KubeApi,
  options: { namespace?: string; labelSelector?: string },
): Promise<Release[]> {
  try {
    const { items } = await api.list<Release>(resources.canaryReleases, options);
    const key = ({ metadata }: Release): string => `${metadata.namespace} ${metadata.name}`;
    // Items of a list carry no kind of their own.
    const { apiVersion, kind } = resources.canaryReleases;
    return items.map((item) => ({ ...item, apiVersion, kind })).toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  } catch (error) {
    if (isNotFound(error)) await assertInstalled(api);
    throw error;
  }
}

/** The Deployment of a release; undefined where it does not exist. */
export function readTarget(api: KubeApi, release: Release): Promise<Deployment | undefined> {
  return findObject<Deployment>(api, resources.deployments, targetRefOf(release));
}

/** As readTarget, for what can be shown without it. */
export function readTargetIfAllowed(api: KubeApi, release: Release): Promise<Deployment | undefined> {
  return findReadable<Deployment>(api, resources.deployments, targetRefOf(release));
}

/** As readTarget, for what cannot do without. Throws CliError where it does not exist. */
export async function requireTarget(api: KubeApi, release: Release): Promise<Deployment> {
  const target = await readTarget(api, release);
  if (target !== undefined) return target;
  const { namespace, name } = targetRefOf(release);
  const message = `Deployment ${name} in namespace ${namespace} does not exist`;
  throw new CliError(exitCodes.unusable, message, 'apply it first, or correct spec.targetRef.name');
}

function targetRefOf(release: Release): { namespace: string; name: string } {
  return { namespace: release.metadata.namespace ?? 'default', name: targetNameOf(release) };
}

async function assertInstalled(api: KubeApi): Promise<void> {
  const served = await api.discover(API_VERSION);
  if (served.some(({ plural }) => plural === resources.canaryReleases.plural)) return;
  const message = 'Tandem is not installed in this cluster: it serves no CanaryReleases';
  throw new CliError(exitCodes.unusable, message, 'tandem install installs it');
}
