import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeApi } from '../../kube/api.ts';
import { createKubeApi, type HttpKubeApi } from '../../kube/client.ts';
import { loadClusterConfig } from '../../kube/config.ts';
import { resources } from '../../kube/object.ts';
import { systemClock } from '../../lib/clock.ts';
import { writeKubeconfig } from '../../sandbox/http/kubeconfig.ts';
import { ADMINISTRATOR, serveSandbox } from '../../sandbox/http/server.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/sandbox.ts';
import type { CliIo } from '../io.ts';
import { runCli } from '../program.ts';

/** An empty cluster behind HTTP and a terminal in front of it. */
export interface InstallStage {
  sandbox: Sandbox;
  /** As an administrator. */
  api: HttpKubeApi;
  /** The same, writing as another field manager; to be closed. */
  connect(fieldManager: string): HttpKubeApi;
  kubeconfig: string;
  out: string;
  err: string;
  /** `tandem ...`; what was written before is forgotten. */
  run(...args: string[]): Promise<number>;
  close(): Promise<void>;
}

export async function startStage(options: Partial<SandboxOptions> = {}): Promise<InstallStage> {
  const sandbox = createSandbox({ clock: systemClock, namespaces: ['shop'], ...options });
  sandbox.pods.behave(() => ({ startSeconds: 0.05, readySeconds: 0.05, terminateSeconds: 0.05 }));
  const server = await serveSandbox({ sandbox });
  const folder = mkdtempSync(join(tmpdir(), 'tandem-install-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeKubeconfig(kubeconfig, server.kubeconfig([{ context: 'admin', identity: ADMINISTRATOR }]));
  const connect = (fieldManager: string): HttpKubeApi =>
    createKubeApi({
      config: loadClusterConfig({ clock: systemClock, kubeconfig, env: {} }),
      clock: systemClock,
      random: Math.random,
      userAgent: 'test',
      fieldManager,
    });
  const api = connect('test');
  const io: CliIo = {
    program: 'tandem',
    stdout: (text) => void (stage.out += text),
    stderr: (text) => void (stage.err += text),
    color: false,
    clock: systemClock,
    interrupted: () => new AbortController().signal,
    connect: async ({ fieldManager = 'tandem' }) => {
      const own = connect(fieldManager);
      return { api: own, namespace: 'default', close: () => own.close() };
    },
  };
  const stage: InstallStage = {
    sandbox,
    api,
    connect,
    kubeconfig,
    out: '',
    err: '',
    run: (...args) => {
      stage.out = '';
      stage.err = '';
      return runCli(args, io);
    },
    close: async () => {
      await api.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

/** What an operator that leads writes. */
export async function lead(api: KubeApi, namespace = 'tandem-system'): Promise<void> {
  await api.create(resources.leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'tandem', namespace },
    spec: { holderIdentity: 'tandem-1' },
  });
}
