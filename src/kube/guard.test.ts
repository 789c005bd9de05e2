import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../lib/fake-clock.ts';
import type { KubeApi } from './api.ts';
import { createKubeApi, type HttpKubeApi } from './client.ts';
import { NotLeaderError } from './errors.ts';
import { guardWrites } from './guard.ts';
import { type KubeObject, resources } from './object.ts';
import { type FakeServer, startFakeServer } from './testing/fake-server.ts';
import { advanceUntil, until } from './testing/wait.ts';

const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop' } };

let server: FakeServer;
let clock: FakeClock;
let api: HttpKubeApi;
let guarded: KubeApi;
let leading: boolean;

beforeEach(async () => {
  server = await startFakeServer((_, reply) => reply.json(200, pod));
  clock = createFakeClock();
  api = createKubeApi({ config: server.config, clock, random: () => 0, userAgent: 'tandem/test' });
  leading = true;
  guarded = guardWrites(api, () => leading);
});

afterEach(async () => {
  await api.close();
  await server.close();
});

const writes: [string, (api: KubeApi) => Promise<unknown>][] = [
  ['create', (to) => to.create(resources.pods, pod)],
  ['dry run', (to) => to.create(resources.pods, pod, { dryRun: true })],
  ['replace', (to) => to.replace(resources.pods, pod)],
  ['patch', (to) => to.patch(resources.pods, { namespace: 'shop', name: 'a' }, {}, { type: 'merge' })],
  ['delete', (to) => to.delete(resources.pods, { namespace: 'shop', name: 'a' })],
];

describe('guardWrites', () => {
  it.each(writes)('lets a leader %s, and nobody else', async (_, write) => {
    await write(guarded);
    expect(server.requests).toHaveLength(1);
    leading = false;

    await expect(write(guarded)).rejects.toThrow(NotLeaderError);

    expect(server.requests).toHaveLength(1);
  });

  it('lets everybody read', async () => {
    leading = false;

    expect(await guarded.get(resources.pods, { namespace: 'shop', name: 'a' })).toEqual(pod);
    server.handle((_, reply) => reply.json(200, { items: [], resources: [] }));
    expect((await guarded.list(resources.pods)).items).toEqual([]);
    expect(await guarded.discover('v1')).toEqual([]);
  });

  it.each(writes)('does not let a %s that waits for a busy server go out after the lease', async (_, write) => {
    server.handle((_, reply) => reply.failure(429, 'TooManyRequests', 'busy', { 'retry-after': '12' }));
    const outcome = write(guarded).catch((error: unknown) => error);
    await server.received(1);
    await until(() => clock.pending() === 1);
    leading = false;
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });

    await advanceUntil(clock, 1_000, () => settled);

    expect(await outcome).toBeInstanceOf(NotLeaderError);
    expect(server.requests).toHaveLength(1);
  });

  it('asks a check that was there already', async () => {
    const refusal = new Error('no');
    const beforeAttempt = (): void => {
      throw refusal;
    };

    await expect(guarded.create(resources.pods, pod, { beforeAttempt })).rejects.toBe(refusal);
    expect(server.requests).toEqual([]);
  });
});
