import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { advanceUntil, until } from '../kube/testing/wait.ts';
import { type CliIo } from './io.ts';
import { runCli } from './program.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { canaryRevision, inPhase, ledgerLine, release, short, stableRevision, target } from './testing/fixtures.ts';

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await startCluster();
  cluster.target = target();
  cluster.releases.set('checkout', release());
});

afterEach(() => cluster.close());

function patches(): unknown[] {
  return cluster.server.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => body);
}

describe('list', () => {
  it('prints the table of the namespace', async () => {
    expect(await cluster.run('list')).toBe(0);
    expect(cluster.out).toBe(
      'NAME       TARGET     PHASE       VERDICT   STABLE       CANARY       SHARE   AGE\n' +
        `checkout   checkout   Analyzing   -         ${short(stableRevision)}   ${short(canaryRevision)}   25%     2d\n`,
    );
  });

  it('asks all namespaces and passes the selector on', async () => {
    expect(await cluster.run('list', '-A', '-l', 'team=shop')).toBe(0);
    expect(cluster.server.requests[0]).toMatchObject({
      path: '/apis/tandem.dev/v1alpha1/canaryreleases',
      query: { labelSelector: 'team=shop' },
    });
    expect(cluster.out).toMatch(/^NAMESPACE/);
  });

  it.each(['json', 'yaml'])('prints objects with their kind as %s', async (format) => {
    expect(await cluster.run('list', '-o', format)).toBe(0);
    expect(cluster.out).toMatch(/"?kind"?: "?List/);
    expect(cluster.out).toMatch(/"?kind"?: "?CanaryRelease/);
  });

  it('prints names', async () => {
    await cluster.run('list', '-o', 'name');

    expect(cluster.out).toBe('canaryrelease.tandem.dev/checkout\n');
  });

  it('says that there are none, and where', async () => {
    cluster.releases.clear();

    expect(await cluster.run('list')).toBe(0);
    expect([cluster.out, cluster.err]).toEqual(['', 'no CanaryReleases in namespace shop\n']);
  });

  it('says that Tandem is not installed', async () => {
    cluster.installed = false;

    expect(await cluster.run('list')).toBe(4);
    expect(cluster.err).toContain('error: Tandem is not installed in this cluster');
  });
});

describe('status', () => {
  it('reads the release and its target', async () => {
    expect(await cluster.run('status', 'crel/checkout', '-n', 'shop')).toBe(0);
    expect(cluster.out).toMatch(/^shop\/checkout: Analyzing for 2m50s\n/);
    expect(cluster.out).toContain('Deployment checkout, paused, gate holding');
  });

  it('does without a target that may not be read', async () => {
    cluster.interrupt = (request, reply) => {
      if (request.path.includes('/deployments/')) reply.failure(403, 'Forbidden', 'no');
      else reply.json(200, release());
    };

    expect(await cluster.run('status', 'checkout')).toBe(0);
    expect(cluster.out).toContain('Target    Deployment checkout\n');
  });

  it('says where a missing release was looked for', async () => {
    expect(await cluster.run('status', 'nothing')).toBe(4);
    expect(cluster.err).toBe(
      'error: no CanaryRelease nothing in namespace shop\n  tandem list -A shows those that exist\n',
    );
  });
});

describe('commands', () => {
  it('merges one annotation and says what will happen', async () => {
    expect(await cluster.run('promote', 'checkout')).toBe(0);
    expect(patches()).toEqual([
      { metadata: { annotations: { 'tandem.dev/promote': `${canaryRevision}@2026-11-20T10:03:00.000Z` } } },
    ]);
    expect(cluster.out).toBe(
      `checkout: revision ${short(canaryRevision)} will be promoted now, without waiting for a verdict\n`,
    );
  });

  it('holds and resumes', async () => {
    expect(await cluster.run('hold', 'checkout')).toBe(0);
    expect(await cluster.run('resume', 'checkout')).toBe(0);
    expect(cluster.releases.get('checkout')?.metadata.annotations).toEqual({});
  });

  it('writes nothing where nothing would happen', async () => {
    cluster.releases.set('checkout', inPhase('Idle'));

    expect(await cluster.run('abort', 'checkout')).toBe(1);
    expect(cluster.err).toContain('checkout: nothing to abort: nothing is held');
    expect(patches()).toEqual([]);
  });

  it('says which verb is missing', async () => {
    cluster.interrupt = (request, reply) => {
      if (request.method === 'PATCH')
        reply.failure(403, 'Forbidden', 'promoting needs the verb promote on this canaryrelease');
      else reply.json(200, request.path.includes('/deployments/') ? target() : release());
    };

    expect(await cluster.run('promote', 'checkout')).toBe(1);
    expect(cluster.err).toBe(
      'error: promoting needs the verb promote on this canaryrelease\n' +
        '  ask for a role with the verb promote on canaryreleases.tandem.dev\n',
    );
  });

  it('prints the object that was written', async () => {
    expect(await cluster.run('promote', 'checkout', '--next', '-o', 'json')).toBe(0);
    expect(JSON.parse(cluster.out)).toMatchObject({
      kind: 'CanaryRelease',
      metadata: { annotations: { 'tandem.dev/promote': 'next@2026-11-20T10:03:00.000Z' } },
    });
  });
});

describe('wait', () => {
  /** Starts it and lets it come to its first watch. */
  async function waiting(...args: string[]): Promise<Promise<number>[]> {
    const done = cluster.run('wait', 'checkout', ...args);
    await until(() => cluster.watches.length > 0);
    return [done];
  }

  it('follows a release to its promotion', async () => {
    cluster.releases.set(
      'checkout',
      inPhase('Idle', {}, { target: { generation: 16, revision: short(stableRevision) } }),
    );
    const [done] = await waiting();

    cluster.update(inPhase('Analyzing'));
    cluster.update(inPhase('Promoting'));
    cluster.update(
      inPhase(
        'Idle',
        {},
        {
          stable: { revision: short(canaryRevision) },
          ledger: [ledgerLine({ outcome: 'Promoted', sentence: 'nothing is worse' })],
        },
      ),
    );

    expect(await done).toBe(0);
    expect(cluster.out).toBe(`checkout: revision ${short(canaryRevision)} is promoted: nothing is worse\n`);
    expect(cluster.err).toBe(
      `[0s] the operator has not looked at revision ${short(canaryRevision)} yet\n[0s] Analyzing: it is Analyzing\n[0s] Promoting: it is Promoting\n`,
    );
  });

  it('answers a regression with 1, as data too', async () => {
    const [done] = await waiting('-o', 'json');

    cluster.update(inPhase('Rejected', {}, { ledger: [ledgerLine()] }));

    expect(await done).toBe(1);
    expect(JSON.parse(cluster.out)).toMatchObject({
      result: 'Regression',
      exitCode: 1,
      revision: canaryRevision,
      phase: 'Rejected',
    });
  });

  it('answers at once for a version that runs already', async () => {
    cluster.releases.set('checkout', inPhase('Idle', {}, { stable: { revision: short(canaryRevision) } }));

    expect(await cluster.run('wait', 'checkout')).toBe(0);
    expect(cluster.out).toContain('counts as promoted');
  });

  it('gives up at its timeout', async () => {
    const [done] = await waiting('--timeout', '90s');
    let code: number | undefined;
    void done?.then((answer) => (code = answer));

    await advanceUntil(cluster.clock, 1000, () => code !== undefined);

    expect(code).toBe(2);
    expect(cluster.out).toContain('is Analyzing after 90s; it goes on without being awaited');
  });

  it('lasts through a restart of the API and sees what happened meanwhile', async () => {
    const [done] = await waiting();
    let code: number | undefined;
    void done?.then((answer) => (code = answer));
    cluster.interrupt = (_, reply) => reply.failure(503, 'ServiceUnavailable', 'starting', { 'retry-after': '0' });
    for (const watch of cluster.watches) watch.reset();
    await advanceUntil(cluster.clock, 500, () => cluster.err.includes('does not answer'));

    cluster.releases.set('checkout', inPhase('Rejected', {}, { ledger: [ledgerLine()] }));
    cluster.interrupt = undefined;
    await advanceUntil(cluster.clock, 500, () => code !== undefined);

    expect(code).toBe(1);
  });

  it('polls where it may not watch', async () => {
    cluster.interrupt = (request, reply) => {
      if (request.query['watch'] !== undefined) return reply.failure(403, 'Forbidden', 'no watch');
      reply.json(200, request.path.includes('/deployments/') ? cluster.target : cluster.releases.get('checkout'));
    };
    let code: number | undefined;
    void cluster.run('wait', 'checkout').then((answer) => (code = answer));
    await until(() => cluster.err.includes('Analyzing'));

    cluster.releases.set('checkout', inPhase('Rejected', {}, { ledger: [ledgerLine()] }));
    await advanceUntil(cluster.clock, 500, () => code !== undefined);

    expect(code).toBe(1);
  });

  it('ends when the release is deleted', async () => {
    const [done] = await waiting();

    for (const watch of cluster.watches) watch.event('DELETED', release());

    expect(await done).toBe(4);
  });

  it('asks whether the operator runs when nobody looks', async () => {
    cluster.target = target('shop/checkout:1.43.0', { generation: 18 });
    const [done] = await waiting('--timeout', '2m');
    let code: number | undefined;
    void done?.then((answer) => (code = answer));

    await advanceUntil(cluster.clock, 1000, () => code !== undefined);

    expect(code).toBe(2);
    expect(cluster.err).toContain('is the operator running?');
  });

  it('answers 4 without the target', async () => {
    cluster.target = undefined;

    expect(await cluster.run('wait', 'checkout')).toBe(4);
    expect(cluster.err).toContain('Deployment checkout in namespace shop does not exist');
  });
});

describe('usage', () => {
  it.each([
    [['promote']],
    [['lst']],
    [['status', 'checkout', '--nope']],
    [['status', 'checkout', '-o', 'xml']],
    [['wait', 'checkout', '--timeout', '5']],
    [['wait', 'checkout', '--timeout=-5s']],
    [['promote', 'checkout', '--revision', 'zzz']],
    [['promote', 'checkout', '--next', '--revision', 'abcdef12']],
    [['list', '-n', '']],
    [[]],
  ])('%j is wrong usage', async (args) => {
    expect(await cluster.run(...args)).toBe(64);
    expect(cluster.err).not.toBe('');
    expect(cluster.server.requests).toEqual([]);
  });

  it('prints help and version without a cluster', async () => {
    expect(await cluster.run('wait', '--help')).toBe(0);
    expect(await cluster.run('version', '--client', '-o', 'json')).toBe(0);
    expect(cluster.out).toContain('3 superseded');
    expect(cluster.server.requests).toEqual([]);
  });

  it('hands the arguments of other commands over untouched and answers with their exit code', async () => {
    const got: string[][] = [];
    const io: CliIo = { ...silent, connect: () => Promise.reject(new Error('not asked for')) };
    const judge = {
      name: 'judge',
      description: 'reads recordings',
      load: () =>
        Promise.resolve((args: string[]) => {
          got.push(args);
          return Promise.resolve(7);
        }),
    };

    expect(await runCli(['judge', '--spec', 'f', '-o'], io, [judge])).toBe(7);
    expect(got).toEqual([['--spec', 'f', '-o']]);
  });

  it('turns any failure into one line', async () => {
    let err = '';
    const io = {
      ...silent,
      stderr: (text: string) => void (err += text),
      connect: () => Promise.reject(new Error('first\n  second')),
    };

    expect(await runCli(['list'], io)).toBe(1);
    expect(err).toBe('error: first second\n');
  });
});

const silent = {
  program: 'tandem',
  stdout: () => undefined,
  stderr: () => undefined,
  color: false,
  clock: { now: () => 0, after: () => () => undefined },
  interrupted: () => new AbortController().signal,
};
