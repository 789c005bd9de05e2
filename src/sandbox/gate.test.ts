import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeApi } from '../kube/api.ts';
import { type Deployment, resources } from '../kube/object.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';

const base = new URL('../../deploy/kustomize/base/', import.meta.url);
let clock: FakeClock;
let sandbox: Sandbox;
let api: KubeApi;
const web = { namespace: 'shop', name: 'web' };

function target(image: string): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...web, labels: { 'tandem.dev/gate': 'armed' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image }] } },
    },
  };
}

beforeEach(async () => {
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  sandbox = createSandbox({ clock, namespaces: ['shop'] });
  for (const file of ['policy-gate.yaml', 'policy-held.yaml', 'policy-fence.yaml', 'policy-commands.yaml']) {
    sandbox.install(readFileSync(new URL(file, base), 'utf8'));
  }
  api = sandbox.api({ username: 'admin' });
  await api.create(resources.deployments, target('shop:1'));
  await clock.advance(10_000);
});

describe('the policies of deploy/ in the sandbox', () => {
  it('hold a PUT of a new template, twice, and warn', async () => {
    const plain = target('shop:2');
    delete plain.metadata.labels;
    for (let round = 0; round < 2; round += 1) {
      const held = await api.replace<Deployment>(resources.deployments, plain);
      expect(held.metadata.labels).toEqual({ 'tandem.dev/gate': 'holding' });
      expect(held.spec.paused).toBe(true);
    }
    expect(sandbox.warnings.at(-1)?.message).toContain('held by Tandem (holding)');
  });

  it('hold what a webhook changes after the policy', async () => {
    sandbox.webhook(({ object, kind }) => {
      if (kind.plural !== 'deployments' || object === undefined) return undefined;
      const changed = structuredClone(object) as Deployment;
      const [container] = changed.spec.template.spec.containers;
      if (container !== undefined) container.image = 'shop@sha256:1';
      return changed;
    });
    const held = await api.patch<Deployment>(
      resources.deployments,
      web,
      { metadata: { annotations: { note: 'x' } } },
      { type: 'merge' },
    );
    expect(held.spec.paused).toBe(true);
    expect(held.metadata.labels).toEqual({ 'tandem.dev/gate': 'holding' });
  });

  it('fence Tandem', async () => {
    const tandem = sandbox.api({ username: 'system:serviceaccount:tandem-system:tandem' });
    const patch = { spec: { replicas: 5 } };
    await expect(tandem.patch(resources.deployments, web, patch, { type: 'merge' })).rejects.toThrow(
      'Tandem may change only spec.paused',
    );
    const change = { metadata: { labels: { 'tandem.dev/gate': 'open' } }, spec: { paused: true } };
    await tandem.patch(resources.deployments, web, change, { type: 'merge' });
    await expect(tandem.delete(resources.deployments, web)).rejects.toMatchObject({ status: 422, reason: 'Invalid' });
  });
});
