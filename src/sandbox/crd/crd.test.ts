import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { type KubeObject, resources } from '../../kube/object.ts';
import { createFakeClock } from '../../lib/fake-clock.ts';
import { createSandbox, type Sandbox } from '../sandbox.ts';

const crd = readFileSync(new URL('../../../crds/tandem.dev_canaryreleases.yaml', import.meta.url), 'utf8');
const checkout = { namespace: 'shop', name: 'checkout' };
let sandbox: Sandbox;

function release(spec: Record<string, unknown>): KubeObject {
  return { apiVersion: 'tandem.dev/v1alpha1', kind: 'CanaryRelease', metadata: { ...checkout }, spec };
}

beforeEach(() => {
  sandbox = createSandbox({ clock: createFakeClock(), namespaces: ['shop'] });
  sandbox.install(crd);
});

describe('the CRD of crds/ in the sandbox', () => {
  it('fills defaults, drops what it does not know and keeps status apart', async () => {
    const api = sandbox.api({ username: 'admin' });
    const made = await api.create(resources.canaryReleases, {
      ...release({ targetRef: { name: 'checkout' }, unheardOf: 1 }),
      status: { phase: 'Idle' },
    });

    expect(made['spec']).toMatchObject({
      gate: 'Admission',
      analysis: { minDuration: '15m', errors: { tolerance: '25%' } },
    });
    expect(made['spec']).not.toHaveProperty('unheardOf');
    expect(made['status']).not.toHaveProperty('phase');
    const status = { status: { observedGeneration: 1, phase: 'Idle' } };
    const written = await api.patch(resources.canaryReleases, checkout, status, {
      type: 'merge',
      subresource: 'status',
    });
    expect(written['status']).toMatchObject({ phase: 'Idle' });
    expect(written.metadata.generation).toBe(1);
  });

  it.each([
    [{ targetRef: { name: 'checkout' }, canary: { percent: 60 } }, 'spec.canary.percent'],
    [{ targetRef: { name: 'checkout' }, canary: { percent: 10, replicas: 2 } }, 'spec.canary'],
    [{ targetRef: { name: 'checkout' }, gate: 'Sometimes' }, 'spec.gate'],
    [{ targetRef: { name: 'checkout' }, canary: { startDeadline: '1s' } }, 'spec.canary.startDeadline'],
    [{}, 'spec.targetRef'],
  ])('refuses %j', async (spec, path) => {
    const create = sandbox.api({ username: 'admin' }).create(resources.canaryReleases, release(spec));
    await expect(create).rejects.toMatchObject({ status: 422, reason: 'Invalid' });
    await expect(create).rejects.toThrow(path);
  });

  it('refuses a change of what must stay', async () => {
    const api = sandbox.api({ username: 'admin' });
    await api.create(resources.canaryReleases, release({ targetRef: { name: 'checkout' } }));
    const patch = { spec: { targetRef: { name: 'other' } } };
    await expect(api.patch(resources.canaryReleases, checkout, patch, { type: 'merge' })).rejects.toThrow(
      'spec.targetRef',
    );
  });
});
