import { parseAllDocuments } from 'yaml';
import type { KubeApi } from '../../src/kube/api.ts';
import { createKubeApi, type HttpKubeApi } from '../../src/kube/client.ts';
import { type ClusterConfig, loadClusterConfig } from '../../src/kube/config.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../src/kube/object.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createKubectl, findKubectl } from './kubectl-program.ts';
import type { ApiUnderTest } from './under-test.ts';

/** An API reached by a kubeconfig. The administrator in it may do everything. */
export function clusterUnderTest(kubeconfig: string): ApiUnderTest {
  const config = loadClusterConfig({ clock: systemClock, kubeconfig, env: {} });
  const clients: HttpKubeApi[] = [];
  const made: { resource: Resource; name: string }[] = [];
  const connect = (to: ClusterConfig, fieldManager = 'tandem'): HttpKubeApi => {
    const options = { config: to, clock: systemClock, random: Math.random, userAgent: 'tandem-conformance' };
    const client = createKubeApi({ ...options, fieldManager });
    clients.push(client);
    return client;
  };
  const admin = connect(config);

  const program = findKubectl();
  return {
    name: 'cluster',
    admin,
    ...(program === undefined ? {} : { kubectl: createKubectl(program, kubeconfig) }),
    manager: (fieldManager) => connect(config, fieldManager),
    tandem: async (namespace) => connect(withToken(config, await tokenOf(admin, namespace))),
    async install(manifest) {
      for (const document of parseAllDocuments(manifest)) {
        const object = document.toJS() as KubeObject | null;
        if (object === null) continue;
        const { apiVersion, kind } = object;
        const resource = (await admin.discover(apiVersion)).find((served) => served.kind === kind);
        if (resource === undefined) throw new Error(`the cluster serves no ${apiVersion} ${kind}`);
        await admin.create(resource, object);
        made.push({ resource, name: object.metadata.name });
      }
    },
    pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    async close() {
      for (const { resource, name } of made.toReversed()) await remove(admin, resource, name);
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

async function remove(admin: KubeApi, resource: Resource, name: string): Promise<void> {
  try {
    await admin.delete(resource, { name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** A token of a new service account `tandem` that may do everything in its namespace. */
async function tokenOf(admin: KubeApi, namespace: string): Promise<string> {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };
  await admin.create(account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'tandem', namespace } });
  const group = 'rbac.authorization.k8s.io';
  const binding = { apiVersion: `${group}/v1`, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true };
  await admin.create(binding, {
    apiVersion: binding.apiVersion,
    kind: 'RoleBinding',
    metadata: { name: 'tandem', namespace },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'tandem', namespace }],
  });
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: 'tandem', namespace },
  };
  const answer = await admin.create({ ...account, plural: 'serviceaccounts/tandem/token' }, { ...request, spec: {} });
  const { token } = answer['status'] as { token: string };
  return token;
}

function withToken(config: ClusterConfig, token: string): ClusterConfig {
  return {
    server: config.server,
    namespace: config.namespace,
    context: config.context,
    proxyUrl: config.proxyUrl,
    async credentials() {
      const { ca } = (await config.credentials()).tls;
      return { headers: { authorization: `Bearer ${token}` }, tls: ca === undefined ? {} : { ca } };
    },
    invalidate: () => config.invalidate(),
  };
}
