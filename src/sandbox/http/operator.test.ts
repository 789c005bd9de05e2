import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { GATE_LABEL, SERVICE_ACCOUNT } from '../../api/names.ts';
import type { CanaryRelease, CanaryReleaseStatus } from '../../api/schema.ts';
import { createKubeApi, type HttpKubeApi } from '../../kube/client.ts';
import { loadClusterConfig } from '../../kube/config.ts';
import { type Deployment, type KubeObject, type Pod, resources } from '../../kube/object.ts';
import { systemClock } from '../../lib/clock.ts';
import type { PodBehaviour } from '../pods/behaviour.ts';
import { createSandbox } from '../sandbox.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { installTandem } from './run.ts';
import { ADMINISTRATOR, type SandboxServer, serveSandbox } from './server.ts';

const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function versionOf({ spec }: Pod): string {
  return spec.containers[0]?.env?.find(({ name }) => name === 'VERSION')?.value ?? '';
}

/** Pods that are ready at once, but for one version, which ends as soon as it has started. */
function behaviourOf(pod: Pod): PodBehaviour {
  const quick = { startSeconds: 0.05, terminateSeconds: 0.05 };
  if (versionOf(pod) === 'bad') return { ...quick, crash: { afterSeconds: 0.1, message: 'no such setting' } };
  return { ...quick, readySeconds: 0.05 };
}

async function serve(): Promise<SandboxServer> {
  const sandbox = createSandbox({ clock: systemClock, namespaces: ['shop'] });
  sandbox.pods.behave(behaviourOf);
  installTandem(sandbox);
  const server = await serveSandbox({ sandbox });
  ends.push(() => server.close());
  return server;
}

function connect(kubeconfig: string): HttpKubeApi {
  const config = loadClusterConfig({ clock: systemClock, kubeconfig, env: {} });
  const options = { config, clock: systemClock, random: Math.random, userAgent: 'test', fieldManager: 'person' };
  const api = createKubeApi(options);
  ends.push(() => api.close());
  return api;
}

/** `tandem operator` as a process of its own; its log is what a failed wait shows. */
function startOperator(kubeconfig: string): { log(): string; stop(): Promise<number | null> } {
  const main = new URL('../../main.ts', import.meta.url).pathname;
  const flags = ['--kubeconfig', kubeconfig, '--context', 'tandem', '--leader-elect'];
  const off = ['--health-addr', '0', '--metrics-addr', '0'];
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', main, 'operator', ...flags, ...off]);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  ends.push(() => void child.kill('SIGKILL'));
  return {
    log: () => log,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

function deployment(version: string): KubeObject {
  const container = { name: 'app', image: 'shop:1', env: [{ name: 'VERSION', value: version }] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop', namespace: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'shop' } },
      template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [container] } },
    },
  };
}

const release: KubeObject = {
  apiVersion: 'tandem.dev/v1alpha1',
  kind: 'CanaryRelease',
  metadata: { name: 'shop', namespace: 'shop' },
  spec: { targetRef: { name: 'shop' } },
};
const ref = { namespace: 'shop', name: 'shop' };

it('serves the operator as it is: a target is adopted, and a version that crashes is taken back', {
  timeout: 240_000,
}, async () => {
  const server = await serve();
  const folder = mkdtempSync(join(tmpdir(), 'tandem-http-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const kubeconfig = join(folder, 'kubeconfig');
  writeKubeconfig(
    kubeconfig,
    server.kubeconfig([
      { context: 'admin', identity: ADMINISTRATOR },
      { context: 'tandem', identity: { username: SERVICE_ACCOUNT }, namespace: 'tandem-system' },
    ]),
  );
  const api = connect(kubeconfig);
  const operator = startOperator(kubeconfig);

  async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (let passed = 0; passed < 100_000; passed += 100) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${what}: not so\n${operator.log()}`);
  }
  const statusWhen = async (
    check: (status: CanaryReleaseStatus) => boolean,
  ): Promise<CanaryReleaseStatus | undefined> => {
    const { status } = await api.get<KubeObject & CanaryRelease>(resources.canaryReleases, ref);
    return status !== undefined && check(status) ? status : undefined;
  };
  const apply = (object: KubeObject): Promise<KubeObject> =>
    api.patch(object.kind === 'Deployment' ? resources.deployments : resources.canaryReleases, ref, object, {
      type: 'apply',
    });

  await apply(deployment('good'));
  await apply(release);
  const ready = await until('adoption', () =>
    statusWhen(({ conditions = [] }) => conditions.some(({ type, status }) => type === 'Ready' && status === 'True')),
  );
  expect(ready.phase).toBe('Idle');
  expect(ready.gate).toMatchObject({ mode: 'Admission', provenAt: expect.any(String) as string });

  await apply(deployment('bad'));
  const rejected = await until('the rejection', () =>
    statusWhen(({ ledger = [] }) => ledger.some(({ outcome }) => outcome === 'RolledBack')),
  );
  expect(rejected.ledger?.find(({ outcome }) => outcome === 'RolledBack')?.reason).toBe('CrashLoopBackOff');
  // The ledger is written first, the label follows from it.
  const target = await until('the label', async () => {
    const found = await api.get<Deployment>(resources.deployments, ref);
    return found.metadata.labels?.[GATE_LABEL] === 'rejected' ? found : undefined;
  });
  expect(target.spec.paused).toBe(true);
  const left = await until('the end of the canary', async () => {
    const { items } = await api.list<Pod>(resources.pods, { namespace: 'shop', labelSelector: 'app=shop' });
    return items.some((pod) => versionOf(pod) === 'bad') ? undefined : items;
  });
  expect(left.map(versionOf)).toEqual(['good', 'good']);
  const lease = await api.get(resources.leases, { namespace: 'tandem-system', name: 'tandem' });
  expect(lease['spec']).toMatchObject({ holderIdentity: expect.stringMatching(/./) as string });

  expect(await operator.stop()).toBe(0);
});
