import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { SERVICE_ACCOUNT } from '../../src/api/names.ts';
import type { KubeObject, Resource } from '../../src/kube/object.ts';
import { unlessAborted } from '../../src/lib/abort.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { writeKubeconfig } from '../../src/sandbox/http/kubeconfig.ts';
import { installTandem } from '../../src/sandbox/http/run.ts';
import { ADMINISTRATOR, serveSandbox } from '../../src/sandbox/http/server.ts';
import { podLogs } from '../../src/sandbox/processes/pod-logs.ts';
import { createProcessSandbox, type ProcessSandbox } from '../../src/sandbox/processes/process-sandbox.ts';
import { bundle } from '../build.ts';
import { namespace } from './manifests.ts';
import { type RunningOperator, startOperator } from './operator.ts';
import { DemoError } from './options.ts';
import { settingsOf } from './scenarios.ts';

const root = resolve(import.meta.dirname, '../..');

/** A cluster in this process, with the operator beside it. */
export interface World {
  parts: ProcessSandbox;
  operator: RunningOperator;
  /** For kubectl. */
  kubeconfig: string;
  /** Address of the dashboard. */
  dashboard: string;
  /** The command line of Tandem, bundled. */
  program: string;
  apply(resource: Resource, object: KubeObject): Promise<void>;
  patch(resource: Resource, name: string, body: object): Promise<void>;
  /** Ends every process and removes its files. */
  close(): Promise<void>;
}

export interface WorldOptions {
  port: number;
  seed: number;
  quick: boolean;
  say(text: string): void;
  signal: AbortSignal;
}

/**
 * Starts API server, node, Services and operator. Throws DemoError when this machine does not let it, and the reason of
 * the signal when it aborts meanwhile; then nothing is left.
 */
export async function createWorld({ port, seed, quick, say, signal }: WorldOptions): Promise<World> {
  const folder = createFolder();
  const shop = join(folder, 'shop.mjs');
  const program = join(folder, 'tandem.mjs');
  say('starting a Kubernetes API in this process, with the gate and the other policies of deploy/');
  const parts = await createProcessSandbox({
    clock: systemClock,
    seed,
    namespaces: [namespace],
    images: (image) => {
      const env = settingsOf(image, quick);
      return env === undefined ? undefined : { file: shop, env };
    },
  }).catch(refused);
  const closers: (() => Promise<void>)[] = [
    async () => rmSync(folder, { recursive: true, force: true }),
    () => parts.close(2000),
  ];
  const close = async (): Promise<void> => {
    const failures: unknown[] = [];
    // One that fails must not keep the others from it.
    for (const closer of closers.splice(0).toReversed()) await closer().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    installTandem(parts.sandbox);
    const server = await serveSandbox({ sandbox: parts.sandbox, port, logs: podLogs(parts.node) }).catch(refused);
    closers.push(() => server.close());
    const kubeconfig = join(folder, 'kubeconfig');
    writeKubeconfig(kubeconfig, server.kubeconfig([{ context: 'demo', identity: ADMINISTRATOR, namespace }]));
    const own = join(folder, 'operator-kubeconfig');
    const identity = { username: SERVICE_ACCOUNT, groups: ['system:serviceaccounts', 'system:authenticated'] };
    writeFileSync(own, server.kubeconfig([{ context: 'operator', identity }]), { mode: 0o600 });
    say('building the shop and the operator');
    const building = Promise.all([bundle('test/app/server.ts', shop), bundle('src/main.ts', program)]);
    await unlessAborted(building, signal);
    const dashboard = `127.0.0.1:${await freePort()}`;
    signal.throwIfAborted();
    say(`starting the operator, in a process of its own (its API server is ${server.url})`);
    const operator = startOperator({ program, kubeconfig: own, dashboard, folder, guardian: parts.guardian });
    closers.push(() => operator.stop());
    say(`the dashboard: http://${dashboard}/`);
    const api = parts.sandbox.api({ username: 'demo', groups: ['system:masters'] }, { fieldManager: 'kubectl' });
    return {
      parts,
      operator,
      kubeconfig,
      dashboard: `http://${dashboard}/`,
      program,
      apply: async (resource, object) => void (await api.create(resource, object)),
      patch: async (resource, name, body) =>
        void (await api.patch(resource, { namespace, name }, body, { type: 'strategic' })),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function refused(error: Error): never {
  throw new DemoError(error.message);
}

/** A port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

/** A folder of this run. Those of runs that were killed are removed where that may be. */
function createFolder(): string {
  const state = join(root, '.state');
  const folder = join(state, `demo-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DemoError(`it keeps its files in ${state}, and cannot: ${why}`);
  }
  for (const name of readdirSync(state)) {
    const pid = Number(/^demo-(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) removeIfAllowed(join(state, name));
  }
  return folder;
}

function removeIfAllowed(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It is somebody else's.
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
