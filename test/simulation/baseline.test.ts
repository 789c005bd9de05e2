import { afterEach, describe, expect, it } from 'vitest';
import { type KubeObject, type Pod, type ReplicaSet, resources } from '../../src/kube/object.ts';
import { revisionOf } from '../../src/release/revision.ts';
import { createWorld, firstRelease, type World, type WorldOptions } from './world.ts';

/** A fresh pod of stable beside the canary: an aid that comes and goes with it and never stands in the way. */

const quotas = { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true };
const spec = {
  analysis: { minDuration: '3m', warmup: '10s' },
  canary: { startDeadline: '2m', baseline: true },
};

let world: World;

async function begin(options: WorldOptions = {}): Promise<World> {
  world = await createWorld({ spec, ...options });
  return world;
}

afterEach(() => {
  world.killOperator();
  expect(world.violations).toEqual([]);
});

function podsOf(track: string): Pod[] {
  return world.sandbox
    .peek<Pod>(resources.pods, 'shop')
    .filter((pod) => pod.metadata.labels?.['tandem.dev/track'] === track);
}

function left(): KubeObject[] {
  const sets = world.sandbox.peek<ReplicaSet>(resources.replicaSets, 'shop');
  const ofTracks = sets.filter((set) => 'tandem.dev/track' in (set.metadata.labels ?? {}));
  return [world.canary(), world.baseline(), ...ofTracks, ...podsOf('canary'), ...podsOf('baseline')].filter(
    (object) => object !== undefined,
  );
}

/** What the pods of a version do, by the label of their track. */
function behave(track: string, behaviour: Parameters<World['sandbox']['pods']['behave']>[0]): void {
  world.sandbox.pods.behave((pod) =>
    pod.metadata.labels?.['tandem.dev/track'] === track ? behaviour(pod) : undefined,
  );
}

async function bothRun(): Promise<void> {
  await world.until('both run', (status) => status.phase === 'Analyzing' && status.baseline?.ready === 1, 60);
}

describe('while the canary is compared', () => {
  it("runs one pod of stable's template under the rules of a canary", async () => {
    await begin();
    await world.setVersion('v2');
    await bothRun();

    const baseline = world.baseline();
    const [stable] = world.sandbox.peek<ReplicaSet>(resources.replicaSets, 'shop');
    const labels = { 'tandem.dev/release': 'checkout', 'tandem.dev/track': 'baseline' };
    expect(baseline?.spec).toMatchObject({ replicas: 1, selector: { matchLabels: labels } });
    expect(baseline?.spec.template.spec.containers[0]).toMatchObject({
      image: 'shop:v1',
      env: [
        { name: 'TANDEM_TRACK', value: 'baseline' },
        {
          name: 'TANDEM_VERSION',
          value: revisionOf(stable?.spec.template ?? { spec: { containers: [] } }).slice(0, 10),
        },
      ],
    });
    expect(baseline?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'CanaryRelease', controller: true });
    const [pod] = podsOf('baseline');
    expect(pod?.metadata.labels).toMatchObject({ app: 'shop', ...labels });
    const { status } = await world.release();
    expect(status?.baseline).toMatchObject({ revision: status?.stable?.revision, replicas: 1, ready: 1 });
    expect(status?.canary?.share).toBe('20%');
  });

  it('is not started without being asked for', async () => {
    await begin({ spec: { ...spec, canary: { startDeadline: '2m' } } });
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.seconds(60);
    expect(world.baseline()).toBeUndefined();
    expect((await world.status()).baseline).toBeUndefined();
  });

  it('goes when it is not asked for any more', async () => {
    await begin();
    await world.setVersion('v2');
    await bothRun();
    await world.patchRelease({ spec: { canary: { baseline: false } } });
    await world.until('gone', (status) => world.baseline() === undefined && status.baseline === undefined, 60);
    expect((await world.status()).phase).toBe('Analyzing');
    await world.patchRelease({ spec: { canary: { baseline: true } } });
    await world.seconds(60);
    expect(world.baseline()).toBeUndefined();
  });
});

describe('at every end nothing of it is left', () => {
  const ends: [string, (world: World) => Promise<unknown>][] = [
    ['promoted', async () => world.outcome('Promoted', 400).then(() => world.phase('Idle', 60))],
    [
      'taken back',
      async () => {
        world.script('v2', { verdict: 'Regression' });
        await world.phase('Rejected', 60);
      },
    ],
    [
      'aborted',
      async () => {
        await world.command('abort', (await world.status()).target?.revision ?? '');
        await world.phase('Rejected', 60);
      },
    ],
    ['reverted', async () => world.setVersion('v1').then(() => world.phase('Idle', 60))],
    ['suspended', async () => world.patchRelease({ spec: { suspend: true } }).then(() => world.phase('Suspended', 60))],
    ['opened', async () => world.patchTarget({ metadata: { labels: { 'tandem.dev/gate': 'open' } } })],
    ['scaled to zero', async () => world.scale(0).then(() => world.phase('Held', 60))],
    ['deleted', async () => world.admin.delete(resources.canaryReleases, { namespace: 'shop', name: 'checkout' })],
    ['no verdict, taken back', async () => world.phase('Held', 900)],
  ];
  it.each(ends)('%s', async (name, end) => {
    const undecided = name === 'no verdict, taken back';
    const analysis = { ...spec.analysis, deadline: '5m', onUndecided: 'Rollback' };
    await begin(undecided ? { spec: { ...spec, analysis } } : {});
    world.script('v2', { verdict: undecided ? 'Undecided' : 'Pass' });
    await world.setVersion('v2');
    await bothRun();
    await end(world);
    await world.seconds(20);
    expect(left()).toEqual([]);
  });

  it('superseded: the next version gets a fresh one', async () => {
    await begin();
    await world.setVersion('v2');
    await bothRun();
    const [first] = podsOf('baseline');
    await world.setVersion('v3');
    await world.until('v3 runs', () => world.canary()?.spec.template.spec.containers[0]?.image === 'shop:v3', 60);
    await bothRun();
    const [second] = podsOf('baseline');
    expect(second?.metadata.name).not.toBe(first?.metadata.name);
    expect(podsOf('baseline')).toHaveLength(1);
  });

  it('quarantine keeps pods of the canary alone', async () => {
    await begin({ spec: { ...spec, canary: { ...spec.canary, quarantine: '5m' } } });
    world.script('v2', { verdict: 'Regression' });
    await world.setVersion('v2');
    await world.phase('Rejected', 120);
    await world.seconds(20);
    expect(podsOf('quarantine').map((pod) => pod.spec.containers[0]?.image)).toEqual(['shop:v2']);
    expect(left()).toEqual([]);
  });
});

describe('it never stands in the way', () => {
  const withoutOne = (why: RegExp): Promise<unknown> =>
    world.until(
      'the word that there is none',
      (status) => status.warnings?.some((text) => text.startsWith('no baseline') && why.test(text)) === true,
      200,
    );

  it.each<[string, Parameters<typeof behave>[1], RegExp]>([
    ['no node takes it', () => ({ unschedulable: '0/1 nodes are available: insufficient memory' }), /insufficient/],
    ['its image cannot be pulled', () => ({ imagePull: 'Timeout' }), /ImagePull|ErrImage|not ready/],
    ['it does not become ready', () => ({ readySeconds: 'never' }), /not ready/],
    ['it crashes', () => ({ crash: { afterSeconds: 3 } }), /not ready/],
    ['it loses its readiness', () => ({ unready: [{ from: 20 }] }), /not ready/],
  ])('%s: the release goes on without it, with a word', async (_, behaviour, why) => {
    await begin();
    behave('baseline', behaviour);
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    await withoutOne(why);
    await world.until('it is gone', () => podsOf('baseline').length === 0, 30);
    await world.outcome('Promoted', 600);
    expect(world.events.filter((event) => event.reason === 'BaselineMissing')).toHaveLength(1);
  });

  it('a quota that has room for one pod gives it to the canary', async () => {
    await begin();
    await world.admin.create(quotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'pods', namespace: 'shop' },
      spec: { hard: { pods: '4' } },
    });
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    expect(podsOf('canary')).toHaveLength(1);
    await withoutOne(/quota/);
    await world.outcome('Promoted', 600);
  });

  it('a canary that lost its room gets that of the baseline', async () => {
    await begin();
    await world.setVersion('v2');
    await bothRun();
    await world.admin.create(quotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'pods', namespace: 'shop' },
      spec: { hard: { pods: '4' } },
    });
    for (const pod of podsOf('canary'))
      await world.admin.delete(resources.pods, { namespace: 'shop', name: pod.metadata.name });
    await world.until('room was made', () => world.baseline() === undefined, 60);
    await world.until('the canary runs', (status) => status.canary?.ready === 1, 120);
    expect(world.baseline()).toBeUndefined();
  });

  it('taken away by a person it is not missed', async () => {
    await begin();
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    await bothRun();
    await world.admin.delete(resources.deployments, { namespace: 'shop', name: 'shop-baseline' });
    await withoutOne(/taken away/);
    await world.outcome('Promoted', 600);
  });

  it('orphaned by a person none of it stays', async () => {
    await begin();
    await world.setVersion('v2');
    await bothRun();
    const options = { propagationPolicy: 'Orphan' } as const;
    await world.allowOrphans();
    await world.admin.delete(resources.deployments, { namespace: 'shop', name: 'shop-baseline' }, options);
    await world.until('its pod is gone', () => podsOf('baseline').length === 0, 60);
    await world.until('only v1 serves', () => JSON.stringify(world.serving()) === '{"v1":3}', 60);
    expect((await world.status()).phase).toBe('Analyzing');
    world.violations.length = 0;
  });
});

describe('what it says of stable', () => {
  it('a fresh pod of stable that crashes as well: the crash of the canary proves nothing', async () => {
    await begin();
    world.sandbox.pods.behave((pod) =>
      'tandem.dev/track' in (pod.metadata.labels ?? {}) ? { crash: { afterSeconds: 10 } } : undefined,
    );
    await world.setVersion('v2');
    await world.seconds(200);
    expect(world.events.map((event) => event.reason)).toContain('CanaryBlocked');
    expect((await world.status()).ledger?.map((entry) => entry.outcome)).toEqual(['Adopted']);
  });

  it('one that finds no room does not excuse a canary that crashes', async () => {
    await begin();
    world.sandbox.pods.behave((pod) => {
      const track = pod.metadata.labels?.['tandem.dev/track'];
      if (track === 'canary') return { crash: { afterSeconds: 1 } };
      return track === 'baseline' ? { unschedulable: 'no room' } : undefined;
    });
    await world.setVersion('v2');
    await world.phase('Rejected', 200);
  });
});

describe('its name', () => {
  it('that is taken is refused, and what has it is left alone', async () => {
    await begin({ adopt: false });
    await world.admin.create(resources.deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'shop-baseline', namespace: 'shop' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'mine' } },
        template: { metadata: { labels: { app: 'mine' } }, spec: { containers: [{ name: 'app', image: 'mine:1' }] } },
      },
    });
    world.startOperator();
    await world.admin.create(resources.canaryReleases, firstRelease({ spec }));
    const status = await world.phase('Invalid', 60);
    expect(status.message).toContain('shop-baseline');
    await world.patchRelease({ spec: { canary: { baseline: false } } });
    await world.phase('Idle', 60);
    expect(world.baseline()?.spec.replicas).toBe(1);
  });
});
