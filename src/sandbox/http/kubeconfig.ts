import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import { asList, at } from '../json.ts';

const CLUSTER = 'tandem-sandbox';

/** A context of a kubeconfig and the token of its user. */
export interface KubeconfigUser {
  context: string;
  token: string;
  namespace?: string;
}

/** A kubeconfig as text; the first user's context is the current one. */
export function formatKubeconfig(server: string, certificate: string, users: KubeconfigUser[]): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: CLUSTER,
        cluster: { server, 'certificate-authority-data': Buffer.from(certificate).toString('base64') },
      },
    ],
    users: users.map(({ context, token }) => ({ name: context, user: { token } })),
    contexts: users.map(({ context, namespace = 'default' }) => ({
      name: context,
      context: { cluster: CLUSTER, user: context, namespace },
    })),
    'current-context': users[0]?.context ?? '',
  });
}

function isOurs(path: string): boolean {
  const clusters: unknown = at(parse(readFileSync(path, 'utf8')), 'clusters');
  return Array.isArray(clusters) && clusters.length === 1 && at(clusters[0], 'name') === CLUSTER;
}

/**
 * Writes a kubeconfig that only this user may read. Throws when the file exists and is not one of a sandbox: a person's
 * own is never replaced.
 */
export function writeKubeconfig(path: string, text: string): void {
  if (existsSync(path) && !isOurs(path)) {
    throw new Error(`${path} exists and is not the kubeconfig of a sandbox: name another file, or remove it`);
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
}

/** The server that a sandbox's kubeconfig names; undefined when the file is absent or somebody else's. */
export function serverIn(path: string): string | undefined {
  if (!existsSync(path) || !isOurs(path)) return undefined;
  const cluster: unknown = asList(at(parse(readFileSync(path, 'utf8')), 'clusters'))[0];
  const server = at(cluster, 'cluster', 'server');
  return typeof server === 'string' ? server : undefined;
}

/** Removes a kubeconfig that was written, unless it names another server by now. */
export function removeKubeconfig(path: string, server: string): void {
  if (serverIn(path) === server) rmSync(path);
}
