import { afterEach, describe, expect, it } from 'vitest';
import { SERVICE_ACCOUNT } from '../../src/api/names.ts';
import type { CanaryRelease } from '../../src/api/schema.ts';
import { type KubeObject, type Pod, resources } from '../../src/kube/object.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { createWorld, firstRelease, type World, type WorldOptions } from './world.ts';

/** Whole releases in virtual time: the operator as it runs, over the in-process API. */

const releases = resources.canaryReleases;
const deployments = resources.deployments;
const quotas = { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true };

function quota(pods: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'pods', namespace: 'shop' },
    spec: { hard: { pods: String(pods) } },
  };
}

let world: World;
const short = { analysis: { minDuration: '2m', warmup: '10s' }, canary: { startDeadline: '1m' } };

async function begin(options: WorldOptions = {}): Promise<World> {
  world = await createWorld({ spec: short, ...options });
  return world;
}

afterEach(() => {
  world.killOperator();
  expect(world.violations).toEqual([]);
});

describe('one release', () => {
  it('arms the gate without touching a pod', async () => {
    await begin({ adopt: false });
    const before = world.pods();
    world.startOperator();
    await world.admin.create(releases, firstRelease());
    await world.until(
      'Ready',
      (status) => status.conditions?.find((item) => item.type === 'Ready')?.reason === 'Stable',
      60,
    );

    expect(world.pods()).toEqual(before);
    expect(await world.gate()).toBe('armed');
    expect((await world.status()).ledger?.map((entry) => entry.outcome)).toEqual(['Adopted']);
  });

  it('promotes a good version after the soak', async () => {
    await begin();
    world.script('v2', { verdict: 'Pass' });
    const before = world.pods();

    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.seconds(110);

    expect(world.pods()).toEqual(before);
    const entry = await world.outcome('Promoted', 120);
    await world.phase('Idle', 60);
    expect(entry.verdict).toBe('Pass');
    expect(world.serving()).toEqual({ v2: 3 });
    expect(world.canary()).toBeUndefined();
    expect(await world.gate()).toBe('armed');
  });

  it('takes a regression back and leaves stable alone', async () => {
    await begin();
    world.script('v2', { verdict: 'Regression' });
    const before = world.pods();

    await world.setVersion('v2');
    await world.phase('Rejected', 120);

    expect(world.pods()).toEqual(before);
    expect(world.canary()).toBeUndefined();
    expect(await world.gate()).toBe('rejected');
    expect((await world.status()).ledger?.[0]).toMatchObject({
      outcome: 'RolledBack',
      verdict: 'Regression',
      reason: 'latency-p95',
    });
  });

  it('takes a crash loop back without any metric', async () => {
    await begin();
    world.sandbox.pods.behave((pod) =>
      pod.spec.containers[0]?.image === 'shop:v2' ? { crash: { afterSeconds: 2 } } : undefined,
    );

    await world.setVersion('v2');
    await world.phase('Rejected', 120);

    expect((await world.status()).ledger?.[0]?.reason).toBe('CrashLoopBackOff');
  });

  it('waits for a person when promotion is Manual', async () => {
    await begin({ spec: { ...short, promotion: 'Manual' } });
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    const held = await world.phase('Held', 300);
    expect(held.conditions?.find((item) => item.type === 'Ready')?.reason).toBe('AwaitingPerson');
    await world.seconds(600);
    expect(world.serving()).toEqual({ v1: 3 });

    await world.command('promote', held.target?.revision ?? '');
    await world.outcome('Promoted', 120);
    expect(world.serving()).toEqual({ v2: 3 });
  });
});

describe('at the deadline', () => {
  const spec = (onUndecided: string): WorldOptions => ({
    spec: { ...short, analysis: { ...short.analysis, deadline: '5m', onUndecided } },
  });

  it('promotes on weak evidence, and says so', async () => {
    await begin(spec('Promote'));
    world.script('v2', { verdict: 'Undecided', weakPass: true });
    await world.setVersion('v2');
    const entry = await world.outcome('Promoted', 500);
    expect(entry).toMatchObject({ verdict: 'Undecided', reason: 'WeakEvidence' });
  });

  it('holds when an estimate is past its tolerance, and a later verdict ends it', async () => {
    await begin(spec('Promote'));
    world.script('v2', { verdict: 'Undecided', weakPass: false });
    await world.setVersion('v2');
    const held = await world.phase('Held', 500);
    expect(held.conditions?.find((item) => item.type === 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'Undecided',
    });
    expect(world.canary()).toBeDefined();

    world.script('v2', { verdict: 'Regression' });
    await world.phase('Rejected', 120);
  });

  it('never promotes without requests, whatever onUndecided says', async () => {
    await begin(spec('Promote'));
    world.script('v2', { verdict: 'Pass', weakPass: true, traffic: false });
    await world.setVersion('v2');
    await world.until(
      'NoTraffic',
      (status) => status.conditions?.find((item) => item.type === 'EvidenceAvailable')?.reason === 'NoTraffic',
      150,
    );
    await world.phase('Held', 700);
    await world.seconds(3000);
    expect(world.serving()).toEqual({ v1: 3 });
  });

  it('takes back without proof and does not reject for good', async () => {
    await begin(spec('Rollback'));
    world.script('v2', { verdict: 'Undecided' });
    await world.setVersion('v2');
    await world.outcome('NotProven', 500);
    await world.until('canary gone', () => world.canary() === undefined, 60);
    expect((await world.status()).phase).toBe('Held');
    await world.setVersion('v1');
    await world.phase('Idle', 60);
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
  });

  it('stands still while the source fails, for one deadline more', async () => {
    await begin(spec('Promote'));
    world.script('v2', { verdict: 'Undecided', weakPass: true, source: 'Failed' });
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.seconds(400);
    expect((await world.status()).phase).toBe('Analyzing');
    expect(world.serving()).toEqual({ v1: 3 });
    await world.phase('Held', 400);
    world.script('v2', { verdict: 'Pass' });
    await world.outcome('Promoted', 120);
  });
});

describe('another template', () => {
  it('supersedes the canary of the one before', async () => {
    await begin();
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.setVersion('v3');
    const entry = await world.outcome('Superseded', 60);
    await world.until('v3 runs', () => world.canary()?.spec.template.spec.containers[0]?.image === 'shop:v3', 60);
    expect(entry.images).toEqual(['app=shop:v2']);
    expect(world.serving()).toEqual({ v1: 3 });
  });

  it('back at stable ends the release and restarts nothing', async () => {
    await begin();
    const before = world.pods();
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.setVersion('v1');
    await world.outcome('Reverted', 60);
    await world.phase('Idle', 60);
    expect(world.pods()).toEqual(before);
    expect(await world.gate()).toBe('armed');
    expect((await world.status()).analysis).toBeUndefined();
  });

  it('back at stable after a rejection shows no verdict any more', async () => {
    await begin();
    world.script('v2', { verdict: 'Regression' });
    await world.setVersion('v2');
    await world.phase('Rejected', 120);
    await world.setVersion('v1');
    await world.phase('Idle', 60);
    const status = await world.status();
    expect(status.analysis).toBeUndefined();
    expect(status.ledger?.[0]).toMatchObject({ outcome: 'RolledBack', verdict: 'Regression' });
  });

  it('known to be good rolls without a new test', async () => {
    await begin();
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    await world.outcome('Promoted', 300);
    await world.phase('Idle', 60);
    await world.setVersion('v1');
    await world.until('v1 again', (status) => status.phase === 'Idle' && world.serving()['v1'] === 3, 120);
    expect((await world.status()).ledger?.[0]?.reason).toBe('KnownGood');
  });

  it('rejected before stays rejected until retry', async () => {
    await begin();
    world.script('v2', { verdict: 'Regression' });
    await world.setVersion('v2');
    await world.phase('Rejected', 120);
    const revision = (await world.status()).ledger?.[0]?.revision ?? '';
    await world.setVersion('v2');
    await world.patchTarget({
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } },
    });
    await world.seconds(120);
    expect((await world.status()).phase).toBe('Rejected');
    expect(world.canary()).toBeUndefined();

    world.script('v2', { verdict: 'Pass' });
    await world.command('retry', revision);
    await world.outcome('Promoted', 300);
  });

  it('a restart of stable rolls without a test', async () => {
    await begin();
    const before = world.pods();
    await world.patchTarget({
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '1' } } } },
    });
    await world.until(
      'restarted',
      (status) => status.phase === 'Idle' && !world.pods().some((name) => before.includes(name)),
      120,
    );
    expect(world.canary()).toBeUndefined();
  });
});

describe.each([
  [1, 1, 0],
  [2, '25%', '25%'],
  [4, 1, 0],
  [4, 2, 1],
  [4, 0, 1],
  [10, '25%', '25%'],
  [10, 3, 0],
])(
  'a template that comes while another is promoted, %i replicas, surge %s, unavailable %s',
  (replicas, maxSurge, maxUnavailable) => {
    const options: WorldOptions = {
      replicas,
      deployment: {
        minReadySeconds: 2,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      },
    };

    it.each([0, 2.5, 4, 6, 9, 14])('after %d s: the one before is finished first', async (after) => {
      await begin(options);
      world.script('v2', { verdict: 'Pass' });
      await world.setVersion('v2');
      await world.until('approved', (status) => status.phase === 'Promoting', 300);
      await world.seconds(after);
      await world.setVersion('v3');
      await world.until(
        'v3 is tested',
        (status) =>
          status.phase === 'Analyzing' && world.canary()?.spec.template.spec.containers[0]?.image === 'shop:v3',
        300,
      );
      expect(Object.keys(world.serving())).toHaveLength(1);
      world.script('v3', { verdict: 'Pass' });
      await world.until('v3 is stable', (status) => status.phase === 'Idle' && world.serving()['v3'] === replicas, 400);
    });

    it('restores the first version when the second does not become ready', async () => {
      await begin(options);
      world.script('v2', { verdict: 'Pass' });
      await world.setVersion('v2');
      await world.phase('Analyzing', 60);
      world.sandbox.pods.behave((pod) =>
        pod.spec.containers[0]?.image === 'shop:v2' && pod.metadata.labels?.['tandem.dev/track'] === undefined
          ? { crash: { afterSeconds: 1 } }
          : undefined,
      );
      await world.until('v2 rolls', () => world.serving()['v2'] !== undefined, 300);
      await world.seconds(3);
      await world.setVersion('v3');
      await world.until(
        'v3 is tested',
        (status) =>
          status.phase === 'Analyzing' && world.canary()?.spec.template.spec.containers[0]?.image === 'shop:v3',
        600,
      );
      expect(world.serving()).toEqual({ v1: replicas });
      expect((await world.status()).ledger?.find((entry) => entry.outcome === 'RolledBack')?.images).toEqual([
        'app=shop:v2',
      ]);
    });
  },
);

describe('scaling', () => {
  it('to 0 and up again while held brings stable back', async () => {
    await begin();
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.scale(0);
    await world.until('held at zero', (status) => status.phase === 'Held', 60);
    await world.until('no pods', () => world.pods().length === 0, 60);
    await world.scale(3);
    await world.until(
      'stable is back and v2 is tested',
      (status) => status.phase === 'Analyzing' && world.serving()['v1'] === 3,
      120,
    );
  });

  it('to 0 and up again after a revert brings stable back', async () => {
    await begin();
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    await world.outcome('Promoted', 300);
    await world.setVersion('v1');
    await world.until('v1 again', (status) => status.phase === 'Idle' && world.serving()['v1'] === 3, 120);
    await world.setVersion('v3');
    await world.phase('Analyzing', 60);
    await world.scale(0);
    await world.until('no pods', () => world.pods().length === 0, 60);
    await world.scale(2);
    await world.until('v1 serves', () => world.serving()['v1'] === 2, 60);
  });

  it('a template that comes while nothing serves rolls at once, said as Untested', async () => {
    await begin();
    await world.scale(0);
    await world.until('no pods', (status) => world.pods().length === 0 && status.stable?.replicas === 0, 60);
    await world.setVersion('v2');
    await world.outcome('Untested', 60);
    await world.scale(3);
    await world.until('v2 serves', () => world.serving()['v2'] === 3, 60);
  });
});

describe('what people do', () => {
  it('abort takes the canary away and rejects the template', async () => {
    await begin();
    await world.setVersion('v2');
    const status = await world.phase('Analyzing', 60);
    await world.command('abort', status.target?.revision ?? '');
    await world.phase('Rejected', 60);
    expect((await world.status()).ledger?.[0]?.outcome).toBe('Aborted');
  });

  it('hold stops a promotion, not a rollback', async () => {
    await begin();
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    const status = await world.phase('Analyzing', 60);
    await world.command('hold', status.target?.revision ?? '');
    await world.phase('Held', 60);
    await world.seconds(1200);
    expect(world.serving()).toEqual({ v1: 3 });
    world.script('v2', { verdict: 'Regression' });
    await world.phase('Rejected', 60);
  });

  it('deletion in Analyzing leaves stable serving and the untested template paused', async () => {
    await begin();
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.admin.delete(
      { apiVersion: 'tandem.dev/v1alpha1', kind: 'CanaryRelease', plural: 'canaryreleases', namespaced: true },
      { namespace: 'shop', name: 'checkout' },
    );
    await world.until('left', async () => (await world.gate()) === 'open' && world.canary() === undefined, 60);
    expect((await world.target()).spec.paused).toBe(true);
    expect(world.serving()).toEqual({ v1: 3 });
  });

  it('suspend lets go of an idle target and takes it up again', async () => {
    await begin();
    await world.patchRelease({ spec: { suspend: true } });
    await world.until('not gated', async () => (await world.gate()) === undefined, 60);
    await world.setVersion('v2');
    await world.until('v2 serves', () => world.serving()['v2'] === 3, 60);
    await world.patchRelease({ spec: { suspend: false } });
    await world.phase('Idle', 60);
    await world.until('armed', async () => (await world.gate()) === 'armed', 60);
    await world.setVersion('v3');
    await world.phase('Analyzing', 60);
  });

  it('a stable whose pods cannot be created is not taken for broken', async () => {
    await begin({ spec: { ...short, analysis: { ...short.analysis, onUndecided: 'Hold' } } });
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.admin.create(quotas, quota(1));
    for (const name of world.pods()) await world.admin.delete(resources.pods, { namespace: 'shop', name });
    await world.seconds(300);
    expect(world.pods()).toEqual([]);
    expect(world.serving()).toEqual({ v1: 3 });
    expect((await world.status()).ledger?.map((entry) => entry.outcome)).toEqual(['Adopted']);
    world.violations.length = 0;
  });

  it('a broken stable gets its fix on readiness alone', async () => {
    await begin();
    world.sandbox.pods.behave((pod) =>
      pod.spec.containers[0]?.image === 'shop:v1' ? { crash: { afterSeconds: 1 } } : undefined,
    );
    await world.seconds(120);
    await world.setVersion('v2');
    const entry = await world.outcome('Promoted', 300);
    expect(entry.reason).toBe('StableBroken');
    world.violations.length = 0;
  });
});

describe('at rest', () => {
  it('asks nothing of the API but the proof of the gate once an hour', async () => {
    await begin();
    await world.seconds(60);
    const calls: string[] = [];
    world.sandbox.observe((call) => {
      if (call.username.endsWith(':tandem') && call.verb !== 'watch')
        calls.push(`${call.verb}${call.dryRun ? ' dry run' : ''}`);
    });
    await world.seconds(3 * 3600);
    const passes = calls.filter((call) => call === 'patch dry run').length;
    expect(passes).toBe(3);
    expect(calls.filter((call) => call === 'create' || call === 'patch' || call === 'delete')).toEqual([]);
  });
});

describe('what goes wrong beside the version', () => {
  it('a skew of the traffic is an event when it appears, and a warning as long as it lasts', async () => {
    await begin();
    const text = 'skewed traffic: canary has 25 % of the pods and 80 % of the requests of the last 2 minutes';
    world.script('v2', { verdict: 'Undecided', warning: { text, from: 30, to: 90 } });
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.seconds(75);
    expect((await world.status()).analysis?.warnings).toContain(text);
    await world.seconds(60);
    expect((await world.status()).analysis?.warnings ?? []).not.toContain(text);
    const told = world.events.filter(({ reason }) => reason === 'SkewedTraffic');
    expect(told.map(({ type, note }) => [type, note.includes(text)])).toEqual([['Warning', true]]);
  });

  it('a quota that the canary fills gives way for the promotion', async () => {
    await begin();
    world.script('v2', { verdict: 'Pass' });
    await world.admin.create(quotas, quota(4));
    await world.setVersion('v2');
    await world.outcome('Promoted', 600);
    expect(world.serving()).toEqual({ v2: 3 });
    expect(world.events.map((event) => event.reason)).toContain('CanaryMadeRoom');
  });

  it('while the pods of stable crash for good, a canary that crashes too is started ever more seldom', async () => {
    await begin();
    const started: number[] = [];
    world.sandbox.observe(({ username, verb, name, resource }) => {
      const creates = username.endsWith(':tandem') && verb === 'create' && resource?.plural === 'deployments';
      if (creates && name !== 'shop') started.push(world.clock.now());
    });
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    // One of them at a time: some pod of stable is ready, and it is in trouble all the same.
    const stable = world.sandbox.peek<Pod>(resources.pods, 'shop').map(({ metadata }) => metadata.name);
    world.sandbox.pods.behave((pod) => {
      const isCanary = pod.metadata.name.includes('-canary-');
      if (isCanary) return { crash: { afterSeconds: 40 } };
      return pod.metadata.name === stable[0] ? { crash: { afterSeconds: 10 } } : undefined;
    });
    const held = await world.phase('Held', 900);
    expect(held.message).toMatch(/stable.*mend stable, or kubectl tandem promote/);
    expect(held.canaryBackoff).toMatchObject({ attempts: 3 });
    expect(started).toHaveLength(3);
    const [first = 0, second = 0] = started.slice(1).map((at, i) => (at - (started[i] ?? 0)) / 1000);
    expect(second).toBeGreaterThan(first + 20);
    await world.seconds(100);
    expect(started).toHaveLength(3);
    expect((await world.status()).ledger?.map(({ outcome }) => outcome)).toEqual(['Adopted']);
    world.sandbox.pods.heal();
    world.script('v2', { verdict: 'Pass' });
    await world.outcome('Promoted', 1800);
    // Stable lost its pods by itself.
    const lost = world.violations.splice(0);
    expect(lost.filter((text) => !text.includes('2 of 3 pods are ready'))).toEqual([]);
  });

  it('a quota that keeps the canary out is no regression and is tried again', async () => {
    await begin();
    await world.admin.create(quotas, quota(3));
    await world.setVersion('v2');
    const held = await world.phase('Held', 300);
    expect(held.analysis?.reason).toBe('CanaryBlocked');
    expect(held.ledger?.map((entry) => entry.outcome)).toEqual(['Adopted']);
    await world.admin.patch(
      quotas,
      { namespace: 'shop', name: 'pods' },
      { spec: { hard: { pods: '10' } } },
      { type: 'merge' },
    );
    await world.phase('Analyzing', 600);
  });

  it('a canary that somebody orphaned is put back, and none of its pods stays', async () => {
    await begin();
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    const orphan = (): Promise<unknown> =>
      world.admin.delete(deployments, { namespace: 'shop', name: 'shop-canary' }, { propagationPolicy: 'Orphan' });
    await expect(orphan()).rejects.toThrow('leave out --cascade=orphan');
    await world.allowOrphans();
    await orphan();
    await world.until(
      'a new canary runs',
      (status) => status.phase === 'Analyzing' && world.canary() !== undefined,
      120,
    );
    await world.until('one ReplicaSet with pods of the target', () => Object.keys(world.serving()).length === 1, 60);
    expect(world.serving()).toEqual({ v1: 3 });
    world.violations.length = 0;
  });

  it('a canary that loses readiness for a minute is taken out', async () => {
    await begin();
    world.sandbox.pods.behave((pod) =>
      pod.spec.containers[0]?.image === 'shop:v2' ? { unready: [{ from: 20, to: 3600 }] } : undefined,
    );
    await world.setVersion('v2');
    await world.phase('Rejected', 300);
    expect((await world.status()).ledger?.[0]?.reason).toBe('LostReadiness');
  });

  it.each([
    ['ConfigMap', resources.configMaps, { configMap: { name: 'settings' } }],
    ['Secret', resources.secrets, { secret: { secretName: 'settings' } }],
  ])('a %s that changes under the comparison needs a person', async (kind, resource, source) => {
    await begin({ trackSecrets: true });
    const name = 'settings';
    const config = { apiVersion: 'v1', kind, metadata: { name, namespace: 'shop' }, data: { a: 'MQ==' } };
    await world.admin.create(resource, config);
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2', { volumes: [{ name, ...source }] });
    await world.phase('Analyzing', 60);
    await world.admin.patch(resource, { namespace: 'shop', name }, { data: { a: 'Mg==' } }, { type: 'merge' });
    await world.until(
      'contaminated',
      (status) => status.conditions?.some((item) => item.reason === 'ContaminatedControl') === true,
      300,
    );
    await world.seconds(1200);
    expect(world.serving()).toEqual({ v1: 3 });
    await world.command('promote', (await world.status()).target?.revision ?? '');
    await world.outcome('Promoted', 120);
  });

  it('keeps the pods of a rejected canary in quarantine, out of the Service, until their time is over', async () => {
    await begin({ spec: { ...short, canary: { ...short.canary, quarantine: '5m' } } });
    world.script('v2', { verdict: 'Regression' });
    await world.setVersion('v2');
    await world.phase('Rejected', 120);
    const kept = (): Pod[] =>
      world.sandbox
        .peek<Pod>(resources.pods, 'shop')
        .filter((pod) => pod.metadata.labels?.['tandem.dev/track'] === 'quarantine');
    expect(kept()).toHaveLength(1);
    expect(kept()[0]?.metadata.labels).not.toHaveProperty('app');
    expect(kept()[0]?.metadata.ownerReferences?.map((owner) => owner.kind)).toEqual(['CanaryRelease']);
    await world.until('ended', () => kept().length === 0, 400);
    expect(world.pods()).toHaveLength(3);
  });

  it('two releases of one target: the older one works, the other says why it does not', async () => {
    await begin();
    await world.seconds(5);
    await world.admin.create(releases, {
      apiVersion: 'tandem.dev/v1alpha1',
      kind: 'CanaryRelease',
      metadata: { name: 'second', namespace: 'shop' },
      spec: { targetRef: { name: 'shop' } },
    });
    await world.seconds(30);
    const second = await world.admin.get<CanaryRelease>(releases, { namespace: 'shop', name: 'second' });
    expect(second.status).toMatchObject({ phase: 'Invalid' });
    expect(second.status?.message).toContain('checkout');
    expect((await world.status()).phase).toBe('Idle');
    await world.admin.delete(releases, { namespace: 'shop', name: 'checkout' });
    await world.seconds(60);
    const taken = await world.admin.get<CanaryRelease>(releases, { namespace: 'shop', name: 'second' });
    expect(taken.status?.phase).toBe('Idle');
    expect(await world.gate()).toBe('armed');
  });

  it('a target that comes later is waited for', async () => {
    await begin({ adopt: false });
    world.startOperator();
    await world.admin.create(releases, {
      apiVersion: 'tandem.dev/v1alpha1',
      kind: 'CanaryRelease',
      metadata: { name: 'checkout', namespace: 'shop' },
      spec: { targetRef: { name: 'later' } },
    });
    await world.until(
      'waited for',
      (status) => status.conditions?.find((item) => item.type === 'Reconciling')?.reason === 'TargetNotFound',
      30,
    );
    expect((await world.status()).conditions?.find((item) => item.type === 'Stalled')?.status).toBe('False');
    await world.until(
      'an error',
      (status) => status.conditions?.find((item) => item.type === 'Stalled')?.status === 'True',
      400,
    );
    await world.admin.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'later', namespace: 'shop' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'later' } },
        template: {
          metadata: { labels: { app: 'later' } },
          spec: { containers: [{ name: 'app', image: 'later:v1' }] },
        },
      },
    });
    await world.phase('Idle', 60);
  });

  it.each<[string, object, RegExp]>([
    ['Recreate', { strategy: { type: 'Recreate', rollingUpdate: null } }, /Recreate/],
    ['no history', { revisionHistoryLimit: 0 }, /revisionHistoryLimit/],
    [
      'no surge with one replica',
      { replicas: 1, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } },
      /maxSurge/,
    ],
  ])('a target with %s is refused with the mend, and released when it is mended', async (_, spec, message) => {
    await begin({ adopt: false });
    const before = (await world.target()).spec;
    await world.patchTarget({ spec });
    await world.seconds(30);
    world.startOperator();
    await world.admin.create(releases, firstRelease());
    const status = await world.phase('Invalid', 60);
    expect(status.message).toMatch(message);
    expect(status.conditions?.find((item) => item.type === 'Stalled')?.reason).toBe('TargetUnsupported');
    expect(await world.gate()).toBeUndefined();
    await world.patchTarget({
      spec: { replicas: before.replicas, strategy: before.strategy, revisionHistoryLimit: 10 },
    });
    await world.phase('Idle', 120);
  });

  it('a target paused by its user before is left alone', async () => {
    await begin({ adopt: false, deployment: { paused: true } });
    world.startOperator();
    await world.admin.create(releases, firstRelease());
    const status = await world.phase('Invalid', 60);
    expect(status.message).toContain('rollout resume');
    expect(await world.gate()).toBeUndefined();
  });

  it('a canary name that is taken is refused, and what has it is left alone', async () => {
    await begin({ adopt: false });
    await world.admin.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'shop-canary', namespace: 'shop' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'mine' } },
        template: { metadata: { labels: { app: 'mine' } }, spec: { containers: [{ name: 'app', image: 'mine:1' }] } },
      },
    });
    world.startOperator();
    await world.admin.create(releases, firstRelease());
    const status = await world.phase('Invalid', 60);
    expect(status.message).toContain('shop-canary');
    await world.seconds(60);
    expect(world.canary()?.spec.replicas).toBe(1);
  });

  it('a target that is deleted and created again is adopted as it is, and said', async () => {
    await begin();
    const { spec } = await world.target();
    world.sandbox.pods.behave((pod) =>
      pod.spec.containers[0]?.image === 'shop:v2' ? { readySeconds: 30 } : undefined,
    );
    await world.admin.delete(deployments, { namespace: 'shop', name: 'shop' });
    await world.seconds(5);
    await world.admin.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'shop', namespace: 'shop' },
      spec: {
        ...spec,
        template: {
          ...spec.template,
          spec: { ...spec.template.spec, containers: [{ name: 'app', image: 'shop:v2' }] },
        },
      },
    });
    await world.until('seen while it rolls', (status) => status.ledger?.[0]?.outcome === 'Bypassed', 12);
    expect((await world.target()).status?.availableReplicas ?? 0).toBe(0);
    await world.until('armed', async () => (await world.gate()) === 'armed', 60);
    expect(world.events.map((event) => event.reason)).toContain('GateBypassed');
  });

  it('no policy in force: the release says so and does not call itself ready', async () => {
    await begin({ adopt: false, policies: false });
    world.startOperator();
    await world.admin.create(releases, firstRelease());
    const status = await world.until('refused', (now) => now.phase === 'Invalid' || now.gate?.mode === 'Paused', 60);
    expect(status.conditions?.find((item) => item.type === 'Ready')?.status).not.toBe('True');
  });
});

describe('gate: Paused', () => {
  it('keeps the target paused, tests, promotes and pauses again', async () => {
    await begin({ spec: { ...short, gate: 'Paused' } });
    world.script('v2', { verdict: 'Pass' });
    expect((await world.target()).spec.paused).toBe(true);
    await world.setVersion('v2');
    await world.outcome('Promoted', 300);
    await world.until(
      'paused again',
      async () => (await world.target()).spec.paused === true && (await world.status()).phase === 'Idle',
      60,
    );
    expect(world.serving()).toEqual({ v2: 3 });
  });
});

describe('retry while a canary is there', () => {
  it('starts the test anew with a fresh canary', async () => {
    await begin({ spec: { ...short, analysis: { ...short.analysis, deadline: '3m', onUndecided: 'Hold' } } });
    world.script('v2', { verdict: 'Undecided' });
    await world.setVersion('v2');
    const held = await world.phase('Held', 300);
    const first = world.canary()?.metadata.uid;
    await world.command('retry', held.target?.revision ?? '');
    await world.until(
      'another canary is analysed',
      (status) => status.phase === 'Analyzing' && world.canary()?.metadata.uid !== first,
      120,
    );
    await world.seconds(60);
    expect((await world.status()).phase).toBe('Analyzing');
  });
});

describe('races', () => {
  it('a template written between the decision and the write that resumes the target does not roll', async () => {
    await begin();
    world.script('v2', { verdict: 'Pass' });
    let raced = 0;
    world.sandbox.faults.before(async (call): Promise<Fault> => {
      const body = call.body as { spec?: { paused?: null } } | undefined;
      const resumes = call.verb === 'patch' && call.name === 'shop' && !call.dryRun && body?.spec?.paused === null;
      if (!resumes || raced > 0) return 'ok';
      raced += 1;
      await world.setVersion('v3');
      return 'ok';
    }, SERVICE_ACCOUNT);
    await world.setVersion('v2');
    await world.until('v3 is tested', () => world.canary()?.spec.template.spec.containers[0]?.image === 'shop:v3', 400);
    await world.seconds(60);
    expect(raced).toBe(1);
    expect(world.serving()).toEqual({ v1: 3 });
  });

  it('a status written between the look and the write is not overwritten', async () => {
    await begin();
    world.script('v2', { verdict: 'Regression' });
    let raced = 0;
    world.sandbox.faults.before(async (call): Promise<Fault> => {
      if (call.subresource !== 'status' || raced >= 3) return 'ok';
      raced += 1;
      await world.patchRelease({ metadata: { annotations: { note: String(raced) } } });
      return 'ok';
    }, SERVICE_ACCOUNT);
    await world.setVersion('v2');
    await world.phase('Rejected', 200);
    expect(raced).toBe(3);
    expect((await world.status()).ledger?.filter((entry) => entry.outcome === 'RolledBack')).toHaveLength(1);
  });
});

describe('scaling while a version is tested', () => {
  it('up and down does not disturb the comparison', async () => {
    await begin();
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    const canary = world.canary()?.metadata.uid;
    for (const replicas of [5, 2, 4]) {
      await world.scale(replicas);
      for (let index = 0; index < 20; index += 1) {
        expect((await world.status()).phase).toBe('Analyzing');
        await world.seconds(0.25);
      }
    }
    expect(world.canary()?.metadata.uid).toBe(canary);
    expect(world.serving()).toEqual({ v1: 4 });
  });

  it('promote: next counts right after another release has ended', async () => {
    await begin();
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    await world.outcome('Promoted', 300);
    await world.command('promote', 'next');
    await world.setVersion('v3');
    await world.until('v3 is stable', (status) => status.phase === 'Idle' && world.serving()['v3'] === 3, 60);
  });
});
