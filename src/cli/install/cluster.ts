import type { KubeApi } from '../../kube/api.ts';
import { findObject } from '../../kube/find.ts';
import type { KubeObject, Resource } from '../../kube/object.ts';
import { CliError, exitCodes } from '../exit.ts';

/** An object of the installation and what the cluster has of it. */
export interface Placed {
  resource: Resource;
  wanted: KubeObject;
  /** Undefined: not there. */
  live: KubeObject | undefined;
}

/** `deployment tandem`, as a person reads it. */
export function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind.toLowerCase()}/${metadata.name}`;
}

export const refOf = ({ metadata }: KubeObject): { name: string; namespace?: string } => ({
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
});

/** Where the API server serves these objects. Throws CliError where it does not. */
export async function resourcesOf(api: KubeApi, objects: KubeObject[]): Promise<Map<string, Resource>> {
  const versions = [...new Set(objects.map(({ apiVersion }) => apiVersion))];
  const served = (await Promise.all(versions.map((version) => api.discover(version)))).flat();
  const found = new Map(served.map((resource) => [`${resource.apiVersion}/${resource.kind}`, resource]));
  const missing = objects.find(({ apiVersion, kind }) => !found.has(`${apiVersion}/${kind}`));
  if (missing !== undefined) throw tooOld(missing);
  return found;
}

function tooOld({ apiVersion, kind }: KubeObject): CliError {
  const gate = kind.startsWith('MutatingAdmissionPolicy');
  const message = `this API server serves no ${kind} of ${apiVersion}${gate ? ", which is Tandem's gate" : ''}`;
  const hint = gate
    ? 'it needs Kubernetes 1.36; on an older one apply deploy/kustomize/overlays/gate-paused (docs/guides/gate.md); nothing was written'
    : 'update the cluster; nothing was written';
  return new CliError(exitCodes.unusable, message, hint);
}

/** The objects as they stand in the cluster now. */
export async function place(api: KubeApi, objects: KubeObject[]): Promise<Placed[]> {
  const served = await resourcesOf(api, objects);
  return Promise.all(
    objects.map(async (wanted) => {
      const resource = served.get(`${wanted.apiVersion}/${wanted.kind}`);
      if (resource === undefined) throw tooOld(wanted);
      return { resource, wanted, live: await findObject(api, resource, refOf(wanted)) };
    }),
  );
}
