import { expect } from 'vitest';
import { type Deployment, type KubeObject, resources } from '../../../src/kube/object.ts';
import { type Case, failureOf, merge, ref, type Stage, web } from '../under-test.ts';

async function apply(stage: Stage, manager: string, body: object, force = false): Promise<Deployment> {
  const manifest = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...ref(stage) }, ...body };
  return stage.under.manager(manager).patch(resources.deployments, ref(stage), manifest, { type: 'apply', force });
}

function paused(stage: Stage, more: Record<string, unknown> = {}): { metadata: KubeObject['metadata']; spec: unknown } {
  const { metadata, spec } = web(stage, { replicas: 0, spec: { paused: true } });
  return { metadata, spec: { ...spec, ...more } };
}

function container(stage: Stage, fields: Record<string, unknown>): object {
  const { spec } = web(stage, { replicas: 0, spec: { paused: true } });
  const [app] = spec.template.spec.containers;
  const template = { ...spec.template, spec: { ...spec.template.spec, containers: [{ ...app, ...fields }] } };
  return { metadata: { ...ref(stage) }, spec: { ...spec, template } };
}

function envOf({ spec }: Deployment): string {
  return (spec.template.spec.containers[0]?.env ?? []).map(({ name, value }) => `${name}=${value ?? ''}`).join(' ');
}

function ownersOf(object: Deployment): string[] {
  const entries = object.metadata['managedFields'] as { manager: string; operation: string }[];
  return entries
    .map(({ manager, operation }) => `${manager} ${operation}`)
    .filter((entry) => !entry.startsWith('kube-'));
}

export const applyCases: Case[] = [
  {
    name: 'creates, and changes nothing when it is repeated',
    async run(stage) {
      const made = await apply(stage, 'one', paused(stage));
      expect(made.metadata.generation).toBe(1);
      expect(ownersOf(made)).toEqual(['one Apply']);
      await stage.under.pass(2);
      const before = await stage.api.get<Deployment>(resources.deployments, ref(stage));
      const again = await apply(stage, 'one', paused(stage));
      expect(again.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    },
  },
  {
    name: 'a field that is left out goes, unless another manager has it or it has a default',
    async run(stage) {
      const labels = { a: '1', b: '2' };
      await apply(stage, 'one', { ...paused(stage, { minReadySeconds: 3 }), metadata: { ...ref(stage), labels } });
      await apply(stage, 'two', { metadata: { ...ref(stage), labels: { b: '2', c: '3' } } });
      const left = await apply(stage, 'one', { ...paused(stage), metadata: { ...ref(stage), labels: {} } });
      expect(left.metadata.labels).toEqual({ b: '2', c: '3' });
      expect(left.spec).not.toHaveProperty('minReadySeconds');
      const none = await apply(stage, 'two', { metadata: { ...ref(stage) } });
      expect(none.metadata.labels).toBeUndefined();
    },
  },
  {
    name: 'conflicts name managers and fields; force takes them over; equal values are shared',
    async run(stage) {
      await apply(stage, 'one', paused(stage, { minReadySeconds: 3 }));
      const refused = await failureOf(apply(stage, 'two', { spec: { minReadySeconds: 4 } }));
      expect(refused).toMatchObject({
        status: 409,
        reason: 'Conflict',
        message: 'Apply failed with 1 conflict: conflict with "one": .spec.minReadySeconds',
        details: {
          causes: [{ reason: 'FieldManagerConflict', field: '.spec.minReadySeconds' }],
        },
      });
      const shared = await apply(stage, 'two', { spec: { minReadySeconds: 3 } });
      expect(ownersOf(shared).toSorted()).toEqual(['one Apply', 'two Apply']);
      const taken = await apply(stage, 'two', { spec: { minReadySeconds: 4 } }, true);
      expect(taken.spec.minReadySeconds).toBe(4);
      expect(await failureOf(apply(stage, 'one', paused(stage, { minReadySeconds: 3 })))).toMatchObject({
        status: 409,
      });
    },
  },
  {
    name: 'what an ordinary write set belongs to its writer',
    async run(stage) {
      await apply(stage, 'one', paused(stage, { minReadySeconds: 3 }));
      await merge(stage, { spec: { minReadySeconds: 5 } });
      const refused = await failureOf(apply(stage, 'one', paused(stage, { minReadySeconds: 3 })));
      expect((refused as Error).message).toBe(
        'Apply failed with 1 conflict: conflict with "tandem" using apps/v1: .spec.minReadySeconds',
      );
      const kept = await apply(stage, 'one', paused(stage));
      expect(kept.spec.minReadySeconds).toBe(5);
    },
  },
  {
    name: 'lists merge by their keys, others as a whole',
    async run(stage) {
      const env = [
        { name: 'ONE', value: '1' },
        { name: 'TWO', value: '2' },
      ];
      await apply(stage, 'one', container(stage, { env, args: ['x'], ports: [{ containerPort: 80 }] }));
      const two = { containers: [{ name: 'app', env: [{ name: 'THREE', value: '3' }] }] };
      const both = await apply(stage, 'two', { spec: { template: { spec: two } } });
      expect(envOf(both).split(' ').toSorted()).toEqual(['ONE=1', 'THREE=3', 'TWO=2']);
      const fewer = await apply(stage, 'one', container(stage, { env: env.slice(0, 1), args: ['y', 'z'] }));
      expect(envOf(fewer).split(' ').toSorted()).toEqual(['ONE=1', 'THREE=3']);
      expect(fewer.spec.template.spec.containers[0]).toMatchObject({ args: ['y', 'z'] });
      expect(fewer.spec.template.spec.containers[0]).not.toHaveProperty('ports');
      const doubled = container(stage, { env: [...env, { name: 'ONE', value: 'again' }] });
      expect((await failureOf(apply(stage, 'one', doubled))) as Error).toMatchObject({
        message: expect.stringContaining('duplicate entries for key [name="ONE"]') as string,
      });
    },
  },
];
