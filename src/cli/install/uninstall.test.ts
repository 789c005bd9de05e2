import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GATE_LABEL, TRACK_LABEL } from '../../api/names.ts';
import { ApiError } from '../../kube/errors.ts';
import { type Deployment, type KubeObject, type Pod, resources } from '../../kube/object.ts';
import { customResourceDefinitions } from '../../sandbox/crd/crd.ts';
import { baseFiles } from './base-files.ts';
import { place } from './cluster.ts';
import { render } from './render.ts';
import { type InstallStage, lead, startStage } from './testing.ts';

let stage: InstallStage;

beforeEach(async () => {
  stage = await startStage();
  await lead(stage.api);
  expect(await stage.run('install', '--image', 'registry.example/tandem:1'), stage.err).toBe(0);
});

afterEach(() => stage.close());

const ref = (name: string): { namespace: string; name: string } => ({ namespace: 'shop', name });

function deployment(name: string, fields: Partial<KubeObject['metadata']> = {}): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop', ...fields },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'shop:1' }] } },
    },
  };
}

async function serving(name: string, gate?: string): Promise<void> {
  await stage.api.create(
    resources.deployments,
    deployment(name, gate === undefined ? {} : { labels: { [GATE_LABEL]: gate } }),
  );
  await expect.poll(async () => (await read(name)).status?.availableReplicas, { timeout: 30_000 }).toBe(2);
}

const read = (name: string): Promise<Deployment> => stage.api.get<Deployment>(resources.deployments, ref(name));

async function image(name: string, value: string): Promise<Deployment> {
  const body = { spec: { template: { spec: { containers: [{ name: 'app', image: value }] } } } };
  return stage.api.patch<Deployment>(resources.deployments, ref(name), body, { type: 'strategic' });
}

async function release(name: string, phase: string, canary?: object): Promise<KubeObject> {
  const made = await stage.api.create(resources.canaryReleases, {
    apiVersion: 'tandem.dev/v1alpha1',
    kind: 'CanaryRelease',
    metadata: { name, namespace: 'shop' },
    spec: { targetRef: { name } },
  });
  const status = { observedGeneration: 1, phase, ...(canary === undefined ? {} : { canary }) };
  await stage.api.patch(resources.canaryReleases, ref(name), { status }, { type: 'merge', subresource: 'status' });
  return made;
}

async function pods(name: string): Promise<string[]> {
  const { items } = await stage.api.list<Pod>(resources.pods, { namespace: 'shop', labelSelector: `app=${name}` });
  return items.map(({ metadata }) => metadata.uid ?? '').toSorted();
}

/** Kinds of what is left of the installation. */
async function remaining(): Promise<string[]> {
  const placed = await place(stage.api, render(baseFiles(), { namespace: 'tandem-system', version: '0' }));
  return placed.flatMap(({ live }) => (live === undefined ? [] : [live.kind]));
}

describe('uninstall', () => {
  it('lets targets serve on: what is tested is released, what is not stays paused', async () => {
    await Promise.all(['idle', 'held', 'back'].map((name) => serving(name, 'armed')));
    expect((await image('held', 'shop:2')).metadata.labels?.[GATE_LABEL]).toBe('holding');
    await image('back', 'shop:2');
    expect((await image('back', 'shop:1')).spec.paused).toBe(true);
    await release('held', 'Rejected');
    const before = await Promise.all(['idle', 'held', 'back'].map(pods));

    expect(await stage.run('uninstall'), stage.err).toBe(0);

    const [idle, held, back] = await Promise.all(['idle', 'held', 'back'].map(read));
    expect([idle?.metadata.labels?.[GATE_LABEL], idle?.spec.paused]).toEqual([undefined, undefined]);
    expect([held?.metadata.labels?.[GATE_LABEL], held?.spec.paused]).toEqual(['open', true]);
    expect([back?.metadata.labels?.[GATE_LABEL], back?.spec.paused]).toEqual([undefined, undefined]);
    expect(await Promise.all(['idle', 'held', 'back'].map(pods))).toEqual(before);
    expect(await remaining()).toEqual(['Namespace', 'CustomResourceDefinition']);
    expect(stage.out).toContain('Deployment shop/held stays paused: its template was not tested');
    expect(stage.out).toContain('kubectl -n shop rollout resume deployment held');
    expect(stage.out).toContain('The custom resource and 1 CanaryReleases are kept');
    expect(stage.out).toContain('kubectl delete namespace tandem-system');
    expect((await stage.api.list(resources.canaryReleases)).items).toHaveLength(1);
    expect((await stage.api.list(resources.leases, { namespace: 'tandem-system' })).items).toEqual([]);
    expect((await stage.api.list(resources.configMaps, { namespace: 'tandem-system' })).items).toEqual([]);
  });

  it.each([
    ['Analyzing', undefined],
    ['Held', { revision: '0123456789', images: [], replicas: 1, ready: 1 }],
  ])('refuses while a release is %s, unless it is forced: then the canary goes', async (phase, canary) => {
    const { metadata, apiVersion, kind } = await release('shop', phase, canary);
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true };
    const labels = { [TRACK_LABEL]: 'canary' };
    await stage.api.create(resources.deployments, deployment('shop-canary', { labels, ownerReferences: [owner] }));
    await stage.api.create(resources.deployments, deployment('stranger', { labels }));
    const before = await remaining();

    expect(await stage.run('uninstall')).toBe(1);
    expect(stage.err).toContain(`a release is running: shop/shop (${phase})`);
    expect(await remaining()).toEqual(before);

    expect(await stage.run('uninstall', '--force'), stage.err).toBe(0);
    const { items } = await stage.api.list(resources.deployments, { namespace: 'shop' });
    expect(items.map((item) => item.metadata.name)).toEqual(['stranger']);
    // Its status stays as it was, for nobody writes it any more.
    expect(await stage.run('uninstall'), stage.err).toBe(0);
  });

  it('deletes the custom resource only when that is said twice', async () => {
    await release('shop', 'Idle');
    expect(await stage.run('uninstall', '--delete-crds')).toBe(64);
    expect(stage.err).toContain('deletes 1 CanaryReleases with their ledgers');

    expect(await stage.run('uninstall', '--delete-crds', '--yes'), stage.err).toBe(0);
    expect(await remaining()).toEqual(['Namespace']);
    expect(stage.out).not.toContain('are kept');
  });

  it('goes on after it was broken off at any of its writes', async () => {
    await serving('shop', 'armed');
    await image('shop', 'shop:2');
    const writes = 30;
    let broken = 0;
    for (let end = 1; end <= writes; end += 3) {
      let seen = 0;
      stage.sandbox.faults.before(({ verb, dryRun }) => {
        const isWrite = !dryRun && ['create', 'patch', 'delete'].includes(verb);
        return isWrite && ++seen > end ? new ApiError(403, 'Forbidden', 'broken off') : 'ok';
      });
      if ((await stage.run('uninstall', '--timeout', '30s')) !== 0) broken += 1;
    }
    stage.sandbox.faults.before(() => 'ok');

    expect(broken).toBeGreaterThan(3);
    expect(await stage.run('uninstall'), stage.err).toBe(0);
    expect(await remaining()).toEqual(['Namespace', 'CustomResourceDefinition']);
    expect((await read('shop')).metadata.labels?.[GATE_LABEL]).toBe('open');
    expect(await stage.run('uninstall'), 'once more').toBe(0);
  });

  it('refuses in another namespace than that of the operator', async () => {
    const before = await remaining();
    expect(await stage.run('uninstall', '-n', 'shop', '--force')).toBe(1);
    expect(stage.err).toContain('Tandem is installed in namespace tandem-system, not in shop');
    expect(await remaining()).toEqual(before);
  });

  it('leaves alone what only has the same name, and says so', async () => {
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      plural: 'clusterroles',
      namespaced: false,
    };
    const labels = { 'app.kubernetes.io/part-of': null };
    await stage.api.patch(role, { name: 'tandem-view' }, { metadata: { labels } }, { type: 'merge' });

    expect(await stage.run('uninstall'), stage.err).toBe(0);
    expect(await remaining()).toEqual(['Namespace', 'CustomResourceDefinition', 'ClusterRole']);
    expect(stage.out).toContain('clusterrole/tandem-view is left: it is not marked as part of Tandem');
  });

  it('writes nothing in a dry run', async () => {
    const before = await remaining();
    expect(await stage.run('uninstall', '--dry-run'), stage.err).toBe(0);
    expect(stage.out).toContain('mutatingadmissionpolicy/tandem-gate   would go');
    expect(stage.out).not.toContain('customresourcedefinition');
    expect(await remaining()).toEqual(before);
  });

  it('installs again over what was left', async () => {
    await release('shop', 'Idle');
    await stage.run('uninstall');
    await lead(stage.api);
    expect(await stage.run('install', '--image', 'registry.example/tandem:1', '--wait'), stage.err).toBe(0);
    expect((await stage.api.list(resources.canaryReleases)).items).toHaveLength(1);
    expect(await stage.api.get(customResourceDefinitions, { name: 'canaryreleases.tandem.dev' })).toBeDefined();
  });
});
