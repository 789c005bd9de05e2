import { afterEach, describe, expect, it } from 'vitest';
import { GATE_LABEL } from '../../api/names.ts';
import { type Deployment, type KubeObject, resources } from '../../kube/object.ts';
import { customResourceDefinitions } from '../../sandbox/crd/crd.ts';
import { baseFiles } from './base-files.ts';
import { place } from './cluster.ts';
import { mountedConfig } from './plan.ts';
import { objectsOf, render } from './render.ts';
import { type InstallStage, lead, startStage } from './testing.ts';

let stage: InstallStage;

afterEach(() => stage.close());

const operatorRef = { namespace: 'tandem-system', name: 'tandem' };
const image = 'registry.example/tandem:1';
const all = render(baseFiles(), { namespace: 'tandem-system', version: '0' }).length;
const releaseOf = (fields: object = {}): KubeObject => ({
  apiVersion: 'tandem.dev/v1alpha1',
  kind: 'CanaryRelease',
  metadata: { name: 'shop', namespace: 'shop' },
  spec: { targetRef: { name: 'shop' }, ...fields },
});

function operator(namespace = 'tandem-system'): Promise<Deployment> {
  return stage.api.get<Deployment>(resources.deployments, { ...operatorRef, namespace });
}

/** What install writes, as it stands now. */
async function managed(): Promise<unknown[]> {
  const placed = await place(stage.api, render(baseFiles(), { namespace: 'tandem-system', version: '0' }));
  return placed.map(({ live }) => ({ ...live, status: undefined, metadata: live?.metadata.labels }));
}

async function operatorConfig(): Promise<string> {
  const name = mountedConfig(await operator()) ?? '';
  const { data } = (await stage.api.get(resources.configMaps, { ...operatorRef, name })) as KubeObject & {
    data: Record<string, string>;
  };
  return data['config.yaml'] ?? '';
}

describe('install', () => {
  it('installs, waits for operator and gate, and says what is next', async () => {
    stage = await startStage();
    const running = stage.run('install', '--image', image, '--prometheus-url', 'http://prometheus:9090', '--wait');
    await expect.poll(() => stage.err, { timeout: 60_000 }).toContain('no replica of the operator leads');
    await lead(stage.api);

    expect(await running, stage.err).toBe(0);
    expect(stage.out).toContain('deployment/tandem   new');
    expect(stage.out).toContain('is ready in namespace tandem-system, and the gate is in force');
    expect(stage.out).toContain('kind: CanaryRelease');
    expect((await operator()).spec.template.spec.containers[0]?.image).toBe(image);
    expect(await operatorConfig()).toContain('url: http://prometheus:9090');
    const { items } = await stage.api.list(resources.deployments);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['tandem']);
  });

  it('is ready only once a new template is held', async () => {
    stage = await startStage();
    await lead(stage.api);
    expect(await stage.run('install', '--image', image)).toBe(0);
    const bindings = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingAdmissionPolicyBinding' };
    const resource = { ...bindings, plural: 'mutatingadmissionpolicybindings', namespaced: false };
    await stage.api.delete(resource, { name: 'tandem-gate' });
    const deployment = { resource: resources.deployments, ref: operatorRef };
    await stage.api.patch(deployment.resource, deployment.ref, { spec: { paused: false } }, { type: 'merge' });

    const { waitUntilReady } = await import('./ready.ts');
    const { systemClock } = await import('../../lib/clock.ts');
    const io = { clock: systemClock, stderr: () => undefined } as unknown as Parameters<typeof waitUntilReady>[0];
    await expect.poll(async () => (await operator()).status?.availableReplicas, { timeout: 30_000 }).toBe(2);
    await expect(waitUntilReady(io, stage.api, 'tandem-system', 1)).rejects.toThrow('the gate is not in force yet');
  });

  it('again is an upgrade: it says what changes and keeps what nobody asked to change', async () => {
    stage = await startStage();
    await stage.run('install', '--image', image, '--replicas', '3', '--prometheus-url', 'http://ours:9090');
    expect(await stage.run('install', '--image', 'registry.example/tandem:2'), stage.err).toBe(0);

    expect(stage.out).toBe(`deployment/tandem   changes: spec.template.spec.containers[tandem].image
${all - 1} objects stay as they are
Tandem 0.1.0 is applied in namespace tandem-system.
  is it ready?   tandem install -n tandem-system --wait
`);
    expect((await operator()).spec.replicas).toBe(3);
    expect(await operatorConfig()).toContain('http://ours:9090');

    expect(await stage.run('install')).toBe(0);
    expect(stage.err).toContain('the image stays registry.example/tandem:2');
    expect(stage.out).toContain(`${all} objects stay as they are`);
  });

  it('keeps the configuration of the last installation and no older one', async () => {
    stage = await startStage();
    for (const host of ['one', 'two', 'three'])
      expect(await stage.run('install', '--image', image, '--prometheus-url', `http://${host}:9090`)).toBe(0);

    const { items } = await stage.api.list(resources.configMaps, { namespace: 'tandem-system' });
    const texts = items.map((item) => JSON.stringify(item['data']).match(/http:\/\/(\w+):/)?.[1] ?? '');
    expect(texts.toSorted((a, b) => a.localeCompare(b))).toEqual(['three', 'two']);
  });

  it('writes nothing in a dry run, in a cluster with and without its namespace', async () => {
    stage = await startStage();
    const before = stage.sandbox.version();
    for (const namespace of ['tandem-system', 'release-tools']) {
      expect(await stage.run('install', '-n', namespace, '--dry-run'), stage.err).toBe(0);
      expect(stage.out).toContain('deployment/tandem   new\n');
      expect(stage.out).toContain('dry run: nothing was written');
    }
    expect(stage.sandbox.version()).toBe(before);
  });

  it('installs into another namespace, once in a cluster', async () => {
    stage = await startStage();
    expect(await stage.run('install', '-n', 'release-tools', '--image', image), stage.err).toBe(0);
    expect((await operator('release-tools')).metadata.name).toBe('tandem');

    expect(await stage.run('install', '--image', image)).toBe(1);
    expect(stage.err).toContain('Tandem is installed in namespace release-tools already');
  });

  it('refuses an API server without the policies', async () => {
    stage = await startStage({ policies: 'none' });
    const before = stage.sandbox.version();

    expect(await stage.run('install', '--image', image)).toBe(4);
    expect(stage.err).toContain('serves no MutatingAdmissionPolicy of admissionregistration.k8s.io/v1');
    expect(stage.err).toContain('Kubernetes 1.36');
    expect(stage.sandbox.version()).toBe(before);
  });

  it('names every right that is missing before it writes', async () => {
    stage = await startStage({
      authorize: ({ verb, resource }) => resource !== 'clusterroles' && !(verb === 'create' && resource === 'roles'),
    });
    const before = stage.sandbox.version();

    expect(await stage.run('install', '--image', image)).toBe(1);
    expect(stage.err).toContain(
      'you may not get clusterroles; patch clusterroles; create clusterroles; create roles in namespace tandem-system',
    );
    expect(stage.sandbox.version()).toBe(before);
  });

  it.each([
    [
      'Helm',
      {},
      { 'meta.helm.sh/release-name': 'ops', 'meta.helm.sh/release-namespace': 'x' },
      'helm upgrade ops -n x',
    ],
    ['Flux', { 'kustomize.toolkit.fluxcd.io/name': 'infra' }, {}, 'Kustomization infra'],
    ['Argo CD', {}, { 'argocd.argoproj.io/tracking-id': 'infra:apps/Deployment:x/tandem' }, 'Application infra'],
  ])('leaves an installation by %s alone', async (tool, labels, annotations, hint) => {
    stage = await startStage();
    await stage.run('install', '--image', image);
    await stage.api.patch(resources.deployments, operatorRef, { metadata: { labels, annotations } }, { type: 'merge' });
    const before = await managed();

    for (const command of ['install', 'uninstall']) {
      expect(await stage.run(command)).toBe(1);
      expect(stage.err).toContain(`was installed by ${tool}`);
    }
    expect(await stage.run('install')).toBe(1);
    expect(stage.err).toContain(hint);
    expect(await managed()).toEqual(before);
  });

  it('uses the custom resource that an uninstalled chart left behind', async () => {
    stage = await startStage();
    await stage.run('install', '--image', image);
    const kept = {
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        'helm.sh/resource-policy': 'keep',
        'meta.helm.sh/release-name': 'ops',
        'meta.helm.sh/release-namespace': 'x',
      },
    };
    const ref = { name: 'canaryreleases.tandem.dev' };
    await stage.api.patch(customResourceDefinitions, ref, { metadata: kept }, { type: 'merge' });
    expect(await stage.run('uninstall'), stage.err).toBe(0);
    expect(await stage.run('install', '--image', image, '--take-ownership'), stage.err).toBe(0);
  });

  it('takes over what kubectl applied only when it is asked to', async () => {
    stage = await startStage();
    const kubectl = objectsOf(baseFiles()['deployment.yaml'] ?? '')[0] as Deployment;
    kubectl.spec.replicas = 5;
    await stage.api.patch(resources.deployments, operatorRef, kubectl, { type: 'apply' });

    expect(await stage.run('install', '--replicas', '2')).toBe(1);
    expect(stage.err).toContain('deployment/tandem has other values of another writer: .spec.replicas ("test")');
    expect(stage.err).toContain('--take-ownership');
    expect(await stage.run('install', '--replicas', '2', '--take-ownership'), stage.err).toBe(0);
    expect((await operator()).spec.replicas).toBe(2);
  });

  it('settles once and for all what kubectl applied on either side', async () => {
    stage = await startStage();
    const manifest = objectsOf(baseFiles()['deployment.yaml'] ?? '')[0] as Deployment;
    manifest.spec.replicas = 5;
    manifest.metadata.annotations = { theirs: 'until the next apply' };
    const kubectl = stage.connect('kubectl-client-side-apply');
    await kubectl.create(resources.deployments, manifest);
    const server = stage.connect('kubectl');
    await server.patch(resources.deployments, operatorRef, manifest, { type: 'apply', force: true });
    await Promise.all([kubectl.close(), server.close()]);

    expect(await stage.run('install', '--replicas', '2')).toBe(1);
    expect(await stage.run('install', '--replicas', '2', '--take-ownership'), stage.err).toBe(0);
    const other = 'registry.example/tandem:0.9.0';
    expect(await stage.run('install', '--replicas', '3', '--image', other), stage.err).toBe(0);
    const { spec, metadata } = await operator();
    expect(spec.replicas).toBe(3);
    expect(spec.template.spec.containers[0]?.image).toBe(other);
    expect(metadata.annotations?.['theirs']).toBeUndefined();
    expect(JSON.stringify(metadata['managedFields'])).not.toContain('"kubectl');
  });

  it('never drops a field of the custom resource that has data', async () => {
    stage = await startStage();
    await stage.run('install', '--image', image);
    const crd = await stage.api.get(customResourceDefinitions, { name: 'canaryreleases.tandem.dev' });
    const newer = JSON.parse(
      JSON.stringify(crd).replace('"suspend":', '"later":{"type":"string"},"suspend":'),
    ) as KubeObject;
    await stage.api.replace(customResourceDefinitions, newer);
    await stage.api.create(resources.canaryReleases, releaseOf({ later: 'set' }));

    expect(await stage.run('install')).toBe(1);
    expect(stage.err).toContain('does not know field spec.later, which CanaryRelease shop/shop has');
    await stage.api.patch(
      resources.canaryReleases,
      { namespace: 'shop', name: 'shop' },
      { spec: { later: null } },
      { type: 'merge' },
    );
    expect(await stage.run('install', '--take-ownership'), stage.err).toBe(0);
  });

  it('prints for GitOps without a cluster', async () => {
    stage = await startStage();
    const before = stage.sandbox.version();
    expect(await stage.run('install', '-o', 'yaml', '--image', image, '-n', 'release-tools')).toBe(0);

    const objects = objectsOf(stage.out);
    expect(objects).toHaveLength(all);
    stage.sandbox.install(objects);
    expect((await operator('release-tools')).spec.template.spec.containers[0]?.image).toBe(image);
    expect(stage.sandbox.version()).toBeGreaterThan(before);
    expect(await stage.run('install', '-o', 'json')).toBe(0);
    expect((JSON.parse(stage.out) as { items: unknown[] }).items).toHaveLength(all);
    expect(await stage.run('install', '-o', 'yaml', '--wait')).toBe(64);
  });

  it('refuses a configuration that the operator would refuse', async () => {
    stage = await startStage();
    expect(await stage.run('install', '--config', '/does/not/exist')).toBe(64);
    expect(stage.err).toContain('--config /does/not/exist cannot be read');
    expect(await stage.run('install', '--replicas', '0')).toBe(64);
    expect(await stage.run('install', '--config', import.meta.filename)).toBe(64);
    expect(stage.err).toContain('the configuration of the operator');
  });

  it('leaves no probe of the gate behind, not even one of a broken off installation', async () => {
    stage = await startStage();
    await lead(stage.api);
    await stage.run('install', '--image', image);
    const probe = (await operator()) as KubeObject & Deployment;
    await stage.api.create(resources.deployments, {
      ...probe,
      metadata: { name: 'tandem-gate-probe', namespace: 'tandem-system', labels: { [GATE_LABEL]: 'armed' } },
      spec: { ...probe.spec, replicas: 0 },
    });

    expect(await stage.run('install', '--wait'), stage.err).toBe(0);
    const { items } = await stage.api.list(resources.deployments);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['tandem']);
  });
});
