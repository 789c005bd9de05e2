import { describe, expect, it } from 'vitest';
import { type FailFastInput, failFast } from './fail-fast.ts';
import { deployment, iso, type PodOptions, pod, replicaSet, START } from './testing/objects.ts';

const canary = deployment('shop-canary', 'v2', { replicas: 1 });

function input(canaryPod: PodOptions, change: Partial<FailFastInput> = {}): FailFastInput {
  return {
    now: START + 400_000,
    canary,
    canaryReplicaSets: [],
    baselinePods: [],
    canaryPods: [pod('c-1', { created: 300, ...canaryPod })],
    stablePods: [pod('s-1'), pod('s-2')],
    canaryCreatedAt: START + 300_000,
    wasReady: false,
    startDeadlineSeconds: 300,
    ...change,
  };
}

const waiting = (reason: string, message?: string): PodOptions => ({
  ready: false,
  status: { state: { waiting: { reason, ...(message === undefined ? {} : { message }) } } },
});

describe('failFast, one canary pod', () => {
  it.each<[string, PodOptions, string, string]>([
    ['ready', {}, 'None', ''],
    ['still starting', { ready: false }, 'None', ''],
    ['crash loop', waiting('CrashLoopBackOff'), 'Regression', 'CrashLoopBackOff'],
    [
      'out of memory',
      { ready: false, status: { lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } } },
      'Regression',
      'OOMKilled',
    ],
    [
      'broken configuration',
      waiting('CreateContainerConfigError', 'configmap "x" not found'),
      'Regression',
      'CreateContainerConfigError',
    ],
    ['image not found', waiting('ImagePullBackOff', 'shop:v2: not found'), 'Regression', 'ImageNotFound'],
    [
      'image never there',
      waiting('ErrImageNeverPull', 'not present with pull policy of Never'),
      'Regression',
      'ImageNotFound',
    ],
    ['registry does not answer', waiting('ErrImagePull', 'dial tcp 10.0.0.1:443: i/o timeout'), 'Blocked', 'ImagePull'],
    ['registry is overloaded', waiting('ErrImagePull', '503 Service Unavailable'), 'Blocked', 'ImagePull'],
    [
      'name server does not know the registry',
      waiting('ErrImagePull', 'lookup registry.local: no such host'),
      'Blocked',
      'ImagePull',
    ],
    [
      'no node takes it',
      { ready: false, phase: 'Pending', unscheduled: '0/1 nodes: Insufficient cpu' },
      'Blocked',
      'Unschedulable',
    ],
    ['evicted', { ready: false, phase: 'Failed', reason: 'Evicted', message: 'low on memory' }, 'Blocked', 'Evicted'],
    [
      'restarted twice',
      { status: { restartCount: 2, lastState: { terminated: { exitCode: 1 } } } },
      'Regression',
      'Restarting',
    ],
    ['restarted once', { status: { restartCount: 1, lastState: { terminated: { exitCode: 1 } } } }, 'None', ''],
  ])('%s', (_, options, kind, reason) => {
    const answer = failFast(input(options));

    expect(answer.kind).toBe(kind);
    if (answer.kind !== 'None') expect(answer.reason).toBe(reason);
  });

  it('does not listen to a pod that is being deleted', () => {
    const going = pod('c-1', {
      ready: false,
      phase: 'Failed',
      reason: 'Error',
      status: { state: { waiting: { reason: 'CrashLoopBackOff' } } },
    });
    going.metadata.deletionTimestamp = iso(399);

    expect(failFast(input({}, { canaryPods: [going] })).kind).toBe('None');
  });

  it('names the exit code and the last words of a crash', () => {
    const status = {
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 3, message: 'no database\n' } },
    };

    const answer = failFast(input({ ready: false, status }));

    expect(answer).toMatchObject({ message: 'container app of pod c-1 keeps crashing with exit code 3: no database' });
  });
});

describe('failFast over time', () => {
  it('is a regression when the start deadline is over', () => {
    expect(failFast(input({ ready: false }, { now: START + 599_000 })).kind).toBe('None');
    expect(failFast(input({ ready: false }, { now: START + 601_000 }))).toMatchObject({ reason: 'NotReady' });
  });

  it('counts the start deadline from the start of the container, not while something else kept it from starting', () => {
    const late: PodOptions = { ready: false, status: { state: { running: { startedAt: iso(890) } } } };
    const creating: PodOptions = { ready: false, status: { state: { waiting: { reason: 'ContainerCreating' } } } };

    expect(failFast(input(late, { now: START + 900_000 })).kind).toBe('None');
    expect(failFast(input(late, { now: START + 1_190_000 }))).toMatchObject({ reason: 'NotReady' });
    expect(failFast(input(creating, { now: START + 601_000 }))).toMatchObject({
      kind: 'Blocked',
      reason: 'NotStarted',
    });
  });

  it('says nothing of the version past the start deadline while a quota keeps it from starting', () => {
    const set = replicaSet('shop-canary-1', 'v2', 1, canary);
    set.status = {
      replicas: 0,
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' }],
    };

    const answer = failFast(input({}, { canaryPods: [], canaryReplicaSets: [set], now: START + 900_000 }));

    expect(answer).toMatchObject({ kind: 'Blocked', reason: 'FailedCreate', message: 'exceeded quota' });
  });

  it('takes out a canary that lost its readiness for a minute', () => {
    const lost: PodOptions = { ready: false, since: 339 };

    expect(failFast(input(lost, { wasReady: true, now: START + 398_000 })).kind).toBe('None');
    expect(failFast(input(lost, { wasReady: true, now: START + 399_000 }))).toMatchObject({ reason: 'LostReadiness' });
  });
});

describe('failFast while stable is in trouble itself', () => {
  it('blames nobody when a pod of stable restarted in the same minutes', () => {
    const restarted = pod('s-1', { status: { lastState: { terminated: { exitCode: 1, finishedAt: iso(290) } } } });

    const answer = failFast(input(waiting('CrashLoopBackOff'), { stablePods: [restarted, pod('s-2')] }));

    expect(answer).toMatchObject({ kind: 'Blocked', reason: 'StableUnstable' });
  });

  it('blames nobody when a pod of stable is not ready either', () => {
    const answer = failFast(input(waiting('CrashLoopBackOff'), { stablePods: [pod('s-1', { ready: false })] }));

    expect(answer.kind).toBe('Blocked');
  });

  it('does not count a restart of yesterday, nor a pod that is just starting', () => {
    const old = pod('s-1', { status: { lastState: { terminated: { exitCode: 1, finishedAt: iso(-9000) } } } });
    const fresh = pod('s-2', { created: 380, ready: false });

    expect(failFast(input(waiting('CrashLoopBackOff'), { stablePods: [old, fresh] })).kind).toBe('Regression');
  });
});
