import { setTimeout } from 'node:timers/promises';
import { type KubeObject, type Pod, resources } from '../../../kube/object.ts';
import { systemClock } from '../../../lib/clock.ts';
import { type SandboxApi } from '../../api.ts';
import { createProcessSandbox, type ProcessSandbox } from '../process-sandbox.ts';
import { writeProgram } from './program.ts';

const namespace = 'shop';

/** A sandbox of processes with the test's program as image `shop:v1`, and short times. */
export interface ProcessStage extends ProcessSandbox {
  api: SandboxApi;
  create(object: object): Promise<void>;
  pods(): readonly Pod[];
  /** The first pod that satisfies `check`, waited for up to 20 s. */
  pod(what: string, check: (pod: Pod) => boolean): Promise<Pod>;
  until(what: string, check: () => boolean | Promise<boolean>): Promise<void>;
}

export async function createProcessStage(seed = 1): Promise<ProcessStage> {
  const file = writeProgram();
  const parts = await createProcessSandbox({
    clock: systemClock,
    seed,
    namespaces: [namespace],
    images: (image) => (image === 'shop:v1' ? { file } : undefined),
    timing: { restartMs: 50, backoffMs: 100, maxBackoffMs: 400, memoryMs: 50 },
  });
  const api = parts.sandbox.api({ username: 'admin' });
  const pods = (): readonly Pod[] => parts.sandbox.peek<Pod>(resources.pods, namespace);

  async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 20_000; !(await check()); await setTimeout(20)) {
      if (Date.now() > end)
        throw new Error(`not within 20 s: ${what}; pods ${JSON.stringify(pods().map((pod) => pod.status))}`);
    }
  }

  return {
    ...parts,
    api,
    create: async (object) => {
      const manifest = object as KubeObject;
      const resource = Object.values(resources).find(({ kind }) => kind === manifest.kind);
      if (resource === undefined) throw new Error(`no resource for ${manifest.kind}`);
      await api.create(resource, { ...manifest, metadata: { namespace, ...manifest.metadata } });
    },
    pods,
    until,
    async pod(what, check) {
      await until(what, () => pods().some(check));
      const found = pods().find(check);
      if (found === undefined) throw new Error(`gone again: ${what}`);
      return found;
    },
  };
}

/** A pod of the test's program with HTTP probes each 100 ms. */
export function podOf(
  name: string,
  env: Record<string, string> = {},
  container: object = {},
  spec: object = {},
): object {
  const probe = { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 0.1, failureThreshold: 2 };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'shop' } },
    spec: {
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: 'app',
          image: 'shop:v1',
          ports: [{ name: 'http', containerPort: 8080 }],
          env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
          readinessProbe: probe,
          ...container,
        },
      ],
      ...spec,
    },
  };
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
