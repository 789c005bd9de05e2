import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { target } from './testing/fixtures.ts';
import { version } from './version.ts';

let cluster: TestCluster;
const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/tandem-operator';
const deployment = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments/tandem`;

beforeEach(async () => {
  cluster = await startCluster();
});

afterEach(() => cluster.close());

function operator(image: string, labels: Record<string, string> = {}): object {
  const { spec, ...object } = target(image, { name: 'tandem', labels });
  const containers = [{ name: 'tandem', image }];
  return { ...object, spec: { ...spec, template: { spec: { containers } } }, status: { availableReplicas: 3 } };
}

describe('version', () => {
  it('tells the operator by its label, in the namespace that its rights name', async () => {
    cluster.others[bindings] = { metadata: { name: 'x' }, subjects: [{ namespace: 'release-tools' }] };
    cluster.others[deployment('release-tools')] = operator('r/tandem@sha256:0', {
      'app.kubernetes.io/version': version,
    });

    expect(await cluster.run('version')).toBe(0);
    expect(cluster.out).toBe(
      `tandem ${version} (Node ${process.version})\noperator ${version} in namespace release-tools: 3/3 replicas ready, image r/tandem@sha256:0\n`,
    );
  });

  it('tells it by the tag of its image, and that it is another one', async () => {
    cluster.others[deployment('tandem-system')] = operator('registry:5000/tandem:9.9.9@sha256:0');

    expect(await cluster.run('version')).toBe(0);
    expect(cluster.out).toContain('operator 9.9.9 in namespace tandem-system');
    expect(cluster.out).toContain('it is another version than this program');
    cluster.out = '';
    expect(await cluster.run('version', '-o', 'json')).toBe(0);
    expect(JSON.parse(cluster.out)).toMatchObject({ version, operator: { version: '9.9.9', ready: '3/3' } });
  });

  it('says why it does not know, and does not fail for it', async () => {
    cluster.interrupt = (_, reply) => reply.failure(403, 'Forbidden', 'you may not get deployments');

    expect(await cluster.run('version')).toBe(0);
    expect(cluster.out).toContain('operator: not known: you may not get deployments');
  });

  it('does not wait for a cluster that is away', async () => {
    cluster.interrupt = () => undefined;
    const running = cluster.run('version');
    await expect.poll(() => cluster.server.requests.length).toBeGreaterThan(0);
    await cluster.clock.advance(5000);

    expect(await running).toBe(0);
    expect(cluster.out).toContain('the cluster does not answer within 5 s');
  });

  it('asks nobody with --client', async () => {
    expect(await cluster.run('version', '--client')).toBe(0);
    expect(cluster.out).toBe(`tandem ${version} (Node ${process.version})\n`);
    expect(cluster.server.requests).toEqual([]);
  });
});
