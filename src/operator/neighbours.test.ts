import { describe, expect, it } from 'vitest';
import type { KubeApi, ListOptions, WatchEvent } from '../kube/api.ts';
import type { Deployment, KubeObject, Resource } from '../kube/object.ts';
import { createFakeClock } from '../lib/fake-clock.ts';
import { silentLogger } from '../lib/log.ts';
import { createNeighbours } from './neighbours.ts';

const target = (app: string): Deployment =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop', namespace: 'ns' },
    spec: { selector: { matchLabels: { app } }, template: { spec: { containers: [] } } },
  }) as unknown as Deployment;

const pod = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns', uid: name, resourceVersion: '1' },
});

/** A server that sends one pod, or none, and then what `push` is given; it knows who watches. */
function server(): { api: Pick<KubeApi, 'list' | 'watch'>; open: string[]; push(event: WatchEvent): void } {
  const open: string[] = [];
  const pushes: ((event: WatchEvent) => void)[] = [];
  async function* watch(
    resource: Resource,
    options: ListOptions & { signal: AbortSignal },
  ): AsyncGenerator<WatchEvent> {
    const name = `${resource.plural} ${options.labelSelector}`;
    open.push(name);
    const waiting: WatchEvent[] = [];
    if (resource.plural === 'pods') waiting.push({ type: 'ADDED', object: pod('a') });
    const end = { 'k8s.io/initial-events-end': 'true' };
    const object = { ...pod(''), metadata: { name: '', resourceVersion: '2', annotations: end } };
    waiting.push({ type: 'BOOKMARK', object });
    let wake = (): void => undefined;
    if (resource.plural === 'pods') pushes.push((event) => (waiting.push(event), wake()));
    options.signal.addEventListener('abort', () => wake());
    try {
      while (!options.signal.aborted) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      open.splice(open.indexOf(name), 1);
    }
  }
  const api = { list: () => Promise.reject(new Error('nothing is listed')), watch } as unknown as Pick<
    KubeApi,
    'list' | 'watch'
  >;
  return { api, open, push: (event) => pushes.at(-1)?.(event) };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('the neighbours of a target', () => {
  it('are watched while they are followed, and wake the release', async () => {
    const { api, open, push } = server();
    const woken: string[] = [];
    const onChange = (key: string): void => void woken.push(key);
    const clock = createFakeClock(0);
    const neighbours = createNeighbours({ api, clock, random: () => 0, log: silentLogger, onChange });
    expect(neighbours.watched('ns/shop')).toBeUndefined();

    neighbours.follow('ns/shop', target('shop'));
    neighbours.follow('ns/shop', target('shop'));
    await settle();
    expect(open.toSorted()).toEqual(['pods app=shop', 'replicasets app=shop']);
    expect(neighbours.watched('ns/shop')).toMatchObject({ selector: 'app=shop', pods: [{ metadata: { name: 'a' } }] });

    const before = woken.length;
    push({ type: 'ADDED', object: pod('b') });
    await settle();
    expect(woken.slice(before)).toEqual(['ns/shop']);
    expect(neighbours.watched('ns/shop')?.pods).toHaveLength(2);

    neighbours.leave('ns/shop');
    await settle();
    expect(open).toEqual([]);
    expect(neighbours.watched('ns/shop')).toBeUndefined();
  });

  it('follow the selector of the target', async () => {
    const { api, open } = server();
    const clock = createFakeClock(0);
    const neighbours = createNeighbours({ api, clock, random: () => 0, log: silentLogger, onChange: () => undefined });
    neighbours.follow('ns/shop', target('old'));
    neighbours.follow('ns/shop', target('new'));
    await settle();

    expect(open.toSorted()).toEqual(['pods app=new', 'replicasets app=new']);
    await neighbours.close();
    expect(open).toEqual([]);
  });

  it('watches nothing any more once closed, whatever pass still ends', async () => {
    const { api, open } = server();
    const clock = createFakeClock(0);
    const neighbours = createNeighbours({ api, clock, random: () => 0, log: silentLogger, onChange: () => undefined });
    neighbours.follow('ns/shop', target('shop'));
    await settle();
    const closed = neighbours.close();
    neighbours.follow('ns/shop', target('shop'));
    await closed;
    await settle();

    expect(open).toEqual([]);
    expect(neighbours.watched('ns/shop')).toBeUndefined();
  });
});
