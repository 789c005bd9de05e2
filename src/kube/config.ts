import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter, dirname, join, resolve } from 'node:path';
// The deep import leaves the generated API classes out of the bundle: they are most of the package's weight.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { parse } from 'yaml';
import { type Clock, monotonicNow } from '../lib/clock.ts';

/** How long credentials are used before files and plugins are asked again. Service account tokens rotate. */
const CREDENTIALS_MS = 30_000;
const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** TLS material of a connection, as node:tls takes it. */
export interface TlsMaterial {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  rejectUnauthorized?: boolean;
  servername?: string;
}

export interface Credentials {
  headers: Record<string, string>;
  tls: TlsMaterial;
}

/** Which API server is asked, and as whom. */
export interface ClusterConfig {
  /** URL without a slash at its end. */
  readonly server: string;
  /** Of the context, or of the pod's own service account; `default` if neither names one. */
  readonly namespace: string;
  /** Undefined inside a cluster. */
  readonly context: string | undefined;
  readonly proxyUrl: string | undefined;
  /** What the next request needs; cached for half a minute. Rejects when a file or an exec plugin fails. */
  credentials(): Promise<Credentials>;
  /** Forgets what was cached, plugins' answers included: the server refused it. */
  invalidate(): void;
}

export interface ConfigOptions {
  clock: Clock;
  /** Path of a kubeconfig; else KUBECONFIG, else the service account of the pod, else ~/.kube/config. */
  kubeconfig?: string;
  /** Name of a context in it; its current one if absent. */
  context?: string;
  env?: Record<string, string | undefined>;
  /** Where a pod finds its service account; for tests. */
  serviceAccountFolder?: string;
}

type Source = { files: string[] } | { serviceAccountFolder: string };

function readable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

function findSource(options: ConfigOptions, env: Record<string, string | undefined>): Source {
  if (options.kubeconfig !== undefined) return { files: [options.kubeconfig] };
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '' && readable(path));
  if (listed.length > 0) return { files: listed };
  const serviceAccountFolder = options.serviceAccountFolder ?? SERVICE_ACCOUNT_FOLDER;
  const inCluster = env['KUBERNETES_SERVICE_HOST'] !== undefined && readable(join(serviceAccountFolder, 'token'));
  if (inCluster && options.context === undefined) return { serviceAccountFolder };
  const home = join(env['HOME'] ?? '/', '.kube', 'config');
  if (readable(home)) return { files: [home] };
  throw new Error(
    `no Kubernetes cluster is configured: KUBECONFIG names no readable file, ${home} does not exist and this is no pod with a service account; set KUBECONFIG or pass --kubeconfig`,
  );
}

/** client-node does not know `tokenFile`; its own provider for service account tokens reads such files again and again. */
function addTokenFiles(config: KubeConfig, text: string, folder: string): void {
  const raw = parse(text) as { users?: { name?: string; user?: { tokenFile?: unknown } | null }[] } | null;
  for (const { name, user } of raw?.users ?? []) {
    if (typeof user?.tokenFile !== 'string') continue;
    const index = config.users.findIndex((known) => known.name === name);
    const known = config.users[index];
    if (known === undefined) continue;
    config.users[index] = {
      ...known,
      authProvider: { name: 'tokenFile', config: { tokenFile: resolve(folder, user.tokenFile) } },
    };
  }
}

/** Plugins refuse to run without this variable since v1 of their interface. */
function addExecInfo(config: KubeConfig): void {
  for (const user of config.users) {
    if (!user.exec) continue;
    const exec = user.exec as { apiVersion?: string; env?: { name: string; value: string }[] | null };
    const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
    exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }];
  }
}

function loadFile(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const text = readFileSync(path, 'utf8');
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(resolve(path)));
    addTokenFiles(config, text, dirname(resolve(path)));
  } catch (cause) {
    throw new Error(`kubeconfig ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  addExecInfo(config);
  return config;
}

/** As kubectl merges files: the first to name a thing wins. */
function merge(into: KubeConfig, other: KubeConfig): void {
  const missing = <T extends { name: string }>(have: readonly T[], add: readonly T[]): T[] =>
    add.filter(({ name }) => !have.some((known) => known.name === name));
  into.clusters = [...into.clusters, ...missing(into.clusters, other.clusters)];
  into.users = [...into.users, ...missing(into.users, other.users)];
  into.contexts = [...into.contexts, ...missing(into.contexts, other.contexts)];
  into.currentContext ||= other.currentContext;
}

function loadServiceAccount(folder: string, env: Record<string, string | undefined>): KubeConfig {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const namespaceFile = join(folder, 'namespace');
  const name = 'in-cluster';
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [
      {
        name,
        caFile: join(folder, 'ca.crt'),
        server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
        skipTLSVerify: false,
      },
    ],
    users: [{ name, authProvider: { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } } }],
    contexts: [
      {
        name,
        cluster: name,
        user: name,
        ...(readable(namespaceFile) ? { namespace: readFileSync(namespaceFile, 'utf8').trim() } : {}),
      },
    ],
    currentContext: name,
  });
  return config;
}

function loadSource(source: Source, options: ConfigOptions, env: Record<string, string | undefined>): KubeConfig {
  if ('serviceAccountFolder' in source) return loadServiceAccount(source.serviceAccountFolder, env);
  const [config, ...others] = source.files.map(loadFile);
  if (config === undefined) throw new Error('no kubeconfig is named');
  for (const other of others) merge(config, other);
  const where = source.files.join(', ');
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const context = config.getContextObject(config.getCurrentContext());
  if (context === null) {
    const known = config.getContexts().map(({ name }) => name);
    const wanted = config.getCurrentContext() ? `no context ${config.getCurrentContext()}` : 'no current-context';
    throw new Error(`kubeconfig ${where} has ${wanted}; it has ${known.length === 0 ? 'none' : known.join(', ')}`);
  }
  return config;
}

/** client-node applies the CA only where there is a user, and refuses plain http unless TLS checks are off. */
function completeForClientNode(config: KubeConfig): void {
  const context = config.getContextObject(config.getCurrentContext());
  if (context !== null && config.getCurrentUser() === null) {
    config.users = [...config.users, { name: 'anonymous' }];
    config.contexts = config.contexts.map((known) => (known === context ? { ...known, user: 'anonymous' } : known));
  }
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
}

function toCredentials(applied: RequestOptions): Credentials {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(applied.headers ?? {})) {
    // Token files end with a newline as often as not, and a header must not.
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (typeof applied.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(applied.auth).toString('base64')}`;
  }
  const tls: TlsMaterial = {};
  for (const field of ['ca', 'cert', 'key'] as const) {
    const value = applied[field];
    if (typeof value === 'string' || Buffer.isBuffer(value)) tls[field] = value;
  }
  if (applied.rejectUnauthorized !== undefined) tls.rejectUnauthorized = applied.rejectUnauthorized;
  if (applied.servername !== undefined) tls.servername = applied.servername;
  return { headers, tls };
}

/**
 * Finds the cluster as kubectl and client-go do: an explicit file, KUBECONFIG, the pod's service account, ~/.kube/config.
 * Throws an Error that says what is missing where.
 */
export function loadClusterConfig(options: ConfigOptions): ClusterConfig {
  const env = options.env ?? process.env;
  const source = findSource(options, env);
  const load = (): KubeConfig => {
    const config = loadSource(source, options, env);
    completeForClientNode(config);
    return config;
  };
  let config = load();
  let stale = false;
  let cached: { until: number; credentials: Promise<Credentials> } | undefined;

  async function apply(): Promise<Credentials> {
    if (stale) config = load();
    stale = false;
    const applied: RequestOptions = {};
    await config.applyToHTTPSOptions(applied);
    return toCredentials(applied);
  }

  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new Error(`the context ${config.getCurrentContext()} names a cluster that is not defined`);
  const context = config.getCurrentContext();
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: config.getContextObject(context)?.namespace ?? 'default',
    context: 'files' in source ? context : undefined,
    proxyUrl: cluster.proxyUrl,
    credentials() {
      const now = monotonicNow(options.clock);
      if (cached !== undefined && now < cached.until) return cached.credentials;
      const mine = { until: now + CREDENTIALS_MS, credentials: apply() };
      cached = mine;
      mine.credentials.catch(() => {
        if (cached === mine) cached = undefined;
      });
      return mine.credentials;
    },
    invalidate() {
      stale = true;
      cached = undefined;
    },
  };
}
