import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resources } from '../../kube/object.ts';
import { isReady } from '../controllers/pod-order.ts';
import { realPort } from './ports.ts';
import { createProcessStage, isRunning, type ProcessStage, podOf } from './testing/stage.ts';

let stage: ProcessStage;

beforeEach(async () => {
  stage = await createProcessStage();
});
afterEach(async () => {
  const pids = stage.node.pids();
  await stage.close();
  expect(pids.filter(isRunning)).toEqual([]);
});

const text = (name: string, previous = false): string =>
  (stage.node.log('shop', name, { previous })?.lines() ?? []).map((line) => line.text).join('\n');

describe('a pod as a process', () => {
  it('runs with its environment on a port of its own, and becomes ready by its probe', async () => {
    await stage.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'words' },
      data: { greeting: 'good day' },
    });
    const env = [
      { name: 'WHO', value: 'world' },
      { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'START', valueFrom: { configMapKeyRef: { name: 'words', key: 'greeting' } } },
      { name: 'GREETING', value: '$(START), $(WHO) of $(NAMESPACE); $(NOBODY) $$(WHO)' },
    ];
    await stage.create(podOf('a', {}, { env }));
    const pod = await stage.pod('ready', isReady);
    expect(pod.status).toMatchObject({ phase: 'Running', podIP: '127.0.0.1' });
    const port = realPort(pod, 8080) ?? 0;
    expect(pod.spec.containers[0]?.['ports']).toMatchObject([{ containerPort: port }]);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(await answer.text()).toBe('good day, world of shop; $(NOBODY) $(WHO)');
    expect(text('a')).toBe('started as a');
  });

  it('waits when a source of its environment is missing, and starts when it is there', async () => {
    const valueFrom = { configMapKeyRef: { name: 'words', key: 'greeting' } };
    await stage.create(podOf('a', {}, { env: [{ name: 'GREETING', valueFrom }] }));
    const pod = await stage.pod(
      'waits',
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('configmap "words" not found');
    await stage.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'words' }, data: { greeting: 'hi' } });
    await stage.pod('ready', isReady);
  });

  it('crashes, is restarted at once, then held back', async () => {
    await stage.create(
      podOf('a', { EXIT_MS: '20', EXIT_CODE: '3' }, { terminationMessagePolicy: 'FallbackToLogsOnError' }),
    );
    const pod = await stage.pod(
      'crash loop',
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    const [status] = pod.status?.containerStatuses ?? [];
    expect(status?.state?.waiting?.message).toContain('restarting failed container=app pod=a_shop(');
    expect(status).toMatchObject({ ready: false, restartCount: 1 });
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
    expect(status?.lastState?.terminated?.message).toContain('giving up');
    expect(text('a', true)).toContain('giving up');
  });

  it('has no image of an unknown name', async () => {
    await stage.create(podOf('a', {}, { image: 'shop:v9' }));
    const pod = await stage.pod(
      'pull fails',
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
    );
    expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('shop:v9: not found');
    expect(pod.status?.phase).toBe('Pending');
    await stage.pod(
      'backs off',
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff',
    );
  });

  it('is killed when it holds more memory than its limit', async () => {
    await stage.create(podOf('a', { GROW: '1' }, { resources: { limits: { memory: '150Mi' } } }));
    const pod = await stage.pod('killed', ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0);
    expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'OOMKilled',
    });
  });

  it('is restarted when its liveness probe fails', async () => {
    const livenessProbe = {
      httpGet: { path: '/alive', port: 8080 },
      periodSeconds: 0.1,
      failureThreshold: 2,
      initialDelaySeconds: 1,
    };
    await stage.create(podOf('a', {}, { livenessProbe }));
    const pod = await stage.pod('ready', isReady);
    await fetch(`http://127.0.0.1:${realPort(pod, 8080)}/die`);
    await stage.pod('restarted', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1);
    expect(text('a', true)).toContain('Liveness probe failed');
    await stage.pod('ready again', isReady);
  });

  it('does not start what the sandbox cannot carry out', async () => {
    await stage.create(podOf('a', {}, { readinessProbe: { exec: { command: ['true'] } } }));
    const pod = await stage.pod(
      'refused',
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerError',
    );
    expect(pod.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('httpGet and tcpSocket alone');
  });

  it('ends by itself when it need not be restarted', async () => {
    await stage.create(podOf('a', { EXIT_MS: '10', EXIT_CODE: '0' }, {}, { restartPolicy: 'Never' }));
    await stage.pod('done', ({ status }) => status?.phase === 'Succeeded');
  });
});

describe('the end of a pod', () => {
  const remove = async (name: string, gracePeriodSeconds?: number): Promise<void> => {
    const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    await stage.api.delete(resources.pods, { namespace: 'shop', name }, options);
  };

  it('comes by SIGTERM', async () => {
    await stage.create(podOf('a'));
    await stage.pod('ready', isReady);
    const pids = stage.node.pids();
    const begin = Date.now();
    await remove('a');
    await stage.until('gone', () => stage.pods().length === 0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(Date.now() - begin).toBeLessThan(5000);
  });

  it('comes by SIGKILL after the grace period, with all that it had started', async () => {
    await stage.create(podOf('a', { DEAF: '1', CHILD: '1' }));
    await stage.pod('ready', isReady);
    await stage.until('child', () => /child \d+/.test(text('a')));
    const log = stage.node.log('shop', 'a');
    const pids = [...stage.node.pids(), Number(/child (\d+)/.exec(text('a'))?.[1])];
    expect(pids.every(isRunning)).toBe(true);
    await remove('a', 1);
    await stage.until('gone', () => stage.pods().length === 0);
    expect(log?.lines().map((line) => line.text)).toContain('not listening');
    await stage.until('no process', () => !pids.some(isRunning));
  });

  it('comes at once when it is forced', async () => {
    await stage.create(podOf('a', { DEAF: '1' }));
    await stage.pod('ready', isReady);
    const pids = stage.node.pids();
    await remove('a', 0);
    expect(stage.pods()).toEqual([]);
    await stage.until('no process', () => !pids.some(isRunning));
  });
});

it('leaves no process behind when it is killed itself, not even one that hangs', async () => {
  const owner = spawn(process.execPath, ['--import', 'tsx', new URL('testing/owner.ts', import.meta.url).pathname]);
  let words = '';
  owner.stdout.setEncoding('utf8').on('data', (chunk: string) => (words += chunk));
  owner.stderr.setEncoding('utf8').on('data', (chunk: string) => (words += chunk));
  await stage.until('pods run', () => {
    if (owner.exitCode !== null) throw new Error(words);
    return words.includes('pids ');
  });
  const pids = (/pids (.+)/.exec(words)?.[1] ?? '').split(' ').map(Number);
  expect(pids.length).toBe(2);
  expect(pids.every(isRunning)).toBe(true);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await stage.until('no process', () => !pids.some(isRunning));
});
