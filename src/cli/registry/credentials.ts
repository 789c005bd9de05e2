import type { KubeApi } from '../../kube/api.ts';
import { findReadable } from '../../kube/find.ts';
import { type KubeObject, type Resource, resources } from '../../kube/object.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** What the pull secrets of a pod template say, and what could not be read. Secrets never leave this process. */
export interface PullCredentials {
  of(registry: string): Credentials | undefined;
  /** Names of secrets that the person may not read, or that are not there. */
  unread: string[];
}

const serviceAccounts: Resource = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};

interface Named {
  name?: string;
}

/** The part of a pod's spec that says where credentials are. */
export interface PullSecrets {
  imagePullSecrets?: Named[];
  serviceAccountName?: string;
}

/** Reads the pull secrets that the kubelet would use for the template: its own, else those of its service account. */
export async function readPullCredentials(
  api: KubeApi,
  namespace: string,
  podSpec: PullSecrets,
): Promise<PullCredentials> {
  const unread: string[] = [];
  const auths = new Map<string, Credentials>();
  for (const name of await secretNames(api, namespace, podSpec)) {
    const secret = await findReadable<KubeObject & { data?: Record<string, string> }>(api, resources.secrets, {
      namespace,
      name,
    });
    if (secret === undefined) unread.push(name);
    // The first secret that knows a registry counts, as for the kubelet.
    const found = authsOf(secret?.data).filter(([registry]) => !auths.has(registry));
    for (const [registry, entry] of found) auths.set(registry, entry);
  }
  return { of: (registry) => auths.get(canonical(registry)), unread };
}

async function secretNames(
  api: KubeApi,
  namespace: string,
  { imagePullSecrets, serviceAccountName = 'default' }: PullSecrets,
): Promise<string[]> {
  if ((imagePullSecrets ?? []).length > 0) return namesOf(imagePullSecrets);
  const account = await findReadable<KubeObject & { imagePullSecrets?: Named[] }>(api, serviceAccounts, {
    namespace,
    name: serviceAccountName,
  });
  return namesOf(account?.imagePullSecrets);
}

function namesOf(references: Named[] | undefined): string[] {
  return (references ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
}

/** The entries of a kubernetes.io/dockerconfigjson secret, by registry. What cannot be read is no entry. */
function authsOf(data: Record<string, string> | undefined): [string, Credentials][] {
  const encoded = data?.['.dockerconfigjson'];
  if (encoded === undefined) return [];
  try {
    const config = JSON.parse(decode(encoded)) as { auths?: Record<string, Record<string, string>> };
    return Object.entries(config.auths ?? {}).flatMap(([registry, entry]) => {
      const found = credentialsOf(entry);
      return found === undefined ? [] : [[canonical(registry), found] as [string, Credentials]];
    });
  } catch {
    return [];
  }
}

function credentialsOf({ username, password, auth }: Record<string, string>): Credentials | undefined {
  if (username !== undefined && password !== undefined) return { username, password };
  const decoded = auth === undefined ? '' : decode(auth);
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/** `https://index.docker.io/v1/` is how docker.io stands in old configurations. */
function canonical(registry: string): string {
  const host = registry.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}
