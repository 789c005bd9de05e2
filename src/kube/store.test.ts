import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from './object.ts';
import { createStore, keyOf } from './store.ts';

function pod(name: string, version: string, fields: { uid?: string; app?: string } = {}): KubeObject {
  const { uid = `uid-${name}`, app = 'web' } = fields;
  const metadata = { name, namespace: 'shop', uid, resourceVersion: version, labels: { app } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'a' }] } };
}

const byApp = { app: (object: KubeObject) => [object.metadata.labels?.['app'] ?? ''] };

describe('store', () => {
  it('tells what changes', () => {
    const store = createStore();
    const first = pod('a', '1');
    const second = pod('a', '2');

    expect(store.put(first)).toEqual([{ key: 'shop/a', type: 'ADDED', object: first, old: undefined }]);
    expect(store.put(pod('a', '1'))).toEqual([]);
    expect(store.put(second)).toEqual([{ key: 'shop/a', type: 'MODIFIED', object: second, old: first }]);
    expect(store.remove(pod('a', '3'))).toEqual([
      { key: 'shop/a', type: 'DELETED', object: pod('a', '3'), old: second },
    ]);
    expect(store.remove(pod('a', '3'))).toEqual([]);
    expect(store.list()).toEqual([]);
  });

  it('takes another object of the same name for a delete and an add', () => {
    const store = createStore();
    const old = pod('a', '1');
    const replaced = pod('a', '1', { uid: 'other' });
    store.put(old);

    expect(store.put(replaced)).toEqual([
      { key: 'shop/a', type: 'DELETED', object: old, old },
      { key: 'shop/a', type: 'ADDED', object: replaced, old: undefined },
    ]);
  });

  it('deletes what is not in a new list, first', () => {
    const store = createStore();
    store.replaceAll([pod('a', '1'), pod('b', '1'), pod('c', '1')]);

    const changes = store.replaceAll([pod('d', '2'), pod('b', '2'), pod('c', '1')]);

    expect(changes.map(({ key, type }) => [key, type])).toEqual([
      ['shop/a', 'DELETED'],
      ['shop/d', 'ADDED'],
      ['shop/b', 'MODIFIED'],
    ]);
  });

  it('refuses writes at any depth', () => {
    const store = createStore<KubeObject & { spec: { containers: { name: string }[] } }>();
    store.put(pod('a', '1') as KubeObject & { spec: { containers: { name: string }[] } });
    const cached = store.get('shop/a');

    expect(() => cached?.spec.containers.push({ name: 'b' })).toThrow(TypeError);
    expect(() => {
      cached!.metadata.labels!['app'] = 'other';
    }).toThrow(TypeError);
  });

  it('says which index is missing', () => {
    expect(() => createStore().byIndex('owner', 'x')).toThrow('there is no index "owner"');
  });

  it('finds by index what a search through everything finds', () => {
    const names = fc.constantFrom('a', 'b', 'c');
    const apps = fc.constantFrom('web', 'db');
    const step = fc.record({ name: names, app: apps, uid: fc.constantFrom('1', '2'), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const store = createStore(byApp);
        for (const [version, { name, app, uid, remove }] of steps.entries()) {
          const object = pod(name, String(version), { uid, app });
          if (remove) store.remove(object);
          else store.put(object);
        }

        for (const app of ['web', 'db', 'none']) {
          const searched = store.list().filter(({ metadata }) => metadata.labels?.['app'] === app);
          const sort = (objects: KubeObject[]) => objects.map(({ metadata }) => keyOf(metadata)).toSorted();
          expect(sort(store.byIndex('app', app))).toEqual(sort(searched));
        }
      }),
    );
  });
});
