import { expect } from 'vitest';
import type { PatchType } from '../../../src/kube/api.ts';
import { type Deployment, resources } from '../../../src/kube/object.ts';
import { type Case, failureOf, ref, type Stage, web } from '../under-test.ts';

async function patch(stage: Stage, body: unknown, type: PatchType): Promise<Deployment> {
  return stage.api.patch<Deployment>(resources.deployments, ref(stage), body, { type });
}

async function paused(stage: Stage): Promise<Deployment> {
  const object = web(stage, { replicas: 0, labels: { a: '1', b: '2' }, spec: { paused: true } });
  const [container] = object.spec.template.spec.containers;
  if (container !== undefined) {
    container.env = [
      { name: 'ONE', value: '1' },
      { name: 'TWO', value: '2' },
    ];
    container['args'] = ['x', 'y'];
    container['ports'] = [{ containerPort: 80 }, { containerPort: 81 }];
  }
  return stage.api.create<Deployment>(resources.deployments, object);
}

function envOf(deployment: Deployment): string {
  const env = deployment.spec.template.spec.containers[0]?.env ?? [];
  return env.map(({ name, value }) => `${name}=${value ?? ''}`).join(' ');
}

function inContainer(fields: Record<string, unknown>): object {
  return { spec: { template: { spec: { containers: [{ name: 'app', ...fields }] } } } };
}

export const patchCases: Case[] = [
  {
    name: 'merge: null removes, lists are replaced, versions and UIDs are compared',
    async run(stage) {
      const made = await paused(stage);
      const changed = await patch(
        stage,
        { metadata: { labels: { a: null, c: '3' } }, spec: { paused: null } },
        'merge',
      );
      expect(changed.metadata.labels).toEqual({ b: '2', c: '3' });
      expect(changed.spec).not.toHaveProperty('paused');
      const stale = { metadata: { resourceVersion: made.metadata.resourceVersion, labels: { d: '4' } } };
      expect(await failureOf(patch(stage, stale, 'merge'))).toMatchObject({ status: 409, reason: 'Conflict' });
      const other = { metadata: { uid: '00000000-0000-4000-8000-000000000000' } };
      expect(await failureOf(patch(stage, other, 'merge'))).toMatchObject({
        status: 422,
        reason: 'Invalid',
        message: expect.stringContaining('metadata.uid: Invalid value') as string,
      });
      const missing = stage.api.patch(resources.deployments, ref(stage, 'nosuch'), {}, { type: 'merge' });
      expect(await failureOf(missing)).toMatchObject({ status: 404 });
    },
  },
  {
    name: 'JSON: operations in order, all or none',
    async run(stage) {
      await paused(stage);
      const changed = await patch(
        stage,
        [
          { op: 'test', path: '/metadata/labels/a', value: '1' },
          { op: 'replace', path: '/metadata/labels/a', value: '9' },
          { op: 'remove', path: '/metadata/labels/b' },
          { op: 'add', path: '/metadata/labels/example.com~1x', value: 'y' },
          { op: 'add', path: '/spec/template/spec/containers/0/env/0', value: { name: 'ZERO', value: '0' } },
          { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'LAST', value: 'l' } },
        ],
        'json',
      );
      expect(changed.metadata.labels).toEqual({ a: '9', 'example.com/x': 'y' });
      expect(envOf(changed)).toBe('ZERO=0 ONE=1 TWO=2 LAST=l');
      const failing = [
        { op: 'replace', path: '/metadata/labels/a', value: '10' },
        { op: 'test', path: '/metadata/labels/a', value: 'no' },
      ];
      expect(await failureOf(patch(stage, failing, 'json'))).toMatchObject({ status: 422, reason: 'Invalid' });
      const nothing = [{ op: 'remove', path: '/metadata/labels/nosuch' }];
      expect(await failureOf(patch(stage, nothing, 'json'))).toMatchObject({ status: 422 });
      const after = await stage.api.get<Deployment>(resources.deployments, ref(stage));
      expect(after.metadata.labels?.['a']).toBe('9');
    },
  },
  {
    name: 'strategic: lists merge by their keys',
    async run(stage) {
      await paused(stage);
      const env = [
        { name: 'TWO', value: 'two' },
        { name: 'NEW', value: 'n' },
        { name: 'ONE', $patch: 'delete' },
      ];
      const changed = await patch(stage, inContainer({ env }), 'strategic');
      expect(envOf(changed)).toBe('TWO=two NEW=n');
      expect(changed.spec.template.spec.containers).toHaveLength(1);
      expect(changed.spec.template.spec.containers[0]?.['args']).toEqual(['x', 'y']);
      expect(envOf(await patch(stage, inContainer({ env: [{ name: 'ADDED', value: 'a' }] }), 'strategic'))).toBe(
        'ADDED=a TWO=two NEW=n',
      );
      const args = await patch(stage, inContainer({ args: ['z'] }), 'strategic');
      expect(args.spec.template.spec.containers[0]?.['args']).toEqual(['z']);
      const ports = await patch(stage, inContainer({ ports: [{ containerPort: 81, name: 'admin' }] }), 'strategic');
      expect(ports.spec.template.spec.containers[0]?.['ports']).toEqual([
        { containerPort: 80, protocol: 'TCP' },
        { containerPort: 81, protocol: 'TCP', name: 'admin' },
      ]);
      const side = { name: 'side', image: 'side:1' };
      const order = { '$setElementOrder/containers': [{ name: 'side' }, { name: 'app' }], containers: [side] };
      const ordered = await patch(stage, { spec: { template: { spec: order } } }, 'strategic');
      expect(ordered.spec.template.spec.containers.map(({ name }) => name)).toEqual(['side', 'app']);
      const replaced = await patch(
        stage,
        inContainer({ env: [{ $patch: 'replace' }, { name: 'ONLY', value: 'o' }] }),
        'strategic',
      );
      expect(envOf({ ...replaced, spec: { ...replaced.spec, template: appFirst(replaced) } })).toBe('ONLY=o');
      const recreate = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } };
      expect((await patch(stage, recreate, 'strategic')).spec.strategy).toEqual({ type: 'Recreate' });
    },
  },
  {
    name: 'finalizers and owners merge as sets and by UID',
    async run(stage) {
      const metadata = { name: 'settings', namespace: stage.namespace, finalizers: ['example.com/a'] };
      await stage.api.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
      const where = ref(stage, 'settings');
      const more = { metadata: { finalizers: ['example.com/b'] } };
      const merged = await stage.api.patch(resources.configMaps, where, more, { type: 'strategic' });
      expect(merged.metadata['finalizers']).toEqual(['example.com/b', 'example.com/a']);
      const less = { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] } };
      const left = await stage.api.patch(resources.configMaps, where, less, { type: 'strategic' });
      expect(left.metadata['finalizers']).toEqual(['example.com/b']);
      const none = await stage.api.patch(
        resources.configMaps,
        where,
        { metadata: { finalizers: null } },
        { type: 'merge' },
      );
      expect(none.metadata).not.toHaveProperty('finalizers');
    },
  },
];

function appFirst(deployment: Deployment): Deployment['spec']['template'] {
  const { template } = deployment.spec;
  const containers = template.spec.containers.filter(({ name }) => name === 'app');
  return { ...template, spec: { ...template.spec, containers } };
}
