import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { isNotFound } from '../../../src/kube/errors.ts';
import { type KubeObject, type Resource, resources } from '../../../src/kube/object.ts';
import { type Case, failureOf, ref, type Stage, until } from '../under-test.ts';

const crd = readFileSync(new URL('../../../crds/tandem.dev_canaryreleases.yaml', import.meta.url), 'utf8');

/** Installs the CRD under a group of the case's own and waits until the server serves it. */
async function served(stage: Stage): Promise<Resource> {
  const group = `${stage.namespace}.tandem.dev`;
  await stage.under.install(crd.replaceAll(/\btandem\.dev\b/g, group));
  const resource = { ...resources.canaryReleases, apiVersion: `${group}/v1alpha1` };
  return until(stage, 'the kind', async () => {
    try {
      await stage.api.list(resource, { namespace: stage.namespace });
      return resource;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  });
}

function release(stage: Stage, resource: Resource, spec: Record<string, unknown>, name = 'checkout'): KubeObject {
  return { apiVersion: resource.apiVersion, kind: resource.kind, metadata: { name, namespace: stage.namespace }, spec };
}

const target = { targetRef: { name: 'checkout' } };

export const customCases: Case[] = [
  {
    name: 'defaults, unknown fields, status apart, generation',
    async run(stage) {
      const resource = await served(stage);
      const where = ref(stage, 'checkout');
      const sent = {
        ...release(stage, resource, { ...target, unheardOf: 1, canary: { env: null } }),
        status: { phase: 'Idle' },
      };
      const made = await stage.api.create(resource, { ...sent, other: true });
      expect(made).not.toHaveProperty('other');
      expect(made['spec']).not.toHaveProperty('unheardOf');
      expect(made['spec']).toMatchObject({
        gate: 'Admission',
        canary: { env: { track: 'TANDEM_TRACK' }, startDeadline: '5m' },
        analysis: { minDuration: '15m', errors: { enabled: true, tolerance: '25%' } },
      });
      expect(made['status']).toEqual({ observedGeneration: -1 });
      expect(made.metadata.generation).toBe(1);
      const status = {
        metadata: { labels: { a: '1' } },
        spec: { suspend: true },
        status: { phase: 'Idle', observedGeneration: 1 },
      };
      const told = await stage.api.patch(resource, where, status, { type: 'merge', subresource: 'status' });
      expect(told['status']).toEqual({ phase: 'Idle', observedGeneration: 1 });
      expect(told['spec']).toMatchObject({ suspend: false });
      expect(told.metadata.labels).toBeUndefined();
      expect(told.metadata.generation).toBe(1);
      const noted = await stage.api.patch(
        resource,
        where,
        { metadata: { annotations: { a: '1' } } },
        { type: 'merge' },
      );
      expect(noted.metadata.generation).toBe(1);
      const changed = await stage.api.patch(
        resource,
        where,
        { spec: { suspend: true }, status: null },
        { type: 'merge' },
      );
      expect(changed.metadata.generation).toBe(2);
      expect(changed['status']).toEqual({ phase: 'Idle', observedGeneration: 1 });
      const [read] = (await stage.api.list(resource, { namespace: stage.namespace })).items;
      expect(read).toEqual(changed);
    },
  },
  {
    name: 'what is refused, and where',
    async run(stage) {
      const resource = await served(stage);
      const bad: [Record<string, unknown>, string][] = [
        [{}, 'spec.targetRef'],
        [{ ...target, gate: 'Sometimes' }, 'spec.gate'],
        [{ ...target, suspend: 'yes' }, 'spec.suspend'],
        [{ ...target, canary: { percent: 60 } }, 'spec.canary.percent'],
        [{ ...target, canary: { percent: 10, replicas: 1 } }, 'spec.canary.replicas'],
        [{ ...target, canary: { startDeadline: '1s' } }, 'spec.canary.startDeadline'],
        [{ ...target, analysis: { errors: { tolerance: 'much' } } }, 'spec.analysis.errors.tolerance'],
        [{ ...target, analysis: { minDuration: '30m', deadline: '10m' } }, 'spec.analysis.deadline'],
      ];
      for (const [spec, path] of bad) {
        const refused = await failureOf(stage.api.create(resource, release(stage, resource, spec)));
        expect(refused).toMatchObject({ status: 422, reason: 'Invalid' });
        const causes = (refused as { details?: { causes?: { field?: string }[] } }).details?.causes ?? [];
        expect(causes.map(({ field }) => field)).toContain(path);
      }
      const long = release(stage, resource, target, 'x'.repeat(53));
      expect((await failureOf(stage.api.create(resource, long))) as Error).toMatchObject({
        status: 422,
        message: expect.stringContaining('at most 52 characters') as string,
      });
    },
  },
  {
    name: 'changes: what must stay, strategic patches, replacing without a version, a status that does not fit',
    async run(stage) {
      const resource = await served(stage);
      const where = ref(stage, 'checkout');
      const made = await stage.api.create(resource, release(stage, resource, target));
      const other = { spec: { targetRef: { name: 'other' } } };
      expect(await failureOf(stage.api.patch(resource, where, other, { type: 'merge' }))).toMatchObject({
        status: 422,
      });
      expect(await failureOf(stage.api.patch(resource, where, {}, { type: 'strategic' }))).toMatchObject({
        status: 415,
      });
      const blind = structuredClone(made);
      delete blind.metadata.resourceVersion;
      expect(await failureOf(stage.api.replace(resource, blind))).toMatchObject({
        status: 422,
        message: expect.stringContaining('metadata.resourceVersion') as string,
      });
      const odd = { status: { phase: 'Sleeping' } };
      const write = stage.api.patch(resource, where, odd, { type: 'merge', subresource: 'status' });
      expect(await failureOf(write)).toMatchObject({ status: 422 });
      // The first write after the create may store the default of status, which a read fills in as well.
      const first = await stage.api.replace(resource, made);
      const second = await stage.api.replace(resource, first);
      expect(second).toEqual(first);
    },
  },
];
