import { beforeEach, describe, expect, it } from 'vitest';
import { type Pod, resources } from '../../kube/object.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import type { SandboxApi } from '../api.ts';
import { createSandbox, type Sandbox } from '../sandbox.ts';
import type { PodBehaviour } from './behaviour.ts';

let clock: FakeClock;
let sandbox: Sandbox;
let api: SandboxApi;

beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 0, 1));
  sandbox = createSandbox({ clock, namespaces: ['shop'] });
  api = sandbox.api({ username: 'admin' });
});

async function start(behaviour: PodBehaviour): Promise<void> {
  sandbox.pods.behave(() => behaviour);
  const containers = [
    { name: 'app', image: 'shop:1' },
    { name: 'side', image: 'side:1' },
  ];
  await api.create(resources.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'shop' },
    spec: { containers },
  });
}

function pod(): Pod | undefined {
  return sandbox.peek<Pod>(resources.pods, 'shop')[0];
}

/** `Running 1/2 restarts 3 waiting CrashLoopBackOff` */
function line(): string {
  const status = pod()?.status;
  const all = status?.containerStatuses ?? [];
  const [app] = all;
  const reason = app?.state?.waiting?.reason ?? app?.state?.terminated?.reason;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' ? 'Ready' : 'not ready';
  const parts = [status?.reason ?? status?.phase, `${all.filter((one) => one.ready).length}/${all.length}`, ready];
  return [
    ...parts,
    ...(app?.restartCount ? [`restarts ${app.restartCount}`] : []),
    ...(reason === undefined ? [] : [reason]),
  ].join(' ');
}

async function at(...moments: [number, string][]): Promise<void> {
  const begin = clock.now();
  for (const [seconds, expected] of moments) {
    await clock.advance(begin + seconds * 1000 - clock.now());
    expect(`${seconds} s: ${line()}`).toBe(`${seconds} s: ${expected}`);
  }
}

describe('a pod on the node', () => {
  it('starts and becomes ready', async () => {
    await start({ startSeconds: 3, readySeconds: 5 });
    await at(
      [0, 'Pending 0/0 not ready'],
      [1, 'Pending 0/2 not ready ContainerCreating'],
      [4, 'Running 1/2 not ready'],
      [9, 'Running 2/2 Ready'],
    );
  });

  it('crashes, restarts at once, then ever later', async () => {
    await start({ startSeconds: 1, readySeconds: 2, crash: { afterSeconds: 5, reason: 'OOMKilled' } });
    await at(
      [4, 'Running 2/2 Ready'],
      [6.5, 'Running 1/2 not ready OOMKilled'],
      [7.5, 'Running 1/2 not ready restarts 1'],
      [10, 'Running 2/2 Ready restarts 1'],
      [12.5, 'Running 1/2 not ready restarts 1 OOMKilled'],
      [14, 'Running 1/2 not ready restarts 1 CrashLoopBackOff'],
      [22.5, 'Running 1/2 not ready restarts 2'],
      [30, 'Running 1/2 not ready restarts 2 CrashLoopBackOff'],
    );
    expect(pod()?.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    });
    expect(pod()?.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('back-off 20s');
  });

  it('crashes as often as it is told', async () => {
    await start({ crash: { afterSeconds: 1, times: 1 }, container: 'side' });
    await clock.advance(60_000);
    const side = pod()?.status?.containerStatuses?.[1];
    expect(side).toMatchObject({ restartCount: 1, ready: true });
  });

  it('loses readiness and gets it back', async () => {
    await start({ unready: [{ from: 10, to: 15 }, { from: 20 }] });
    await at(
      [5, 'Running 2/2 Ready'],
      [12, 'Running 1/2 not ready'],
      [17, 'Running 2/2 Ready'],
      [30, 'Running 1/2 not ready'],
    );
  });

  it('is evicted and stays as Failed', async () => {
    await start({ evict: { afterSeconds: 5 } });
    await at([3, 'Running 2/2 Ready'], [7, 'Evicted 0/0 not ready']);
    expect(pod()?.status).toMatchObject({ phase: 'Failed', message: 'The node was low on resource: memory. ' });
  });

  it('waits for its image, and takes up a change of its behaviour at once', async () => {
    await start({ imagePull: 'Timeout' });
    await at([1.5, 'Pending 0/2 not ready ErrImagePull'], [5, 'Pending 0/2 not ready ImagePullBackOff']);
    expect(pod()?.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('i/o timeout');
    sandbox.pods.heal();
    await at([3, 'Running 2/2 Ready']);
    sandbox.pods.behave(() => ({ readySeconds: 'never' }));
    await at([1, 'Running 1/2 not ready']);
    sandbox.pods.behave(() => ({ unschedulable: 'no room' }));
    await at([1, 'Running 2/2 Ready']);
  });

  it('ends in its time, with 137 when its grace is over before', async () => {
    await start({ terminateSeconds: 40 });
    await clock.advance(5000);
    await api.delete(resources.pods, { namespace: 'shop', name: 'a' });
    await clock.advance(29_000);
    expect(pod()?.metadata.deletionTimestamp).toBeDefined();
    await clock.advance(1000);
    expect(pod()?.status).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 137 } } }, {}],
    });
    await clock.advance(1000);
    expect(pod()).toBeUndefined();
  });
});
