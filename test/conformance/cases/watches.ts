import { expect } from 'vitest';
import type { WatchEvent, WatchOptions } from '../../../src/kube/api.ts';
import { type KubeObject, resources } from '../../../src/kube/object.ts';
import { type Case, ref, type Stage, until } from '../under-test.ts';

interface Watching {
  events: WatchEvent[];
  stop(): Promise<void>;
}

/** Collects events until it is stopped. */
function collect(stage: Stage, options: WatchOptions): Watching {
  const events: WatchEvent[] = [];
  const abort = new AbortController();
  const loop = async (): Promise<void> => {
    const watch = stage.api.watch(resources.configMaps, {
      namespace: stage.namespace,
      signal: abort.signal,
      ...options,
    });
    for await (const event of watch) if (event.object.metadata.name !== 'kube-root-ca.crt') events.push(event);
  };
  const done = loop();
  return {
    events,
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}

function configMap(stage: Stage, name: string, labels: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: stage.namespace, labels } };
}

async function label(stage: Stage, name: string, labels: Record<string, string | null>): Promise<KubeObject> {
  return stage.api.patch(resources.configMaps, ref(stage, name), { metadata: { labels } }, { type: 'merge' });
}

async function settled(stage: Stage, watching: Watching, count: number): Promise<string[]> {
  const real = (): WatchEvent[] => watching.events.filter(({ type }) => type !== 'BOOKMARK');
  await until(stage, `${count} events`, async () => real().length >= count, 10);
  await stage.under.pass(1);
  return real().map(({ type, object }) => `${type} ${object.metadata.name}`);
}

export const watchCases: Case[] = [
  {
    name: 'tells every change after the version asked for, in order, with its version',
    async run(stage) {
      const first = await stage.api.create(resources.configMaps, configMap(stage, 'a'));
      const version = first.metadata.resourceVersion ?? '';
      const changed = await label(stage, 'a', { n: '1' });
      await stage.api.create(resources.configMaps, configMap(stage, 'b'));
      const watching = collect(stage, { resourceVersion: version });
      await settled(stage, watching, 2);
      await stage.api.delete(resources.configMaps, ref(stage, 'a'));
      expect(await settled(stage, watching, 3)).toEqual(['MODIFIED a', 'ADDED b', 'DELETED a']);
      await watching.stop();
      expect(watching.events[0]?.object.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
      const versions = watching.events.map(({ object }) => Number(object.metadata.resourceVersion));
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(watching.events.find(({ type }) => type === 'DELETED')?.object.metadata.labels).toEqual({ n: '1' });
    },
  },
  {
    name: 'an object that comes into the selection is added, one that leaves it is deleted',
    async run(stage) {
      await stage.api.create(resources.configMaps, configMap(stage, 'a'));
      const { metadata } = await stage.api.list(resources.configMaps, { namespace: stage.namespace });
      const watching = collect(stage, { resourceVersion: metadata.resourceVersion ?? '', labelSelector: 'in=yes' });
      await stage.under.pass(0.5);
      await label(stage, 'a', { in: 'yes' });
      await label(stage, 'a', { other: 'x' });
      await label(stage, 'a', { in: null });
      await label(stage, 'a', { other: 'y' });
      await label(stage, 'a', { in: 'yes' });
      await stage.api.delete(resources.configMaps, ref(stage, 'a'));
      expect(await settled(stage, watching, 5)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a']);
      await watching.stop();
      const left = watching.events[2]?.object;
      expect(left?.metadata.labels).toEqual({ in: 'yes', other: 'x' });
      expect(Number(left?.metadata.resourceVersion)).toBeGreaterThan(
        Number(watching.events[1]?.object.metadata.resourceVersion),
      );
    },
  },
  {
    name: 'initial events end with an annotated bookmark',
    async run(stage) {
      await stage.api.create(resources.configMaps, configMap(stage, 'a'));
      await stage.api.create(resources.configMaps, configMap(stage, 'b'));
      const watching = collect(stage, { sendInitialEvents: true });
      await until(stage, 'a bookmark', async () => watching.events.some(({ type }) => type === 'BOOKMARK'), 10);
      const mark = watching.events.find(({ type }) => type === 'BOOKMARK');
      const before = watching.events.slice(0, watching.events.indexOf(mark as WatchEvent));
      expect(before.map(({ type, object }) => `${type} ${object.metadata.name}`).toSorted()).toEqual([
        'ADDED a',
        'ADDED b',
      ]);
      expect(mark?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
      await label(stage, 'a', { n: '1' });
      await until(stage, 'the change', async () => watching.events.some(({ type }) => type === 'MODIFIED'), 10);
      await watching.stop();
    },
  },
  {
    name: 'the server ends a watch after its timeout',
    async run(stage) {
      const { metadata } = await stage.api.list(resources.configMaps, { namespace: stage.namespace });
      await waitEnd(stage, { resourceVersion: metadata.resourceVersion ?? '', timeoutSeconds: 1 });
    },
  },
];

/** Reads a watch to its end, letting time pass. */
async function waitEnd(stage: Stage, options: WatchOptions): Promise<void> {
  let ended: { error?: unknown } | undefined;
  const loop = async (): Promise<void> => {
    for await (const event of stage.api.watch(resources.configMaps, { namespace: stage.namespace, ...options }))
      void event;
  };
  void loop().then(
    () => (ended = {}),
    (error: unknown) => (ended = { error }),
  );
  await until(stage, 'the end of the watch', async () => ended !== undefined, 15);
  if (ended?.error !== undefined) throw ended.error as Error;
}
