import { afterEach, describe, expect, it } from 'vitest';
import { GATE_LABEL, SERVICE_ACCOUNT, TRACK_LABEL } from '../../src/api/names.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { resources } from '../../src/kube/object.ts';
import { newEnds } from '../../src/release/ledger.ts';
import { revisionOf, shortRevision } from '../../src/release/revision.ts';
import { createWorld, type World } from './world.ts';

/** What the simulation of the whole operator has found, each as a release of its own. */

const PROOF = 'patch deployments true';

let world: World;
const spec = { analysis: { minDuration: '2m', warmup: '10s' }, canary: { startDeadline: '1m' } };

afterEach(() => {
  world.killOperator();
  expect(world.violations).toEqual([]);
});

describe('a canary of which a pod was evicted', () => {
  it('goes at the end: its ReplicaSet never takes a failed pod away', async () => {
    world = await createWorld({ spec });
    world.sandbox.pods.behave((pod) =>
      pod.spec.containers[0]?.image === 'shop:v2' ? { evict: { afterSeconds: 20 } } : undefined,
    );
    await world.setVersion('v2');
    await world.phase('Analyzing', 60);
    await world.seconds(30);

    await world.setVersion('v1');
    await world.until('the canary is gone', async () => world.canary() === undefined, 60);
  });
});

describe('an end whose write was done and not answered', () => {
  it('is told once, by the pass that finds it written', async () => {
    const told: string[] = [];
    world = await createWorld({
      spec,
      observe: ({ release }, { status }) =>
        void told.push(...newEnds(release.status, status).map((end) => end.outcome)),
    });
    world.script('v2', { verdict: 'Pass', after: 10 });
    let lost = 0;
    world.sandbox.faults.before((call) => {
      const ends = call.subresource === 'status' && JSON.stringify(call.body).includes('"outcome":"Promoted"');
      if (!ends || lost > 0) return 'ok';
      lost += 1;
      return { after: new ApiError(0, 'ECONNRESET', 'the answer was lost') };
    }, SERVICE_ACCOUNT);
    await world.setVersion('v2');
    await world.outcome('Promoted', 300);
    await world.seconds(30);
    expect(lost).toBe(1);
    expect(told.filter((outcome) => outcome !== 'Adopted')).toEqual(['Promoted']);
  });
});

describe('a release at rest', () => {
  it('lists and writes nothing: the gate is proven by a dry run an hour', async () => {
    world = await createWorld({ spec });
    await world.seconds(10);
    const seen: string[] = [];
    world.sandbox.observe(({ username, verb, dryRun, resource }) => {
      if (username === SERVICE_ACCOUNT && verb !== 'watch') seen.push(`${verb} ${resource?.plural ?? ''} ${dryRun}`);
    });
    await world.seconds(3 * 3600);

    expect(seen.filter((call) => call === PROOF)).toHaveLength(3);
    expect(seen.filter((call) => call !== PROOF && !call.startsWith('discover'))).toEqual([]);
  });

  it('ends the quarantine of its pods in time', async () => {
    world = await createWorld({ spec: { ...spec, canary: { ...spec.canary, quarantine: '2m' } } });
    world.script('v2', { verdict: 'Regression' });
    const quarantined = (): boolean =>
      world.sandbox.peek(resources.pods, 'shop').some((pod) => pod.metadata.labels?.[TRACK_LABEL] === 'quarantine');
    await world.setVersion('v2');
    await world.until('quarantined', () => quarantined(), 120);
    await world.until('the pods are gone', () => !quarantined(), 150);
  });

  it('is looked at whole when its gate is not in force any more', async () => {
    world = await createWorld({ spec });
    await world.admin.delete(
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingAdmissionPolicyBinding',
        plural: 'mutatingadmissionpolicybindings',
        namespaced: false,
      },
      { name: 'tandem-gate' },
    );
    const status = await world.phase('Invalid', 3700);
    expect(status.conditions?.find((item) => item.type === 'Stalled')?.reason).toBe('GateUnavailable');
  });
});

describe('a target that is created again while its release is suspended', () => {
  it('does not take a template for one that the object before had at the same generation', async () => {
    world = await createWorld({ spec });
    world.script('v2', { verdict: 'Pass', after: 10 });
    await world.setVersion('v2');
    const promoted = await world.outcome('Promoted', 300);
    await world.phase('Idle', 60);
    await world.patchRelease({ spec: { suspend: true } });
    await world.phase('Suspended', 60);
    await recreate('v1');
    const { uid } = (await world.target()).metadata;
    await world.until('the new object is known', (status) => status.target?.uid === uid, 60);
    await world.patchRelease({ spec: { suspend: false } });
    await world.until('armed', async () => (await world.gate()) === 'armed', 60);

    await world.setVersion('v3');
    expect((await world.target()).metadata.generation).toBe(promoted.generation);
    await world.phase('Analyzing', 60);
    expect(world.serving()).toEqual({ v1: 3 });
    expect((await world.status()).ledger?.find((entry) => entry.outcome === 'Promoted')?.images).toEqual([
      'app=shop:v2',
    ]);
  });
});

async function recreate(tag: string): Promise<void> {
  const { metadata, spec: before } = await world.target();
  const { name, namespace = '' } = metadata;
  await world.admin.delete(resources.deployments, { namespace, name }, { propagationPolicy: 'Background' });
  await world.seconds(5);
  const containers = [{ name: 'app', image: `shop:${tag}` }];
  const template = { ...before.template, spec: { ...before.template.spec, containers } };
  const { paused: _paused, ...open } = before;
  const target = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { ...open, template },
  };
  await world.admin.create(resources.deployments, target);
}

describe('a gate that was closed while a rollout of a person is stuck', () => {
  it('says so, holds the next version, and is itself again once one version serves', async () => {
    world = await createWorld({ spec });
    world.sandbox.pods.behave((pod) =>
      pod.spec.containers[0]?.image === 'shop:v2' ? { readySeconds: 'never' } : undefined,
    );
    await labelGate('open');
    await world.setVersion('v2');
    await world.seconds(60);
    await labelGate('armed');
    await world.seconds(60);
    const status = await world.status();
    expect(status).toMatchObject({ phase: 'Idle', message: expect.stringContaining('rollout') as string });
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', reason: 'NotArmed' }));

    await world.setVersion('v3');
    await world.until('v3 is held', async () => (await world.gate()) === 'holding', 30);
    await world.setVersion('v1');
    await world.phase('Idle', 300);
    await world.until(
      'Ready',
      (status) => (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      60,
    );
  });
});

async function labelGate(value: string): Promise<void> {
  const metadata = { labels: { [GATE_LABEL]: value } };
  await world.admin.patch(resources.deployments, { namespace: 'shop', name: 'shop' }, { metadata }, { type: 'merge' });
}

describe('what others wrote into objects of the operator', () => {
  it('cannot stop a release: versions of configuration that are no JSON are not known', async () => {
    world = await createWorld({ spec });
    world.script('v2', { verdict: 'Pass' });
    await world.setVersion('v2');
    await world.phase('Analyzing', 100);
    const annotations = { 'tandem.dev/config-versions': 'no JSON' };
    const ref = { namespace: 'shop', name: 'shop-canary' };
    await world.admin.patch(resources.deployments, ref, { metadata: { annotations } }, { type: 'merge' });
    await world.outcome('Promoted', 300);
  });

  it('cannot keep a canary from starting: a clock that was ahead is no reason to wait for it', async () => {
    world = await createWorld({ spec });
    world.script('v2', { verdict: 'Pass' });
    world.killOperator();
    await world.setVersion('v2');
    const revision = shortRevision(revisionOf((await world.target()).spec.template));
    const canaryBackoff = { revision, attempts: 1, startsAgain: '2026-03-01T00:00:00Z' };
    const ref = { namespace: 'shop', name: 'checkout' };
    const status = { ...(await world.status()), canaryBackoff };
    await world.admin.patch(resources.canaryReleases, ref, { status }, { type: 'merge', subresource: 'status' });
    world.startOperator();
    await world.outcome('Promoted', 1200);
  });
});

describe('a command of more characters than status keeps', () => {
  it('is refused, and not taken for a new one in every pass', async () => {
    world = await createWorld({ spec: { ...spec, gate: 'Paused' }, policies: false });
    const text = `next@2026-01-01T00:00:15.${'0'.repeat(150)}Z`;
    await world.patchRelease({ metadata: { annotations: { 'tandem.dev/promote': text } } });
    await world.seconds(30);
    expect((await world.status()).commands ?? []).toEqual([]);
    world.script('v2', { verdict: 'Regression' });
    await world.setVersion('v2');
    await world.outcome('RolledBack', 300);
  });

  it('is refused by the API server where the policies are in force', async () => {
    world = await createWorld({ spec });
    const text = `next@2026-01-01T00:00:15.${'0'.repeat(150)}Z`;
    const annotated = world.patchRelease({ metadata: { annotations: { 'tandem.dev/promote': text } } });
    await expect(annotated).rejects.toThrow('cannot be read');
  });
});
