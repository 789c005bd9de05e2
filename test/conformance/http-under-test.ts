import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICE_ACCOUNT } from '../../src/api/names.ts';
import { createKubeApi, type HttpKubeApi } from '../../src/kube/client.ts';
import { loadClusterConfig } from '../../src/kube/config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createFakeClock, type FakeClock } from '../../src/lib/fake-clock.ts';
import { writeKubeconfig } from '../../src/sandbox/http/kubeconfig.ts';
import { ADMINISTRATOR, serveSandbox } from '../../src/sandbox/http/server.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { createKubectl, findKubectl } from './kubectl-program.ts';
import { behaviourOf } from './sandbox-under-test.ts';
import type { ApiUnderTest } from './under-test.ts';

/** Lets what is on its way between the two ends of a connection arrive. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

/** Moves time while a program runs that waits in real time: fast, so that its waits are short. */
async function driven<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let running = true;
  const stop = (): void => {
    running = false;
  };
  work.then(stop, stop);
  while (running) {
    await clock.advance(50);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return work;
}

/** The sandbox by HTTP, through the client that talks to real clusters, in the time of its own clock. */
export async function httpUnderTest(): Promise<ApiUnderTest> {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const sandbox = createSandbox({ clock });
  sandbox.pods.behave(behaviourOf);
  const server = await serveSandbox({ sandbox });
  const folder = mkdtempSync(join(tmpdir(), 'tandem-conformance-'));
  const clients: HttpKubeApi[] = [];
  let files = 0;

  function connect(identity: typeof ADMINISTRATOR, fieldManager = 'tandem'): { api: HttpKubeApi; path: string } {
    files += 1;
    const path = join(folder, `${files}.kubeconfig`);
    writeKubeconfig(path, server.kubeconfig([{ context: 'user', identity }]));
    const config = loadClusterConfig({ clock: systemClock, kubeconfig: path, env: {} });
    const api = createKubeApi({
      config,
      clock: systemClock,
      random: Math.random,
      userAgent: 'tandem-conformance',
      fieldManager,
    });
    clients.push(api);
    return { api, path };
  }

  const admin = connect(ADMINISTRATOR);
  const program = findKubectl();
  const kubectl = program === undefined ? undefined : createKubectl(program, admin.path);
  return {
    name: 'http',
    admin: admin.api,
    manager: (fieldManager) => connect(ADMINISTRATOR, fieldManager).api,
    tandem: async (namespace) => connect({ username: SERVICE_ACCOUNT.replace('tandem-system', namespace) }).api,
    install: async (manifest) => sandbox.install(manifest),
    async pass(seconds) {
      await breathe();
      await clock.advance(seconds * 1000);
      await breathe();
    },
    ...(kubectl === undefined ? {} : { kubectl: (args, input) => driven(clock, kubectl(args, input)) }),
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
