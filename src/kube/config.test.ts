import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createFakeClock } from '../lib/fake-clock.ts';
import { createKubeApi } from './client.ts';
import { type ConfigOptions, loadClusterConfig } from './config.ts';
import { type KubeObject, resources } from './object.ts';
import { type FakeServer, startFakeServer } from './testing/fake-server.ts';

const testdata = join(import.meta.dirname, 'testdata');
const pem = (name: string): Buffer => readFileSync(join(testdata, name));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-config-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

interface Entry {
  name: string;
  cluster?: object;
  user?: object | null;
  namespace?: string;
}

/** Writes a kubeconfig with one context for each entry, the first being current. */
function kubeconfig(file: string, ...entries: Entry[]): string {
  const path = join(folder, file);
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': entries[0]?.name,
    clusters: entries.map(({ name, cluster }) => ({
      name,
      cluster: { server: `https://${name}.test:6443/`, ...cluster },
    })),
    users: entries.filter(({ user }) => user !== null).map(({ name, user }) => ({ name, user: user ?? {} })),
    contexts: entries.map(({ name, user, namespace }) => ({
      name,
      context: {
        cluster: name,
        ...(user === null ? {} : { user: name }),
        ...(namespace === undefined ? {} : { namespace }),
      },
    })),
  });
  writeFileSync(path, text);
  return path;
}

function load(options: Partial<ConfigOptions> = {}) {
  return loadClusterConfig({
    clock: createFakeClock(),
    env: {},
    serviceAccountFolder: join(folder, 'none'),
    ...options,
  });
}

describe('finding the cluster', () => {
  it('takes the current context of the file, or the one that is named', () => {
    const file = kubeconfig('config', { name: 'one', namespace: 'shop' }, { name: 'two' });

    expect(load({ kubeconfig: file })).toMatchObject({
      server: 'https://one.test:6443',
      namespace: 'shop',
      context: 'one',
    });
    expect(load({ kubeconfig: file, context: 'two' })).toMatchObject({
      server: 'https://two.test:6443',
      namespace: 'default',
    });
  });

  it('merges the files of KUBECONFIG, the first to name a thing wins, and skips those that are not there', () => {
    const first = kubeconfig('first', { name: 'one', namespace: 'first' });
    const second = kubeconfig('second', { name: 'two' }, { name: 'one', namespace: 'second' });
    const env = { KUBECONFIG: [join(folder, 'absent'), first, second].join(delimiter) };

    expect(load({ env })).toMatchObject({ context: 'one', namespace: 'first' });
    expect(load({ env, context: 'two' })).toMatchObject({ server: 'https://two.test:6443' });
  });

  it('takes the service account of its pod', async () => {
    writeFileSync(join(folder, 'token'), 'secret\n');
    writeFileSync(join(folder, 'namespace'), 'tandem-system\n');
    writeFileSync(join(folder, 'ca.crt'), pem('ca.crt'));
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

    const config = load({ env, serviceAccountFolder: folder });

    expect(config).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'tandem-system', context: undefined });
    expect(await config.credentials()).toEqual({
      headers: { authorization: 'Bearer secret' },
      tls: { ca: pem('ca.crt'), rejectUnauthorized: undefined },
    });
    writeFileSync(join(folder, 'token'), 'rotated\n');
    config.invalidate();
    expect((await config.credentials()).headers).toEqual({ authorization: 'Bearer rotated' });
  });

  it.each([
    ['nothing at all', {}, 'no Kubernetes cluster is configured'],
    [
      'a file that is not there',
      { kubeconfig: '/nowhere/config' },
      'kubeconfig /nowhere/config cannot be read: ENOENT',
    ],
  ])('says what is missing: %s', (_, options, message) => {
    expect(() => load(options)).toThrow(message);
  });

  it('says which contexts there are', () => {
    const file = kubeconfig('config', { name: 'one' }, { name: 'two' });

    expect(() => load({ kubeconfig: file, context: 'three' })).toThrow(
      `kubeconfig ${file} has no context three; it has one, two`,
    );
  });
});

describe('credentials', () => {
  it('come from a plugin, told how it is called, and are asked for again when refused', async () => {
    const counter = join(folder, 'count');
    writeFileSync(counter, '0');
    const script = `
      const fs = require('node:fs');
      const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
      const count = Number(fs.readFileSync(process.argv[1], 'utf8')) + 1;
      fs.writeFileSync(process.argv[1], String(count));
      const expirationTimestamp = new Date(Date.now() + 3600e3).toISOString();
      console.log(JSON.stringify({ ...info, status: { token: info.apiVersion + '-' + count, expirationTimestamp } }));`;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script, counter],
    };
    const config = load({ kubeconfig: kubeconfig('config', { name: 'one', user: { exec } }) });

    expect((await config.credentials()).headers).toEqual({ authorization: 'Bearer client.authentication.k8s.io/v1-1' });
    expect((await config.credentials()).headers).toEqual({ authorization: 'Bearer client.authentication.k8s.io/v1-1' });
    config.invalidate();
    expect((await config.credentials()).headers).toEqual({ authorization: 'Bearer client.authentication.k8s.io/v1-2' });
  });

  it('are not kept when the plugin failed', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: join(folder, 'plugin') };
    const config = load({ kubeconfig: kubeconfig('config', { name: 'one', user: { exec } }) });
    await expect(config.credentials()).rejects.toThrow('ENOENT');

    const token = JSON.stringify({ status: { token: 'now' } });
    writeFileSync(join(folder, 'plugin'), `#!/bin/sh\necho '${token}'\n`, { mode: 0o755 });

    expect((await config.credentials()).headers).toEqual({ authorization: 'Bearer now' });
  });

  it('come from a token file, relative to the kubeconfig', async () => {
    writeFileSync(join(folder, 'mytoken'), 'from-file\n');
    const config = load({ kubeconfig: kubeconfig('config', { name: 'one', user: { tokenFile: 'mytoken' } }) });

    expect((await config.credentials()).headers).toEqual({ authorization: 'Bearer from-file' });
  });

  it('are a name and a password', async () => {
    const config = load({ kubeconfig: kubeconfig('config', { name: 'one', user: { username: 'u', password: 'p' } }) });

    expect((await config.credentials()).headers).toEqual({ authorization: `Basic ${btoa('u:p')}` });
  });

  it('are used for half a minute', async () => {
    const clock = createFakeClock();
    const ca = join(folder, 'ca.crt');
    writeFileSync(ca, 'first');
    const cluster = { 'certificate-authority': ca };
    const config = load({ clock, kubeconfig: kubeconfig('config', { name: 'one', cluster, user: { token: 't' } }) });
    expect(String((await config.credentials()).tls.ca)).toBe('first');
    writeFileSync(ca, 'second');

    clock.advanceSync(29_999);
    expect(String((await config.credentials()).tls.ca)).toBe('first');
    clock.advanceSync(1);
    expect(String((await config.credentials()).tls.ca)).toBe('second');
  });
});

describe('over TLS', () => {
  let server: FakeServer;
  const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

  beforeEach(async () => {
    const tls = { ca: pem('ca.crt'), cert: pem('server.crt'), key: pem('server.key') };
    server = await startFakeServer((_, reply) => reply.json(200, namespace), tls);
  });

  afterEach(() => server.close());

  async function get(cluster: object, user: object | null): Promise<KubeObject> {
    const file = kubeconfig('config', { name: 'one', cluster: { server: server.url, ...cluster }, user });
    const clock = createFakeClock();
    const api = createKubeApi({ config: load({ kubeconfig: file, clock }), clock, random: () => 0, userAgent: 'test' });
    try {
      return await api.get(resources.namespaces, { name: 'shop' });
    } finally {
      await api.close();
    }
  }

  const base64 = (name: string): string => pem(name).toString('base64');

  it('shows a client certificate from files to a server that a CA file vouches for', async () => {
    const user = { 'client-certificate': join(testdata, 'client.crt'), 'client-key': join(testdata, 'client.key') };

    expect(await get({ 'certificate-authority': join(testdata, 'ca.crt') }, user)).toEqual(namespace);
    expect(server.requests[0]?.clientName).toBe('test client');
  });

  it('shows one from the kubeconfig itself', async () => {
    const user = { 'client-certificate-data': base64('client.crt'), 'client-key-data': base64('client.key') };

    expect(await get({ 'certificate-authority-data': base64('ca.crt') }, user)).toEqual(namespace);
    expect(server.requests[0]?.clientName).toBe('test client');
  });

  it('sends a token', async () => {
    expect(await get({ 'certificate-authority-data': base64('ca.crt') }, { token: 'abc' })).toEqual(namespace);
    expect(server.requests[0]?.headers['authorization']).toBe('Bearer abc');
  });

  it('checks the server without a user too', async () => {
    expect(await get({ 'certificate-authority-data': base64('ca.crt') }, null)).toEqual(namespace);
    await expect(get({}, null)).rejects.toMatchObject({ status: 0, reason: 'SELF_SIGNED_CERT_IN_CHAIN' });
  });

  it('checks the name that it is told to', async () => {
    const ca = { 'certificate-authority-data': base64('ca.crt') };

    expect(await get({ ...ca, 'tls-server-name': 'api.test' }, {})).toEqual(namespace);
    await expect(get({ ...ca, 'tls-server-name': 'other.test' }, {})).rejects.toMatchObject({
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('trusts anyone only when told to', async () => {
    expect(await get({ 'insecure-skip-tls-verify': true }, {})).toEqual(namespace);
  });
});

describe('over plain http', () => {
  it('works with a path before the API', async () => {
    const server = await startFakeServer((_, reply) => reply.json(200, { resources: [] }));
    const file = kubeconfig('config', {
      name: 'one',
      cluster: { server: `${server.url}/clusters/a/` },
      user: { token: 't' },
    });
    const clock = createFakeClock();
    const api = createKubeApi({ config: load({ kubeconfig: file, clock }), clock, random: () => 0, userAgent: 'test' });

    await api.discover('v1');

    expect(server.requests[0]?.path).toBe('/clusters/a/api/v1');
    await api.close();
    await server.close();
  });
});
