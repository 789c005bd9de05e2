import { beforeEach, describe, expect, it } from 'vitest';
import type { WatchEvent } from '../kube/api.ts';
import { ApiError } from '../kube/errors.ts';
import { type KubeObject, resources } from '../kube/object.ts';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import type { SandboxApi } from './api.ts';
import { CrashError, noAnswer } from './faults.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';

let clock: FakeClock;
let sandbox: Sandbox;
let admin: SandboxApi;
let operator: SandboxApi;

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  sandbox = createSandbox({ clock, namespaces: ['shop'] });
  admin = sandbox.api({ username: 'admin' });
  operator = sandbox.api({ username: 'operator' });
});

function configMap(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' } };
}

async function names(): Promise<string[]> {
  const { items } = await admin.list(resources.configMaps, { namespace: 'shop' });
  return items.map(({ metadata }) => metadata.name);
}

/** Collects the events of a watch, and what ended it. */
function collect(options: { resourceVersion?: string; idleTimeoutMs?: number } = {}): {
  seen: string[];
  end?: unknown;
} {
  const result: { seen: string[]; end?: unknown } = { seen: [] };
  const loop = async (): Promise<void> => {
    for await (const { type, object } of operator.watch(resources.configMaps, { namespace: 'shop', ...options })) {
      result.seen.push(`${type} ${object.metadata.name}`.trim());
    }
  };
  void loop().then(
    () => (result.end = 'closed'),
    (error: unknown) => (result.end = error),
  );
  return result;
}

describe('faults of calls', () => {
  it('fail before or after the effect, for the identity they were set for', async () => {
    sandbox.faults.before((call) => {
      if (call.verb !== 'create') return 'ok';
      return call.number === 1 ? new ApiError(500, 'InternalError', 'etcd') : { after: noAnswer() };
    }, 'operator');

    await expect(operator.create(resources.configMaps, configMap('a'))).rejects.toMatchObject({ status: 500 });
    await expect(operator.create(resources.configMaps, configMap('b'))).rejects.toMatchObject({ reason: 'ECONNRESET' });
    await admin.create(resources.configMaps, configMap('c'));
    expect(await names()).toEqual(['b', 'c']);

    sandbox.faults.clear();
    await operator.create(resources.configMaps, configMap('a'));
    expect(await names()).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['crash', []],
    ['crash-after', ['a']],
  ] as const)('%s ends the process and its watches; a new one goes on', async (fault, left) => {
    const watching = collect();
    await clock.advance(0);
    sandbox.faults.before((call) => (call.verb === 'create' ? fault : 'ok'), 'operator');

    await expect(operator.create(resources.configMaps, configMap('a'))).rejects.toBeInstanceOf(CrashError);
    await clock.advance(0);

    expect(watching.end).toBeInstanceOf(CrashError);
    expect(operator.alive).toBe(false);
    await expect(operator.get(resources.namespaces, { name: 'shop' })).rejects.toBeInstanceOf(CrashError);
    expect(await names()).toEqual([...left]);
    sandbox.faults.clear();
    const next = sandbox.api({ username: 'operator' });
    expect((await next.get(resources.namespaces, { name: 'shop' })).metadata.name).toBe('shop');
  });

  it('a call that waits when its process is killed takes no effect', async () => {
    let proceed = (): void => undefined;
    sandbox.faults.before(() => new Promise((resolve) => (proceed = () => resolve('ok'))), 'operator');
    const pending = operator.create(resources.configMaps, configMap('a'));
    await clock.advance(0);
    operator.kill();
    proceed();
    await expect(pending).rejects.toBeInstanceOf(CrashError);
    expect(await names()).toEqual([]);
  });

  it('every call is seen, with what it asks', async () => {
    const calls: string[] = [];
    sandbox.observe(({ username, verb, name, namespace }) => calls.push(`${username} ${verb} ${namespace}/${name}`));
    await admin.create(resources.configMaps, configMap('a'));
    await operator.patch(resources.configMaps, { namespace: 'shop', name: 'a' }, {}, { type: 'merge' });
    expect(calls).toEqual(['admin create shop/a', 'operator patch shop/a']);
  });
});

describe('faults of watches', () => {
  const faulty = (
    fault: (event: WatchEvent, count: number) => ReturnType<Parameters<Sandbox['faults']['watch']>[0]>,
  ): void => {
    let count = 0;
    sandbox.faults.watch((event) => fault(event, (count += 1)), 'operator');
  };

  it('drop, duplicate and close', async () => {
    faulty((_, count) => (['drop', 'duplicate', 'ok', 'close'] as const)[count - 1] ?? 'ok');
    const watching = collect();
    await clock.advance(0);
    for (const name of ['a', 'b', 'c', 'd']) await admin.create(resources.configMaps, configMap(name));
    await clock.advance(0);
    expect(watching).toEqual({ seen: ['ADDED b', 'ADDED b', 'ADDED c'], end: 'closed' });
  });

  it('a delay holds up what follows: the order stays', async () => {
    faulty((_, count) => (count === 1 ? { delayMs: 5000 } : 'ok'));
    const watching = collect();
    await clock.advance(0);
    await admin.create(resources.configMaps, configMap('a'));
    await admin.create(resources.configMaps, configMap('b'));
    await clock.advance(4999);
    expect(watching.seen).toEqual([]);
    await clock.advance(1);
    expect(watching.seen).toEqual(['ADDED a', 'ADDED b']);
  });

  it('a version that was forgotten is gone, at the start and in the middle', async () => {
    const { metadata } = await admin.create(resources.configMaps, configMap('a'));
    await admin.create(resources.configMaps, configMap('b'));
    sandbox.compact();
    const late = collect({ resourceVersion: metadata.resourceVersion ?? '' });
    faulty(() => 'gone');
    const torn = collect({ resourceVersion: String(sandbox.version()) });
    await clock.advance(0);
    await admin.create(resources.configMaps, configMap('c'));
    await clock.advance(0);
    expect(late.end).toMatchObject({ status: 410, reason: 'Expired' });
    expect(torn.end).toMatchObject({ status: 410 });
  });

  it('a connection that is silent ends by the watchdog, one with bookmarks does not', async () => {
    const well = collect({ idleTimeoutMs: 90_000 });
    await clock.advance(300_000);
    expect(well).toEqual({ seen: Array.from({ length: 5 }, () => 'BOOKMARK') });
    sandbox.faults.watch(() => 'drop', 'operator');
    const dead = collect({ idleTimeoutMs: 90_000 });
    await clock.advance(90_000);
    expect(dead.end).toMatchObject({ status: 0, reason: 'IdleTimeout' });
  });
});
