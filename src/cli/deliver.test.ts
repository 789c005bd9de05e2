import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { release, target } from './testing/fixtures.ts';

/** A registry that has shop/checkout with the tags 1, 2 and 3, behind a token that needs a password. */
class Registry {
  readonly asked: string[] = [];
  guarded = false;
  /** What tag 2 was built from, by its label. */
  revision: unknown = 'main';
  status: number | undefined;
  readonly #server: Server;
  private constructor(server: Server) {
    this.#server = server;
  }
  static async start(): Promise<Registry> {
    const server = createServer((request, response) => registry.#answer(request.url ?? '', request, response));
    const registry = new Registry(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return registry;
  }
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.#server.close();
  }
  #answer(url: string, request: IncomingMessage, response: ServerResponse): void {
    this.asked.push(`${request.method} ${url}`);
    const end = (status: number, headers: Record<string, string> = {}, body = ''): void => {
      response.writeHead(status, headers);
      response.end(body);
    };
    if (this.status !== undefined) return end(this.status);
    if (url === '/elsewhere?signed=yes')
      return request.headers['authorization'] === undefined
        ? end(200, {}, JSON.stringify({ config: { Labels: { 'org.opencontainers.image.revision': this.revision } } }))
        : end(400);
    if (url.startsWith('/token')) {
      const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
      return request.headers['authorization'] === basic ? end(200, {}, '{"token":"t"}') : end(401);
    }
    if (this.guarded && request.headers['authorization'] !== 'Bearer t')
      return end(401, { 'www-authenticate': `Bearer realm="http://${this.host}/token",service="registry"` });
    if (url === '/v2/shop/checkout/tags/list?n=1000')
      return end(200, { link: '</v2/shop/checkout/tags/list?n=1000&last=2>; rel="next"' }, '{"tags":["1","2"]}');
    if (url === '/v2/shop/checkout/tags/list?n=1000&last=2') return end(200, {}, '{"tags":["3"]}');
    const found = /^\/v2\/shop\/checkout\/manifests\/[123]$/.test(url);
    if (found && request.method === 'HEAD') return end(200, { 'docker-content-digest': 'sha256:1' });
    // Tag 2 is an index of several platforms, whose config lies elsewhere; tag 3 has no labels; 1 is broken.
    if (url === '/v2/shop/checkout/manifests/2') return end(200, {}, '{"manifests":[{"digest":"sha256:a"}]}');
    if (url === '/v2/shop/checkout/manifests/sha256:a') return end(200, {}, '{"config":{"digest":"sha256:b"}}');
    if (url === '/v2/shop/checkout/blobs/sha256:b') return end(307, { location: '/elsewhere?signed=yes' });
    if (url === '/v2/shop/checkout/manifests/3') return end(200, {}, '{"config":{"digest":"sha256:c"}}');
    if (url === '/v2/shop/checkout/blobs/sha256:c') return end(200, {}, '{"config":{"Labels":null}}');
    return found ? end(200, {}, 'no JSON') : end(404);
  }
}

let cluster: TestCluster;
let registry: Registry;
let image: string;

beforeEach(async () => {
  registry = await Registry.start();
  cluster = await startCluster();
  image = `${registry.host}/shop/checkout`;
  cluster.target = target(`${image}:1`);
  cluster.releases.set('checkout', release());
});

afterEach(async () => {
  registry.close();
  await cluster.close();
});

const patches = (): unknown[] =>
  cluster.server.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => body);

describe('release', () => {
  it('writes an image that exists into the only container', async () => {
    expect(await cluster.run('release', 'checkout', '--image', `${image}:2`, '--set-env', 'A=b=c')).toBe(0);

    expect(registry.asked[0]).toBe('HEAD /v2/shop/checkout/manifests/2');
    expect(patches()).toEqual([
      {
        metadata: {},
        spec: {
          template: {
            spec: { containers: [{ name: 'app', image: `${image}:2`, env: [{ name: 'A', value: 'b=c' }] }] },
          },
        },
      },
    ]);
  });

  it.each([
    ['2', 'c'.repeat(40), { 'tandem.dev/commit': 'c'.repeat(40) }],
    ['2', 'main', undefined],
    ['2', { toString: 1 }, undefined],
    ['3', undefined, undefined],
  ])('writes the commit that the label of the image names: tag %s, label %o', async (tag, label, annotations) => {
    registry.revision = label;
    expect(await cluster.run('release', 'checkout', '--image', `${image}:${tag}`)).toBe(0);

    expect(patches()).toMatchObject([{ metadata: annotations === undefined ? {} : { annotations } }]);
    expect(JSON.stringify(patches())).toContain(annotations === undefined ? '"metadata":{}' : 'tandem.dev/commit');
    expect(cluster.err).not.toMatch(/note:/);
  });

  it('refuses an image that its registry does not have, and writes nothing', async () => {
    expect(await cluster.run('release', 'checkout', '--image', `${image}:9`)).toBe(1);

    expect(cluster.err).toMatch(/has no image .*:9; nothing was written/);
    expect(patches()).toEqual([]);
  });

  it('goes on with a note where the registry cannot be asked', async () => {
    registry.status = 503;

    expect(await cluster.run('release', 'checkout', '--image', `app=${image}:2`)).toBe(0);
    expect(cluster.err).toMatch(/note: whether .* was not checked: .* status 503/);
    expect(patches()).toHaveLength(1);
  });

  it('says so where a registry wants credentials that are not there', async () => {
    registry.guarded = true;

    expect(await cluster.run('release', 'checkout', '--image', `${image}:2`)).toBe(0);
    expect(cluster.err).toMatch(/asks for credentials/);
  });

  it("gets a token with the pull secret of the pods' service account", async () => {
    registry.guarded = true;
    const auths = { [registry.host]: { auth: Buffer.from('me:secret').toString('base64') } };
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
    const others: Record<string, object> = {
      '/api/v1/namespaces/shop/serviceaccounts/default': {
        metadata: { name: 'default' },
        imagePullSecrets: [{ name: 'pull' }],
      },
      '/api/v1/namespaces/shop/secrets/pull': { metadata: { name: 'pull' }, data },
    };
    cluster.others = others;

    expect(await cluster.run('release', 'checkout', '--image', `${image}:2`)).toBe(0);
    expect(cluster.err).not.toMatch(/note:/);
    expect(await cluster.run('release', 'checkout', '--image', `${image}:9`)).toBe(1);
    expect(cluster.out + cluster.err).not.toContain('secret');
  });

  it('names a pull secret that may not be read', async () => {
    const spec = cluster.target?.spec.template.spec as Record<string, unknown>;
    spec['imagePullSecrets'] = [{ name: 'pull' }];

    expect(await cluster.run('release', 'checkout', '--image', `${image}:2`)).toBe(0);
    expect(cluster.err).toMatch(/pull secret pull could not be read/);
  });

  it('prints what was written for scripts', async () => {
    expect(await cluster.run('release', 'checkout', '--image', `${image}:1`, '-o', 'json')).toBe(0);
    expect(JSON.parse(cluster.out)).toMatchObject({ namespace: 'shop', name: 'checkout', unchanged: true, notes: [] });
    cluster.out = '';
    expect(await cluster.run('release', 'checkout', '--image', `${image}:1`, '-o', 'name')).toBe(0);
    expect(cluster.out).toBe('canaryrelease.tandem.dev/checkout\n');
  });

  it('writes nothing where nothing changes', async () => {
    expect(await cluster.run('release', 'checkout', '--image', `${image}:1`)).toBe(0);

    expect(cluster.err).toMatch(/nothing to write/);
    expect(patches()).toEqual([]);
  });

  it.each([
    ['no image', []],
    ['a container that is not there', ['--image', 'other=a:b']],
    ['what is no image', ['--image', 'a b']],
    ['a variable without a value', ['--set-env', 'A']],
  ])('refuses %s as wrong usage', async (_, words) => {
    expect(await cluster.run('release', 'checkout', ...words)).toBe(64);
    expect(patches()).toEqual([]);
  });

  it('refuses while the release is suspended: the version would roll untested', async () => {
    cluster.releases.set('checkout', release({ spec: { targetRef: { name: 'checkout' }, suspend: true } }));

    expect(await cluster.run('release', 'checkout', '--image', `${image}:2`)).toBe(4);
    expect(cluster.err).toMatch(/suspended: the version would roll out untested/);
  });
});

describe('tags', () => {
  it('lists all pages and marks the one in the target', async () => {
    expect(await cluster.run('tags', 'checkout')).toBe(0);
    expect(cluster.out).toBe('1   (in the target)\n2\n3\n');
  });

  it('prints tags alone, and whole images, for scripts', async () => {
    expect(await cluster.run('tags', 'checkout', '-o', 'name')).toBe(0);
    expect(cluster.out).toBe('1\n2\n3\n');
    cluster.out = '';
    expect(await cluster.run('tags', 'checkout', '-o', 'wide')).toBe(0);
    expect(cluster.out).toBe(`${image}:1\n${image}:2\n${image}:3\n`);
  });

  it('says that there is no such repository', async () => {
    expect(await cluster.run('tags', 'checkout', '--image', `${registry.host}/other`)).toBe(4);
  });
});
