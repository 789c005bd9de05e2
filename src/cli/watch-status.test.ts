import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { advanceUntil } from '../kube/testing/wait.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { inPhase, ledgerLine, release, target } from './testing/fixtures.ts';

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await startCluster();
  cluster.target = target();
  cluster.releases.set('checkout', release());
});

afterEach(() => cluster.close());

describe('status --watch', () => {
  it('prints each state once where the output is no terminal, until Ctrl-C', async () => {
    const running = cluster.run('status', 'checkout', '--watch');
    await advanceUntil(cluster.clock, 1000, () => cluster.out.includes('Analyzing'));
    const promoting = inPhase('Promoting');
    cluster.releases.set('checkout', { ...promoting, metadata: { ...promoting.metadata, resourceVersion: '101' } });
    await advanceUntil(cluster.clock, 1000, () => cluster.out.includes('Promoting'));
    cluster.ctrlC.abort();

    expect(await running).toBe(0);
    expect(cluster.out.match(/shop\/checkout: Analyzing/g)).toHaveLength(1);
    expect(cluster.out.match(/shop\/checkout: Promoting/g)).toHaveLength(1);
  });

  it('lasts through an outage and says so', async () => {
    const running = cluster.run('status', 'checkout', '--watch');
    await advanceUntil(cluster.clock, 1000, () => cluster.out !== '');
    cluster.interrupt = (_, reply) => reply.failure(503, 'ServiceUnavailable', 'away');
    await advanceUntil(cluster.clock, 1000, () => cluster.err.includes('still trying'));
    cluster.ctrlC.abort();

    expect(await running).toBe(0);
  });

  it('lasts through an outage that begins between the release and its target', async () => {
    cluster.interrupt = (request, reply) =>
      request.path.includes('/deployments/')
        ? reply.failure(503, 'ServiceUnavailable', 'away')
        : reply.json(200, release());
    const running = cluster.run('status', 'checkout', '--watch');
    await advanceUntil(cluster.clock, 1000, () => cluster.err.includes('still trying'));
    cluster.interrupt = undefined;
    await advanceUntil(cluster.clock, 1000, () => cluster.out.includes('Analyzing'));
    cluster.ctrlC.abort();

    expect(await running).toBe(0);
  });

  it('ends when the release is deleted', async () => {
    const running = cluster.run('status', 'checkout', '-w');
    await advanceUntil(cluster.clock, 1000, () => cluster.out !== '');
    cluster.releases.clear();

    await advanceUntil(cluster.clock, 1000, () => cluster.err.includes('was deleted'));
    expect(await running).toBe(4);
  });

  it('is no machine-readable format', async () => {
    expect(await cluster.run('status', 'checkout', '--watch', '-o', 'json')).toBe(64);
  });
});

describe('history', () => {
  it('prints revisions for scripts, and namespaces where they are asked for', async () => {
    cluster.releases.set('checkout', release({ status: { ledger: [ledgerLine()] } }));
    expect(await cluster.run('history', 'checkout', '-o', 'name')).toBe(0);
    expect(cluster.out).toBe(`${ledgerLine().revision}\n`);
    cluster.out = '';
    expect(await cluster.run('history', '--summary', '--by', 'namespace')).toBe(0);
    expect(cluster.out).toMatch(/^NAMESPACE .*\nshop +1 +1 /);
    cluster.out = '';
    expect(await cluster.run('history', '--summary', '--by', 'namespace', '-o', 'json')).toBe(0);
    expect(JSON.parse(cluster.out)).toMatchObject([{ namespace: 'shop', releases: 1, takenBack: 1 }]);
    expect(await cluster.run('history', 'checkout', '--by', 'namespace')).toBe(64);
    expect(await cluster.run('history', '--summary', '-o', 'name')).toBe(64);
  });

  it('asks for a name or a summary', async () => {
    expect(await cluster.run('history')).toBe(64);
    expect(await cluster.run('history', 'checkout', '-A')).toBe(64);
    expect(await cluster.run('history', '--summary', '-o', 'json')).toBe(0);
    expect(JSON.parse(cluster.out)).toMatchObject([{ name: 'checkout', tested: 0 }]);
  });
});
