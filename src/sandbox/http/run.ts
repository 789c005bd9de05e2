import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SERVICE_ACCOUNT } from '../../api/names.ts';
import type { Pod } from '../../kube/object.ts';
import { systemClock } from '../../lib/clock.ts';
import { quoted } from '../../lib/shell.ts';
import { MANIFEST_FILES } from '../manifests.ts';
import type { PodBehaviour } from '../pods/behaviour.ts';
import { createSandbox, type Sandbox } from '../sandbox.ts';
import { removeKubeconfig, serverIn, writeKubeconfig } from './kubeconfig.ts';
import { ADMINISTRATOR, serveSandbox } from './server.ts';

const root = new URL('../../../', import.meta.url);
const USAGE = `Usage: npm run sandbox -- [flags]

A Kubernetes API in one process, with Deployments, ReplicaSets and pods that are models, for kubectl and for Tandem.

  --port N            port on 127.0.0.1 (default: any that is free)
  --kubeconfig FILE   where the kubeconfig is written (default: a new file in a folder of its own)
  --namespace NAME    a namespace besides default; may be given several times (default: shop)
  --bare              without Tandem's kind and policies

A pod says how it fares by the annotation ${'sandbox.tandem.dev/pod'} of its template: crash, unready, no-image or unschedulable.
`;

/** Annotation of a pod by which it says how it fares. */
const FATE = 'sandbox.tandem.dev/pod';

const FATES: Record<string, PodBehaviour> = {
  crash: { crash: { afterSeconds: 1 } },
  unready: { readySeconds: 'never' },
  'no-image': { imagePull: 'NotFound' },
  unschedulable: { unschedulable: '0/1 nodes are available: 1 Insufficient cpu.' },
};

function behaviourOf({ metadata }: Pod): PodBehaviour | undefined {
  return FATES[metadata.annotations?.[FATE] ?? ''];
}

/** Installs Tandem's kind and policies, as an administrator who read the installation guide. */
export function installTandem(sandbox: Sandbox): void {
  for (const path of MANIFEST_FILES) sandbox.install(readFileSync(new URL(path, root), 'utf8'));
}

interface Flags {
  port: number;
  kubeconfig: string | undefined;
  namespaces: string[];
  bare: boolean;
}

function readFlags(args: string[]): Flags | undefined {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '0' },
      kubeconfig: { type: 'string' },
      namespace: { type: 'string', multiple: true },
      bare: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new Error(`--port ${values.port}: write a whole number from 0 to 65535`);
  const { kubeconfig, namespace = ['shop'], bare = false } = values;
  return { port, kubeconfig, namespaces: namespace, bare };
}

interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

function hint(kubeconfig: string, url: string): string {
  return `The sandbox serves ${url}; Ctrl-C ends it and what is in it.

  export KUBECONFIG=${quoted(kubeconfig)}   # in two other terminals
  kubectl get all -A
  npx tsx src/main.ts operator --context tandem --dashboard-addr 127.0.0.1:8082

`;
}

/** A signal that comes twice, from the terminal and from npm, must not cut the end short. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

/** A person who starts a second sandbox with the same file would talk to that one from all terminals. */
async function refuseFileInUse(path: string): Promise<void> {
  const server = serverIn(path);
  if (server !== undefined && (await answers(new URL(server))))
    throw new Error(`${path} is the kubeconfig of a sandbox that runs (${server}): name another file`);
}

function answers({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function serveUntilSignal(flags: Flags, output: Output): Promise<void> {
  if (flags.kubeconfig !== undefined) await refuseFileInUse(flags.kubeconfig);
  const sandbox = createSandbox({ clock: systemClock, namespaces: flags.namespaces, seed: Date.now() });
  sandbox.pods.behave(behaviourOf);
  if (!flags.bare) installTandem(sandbox);
  const stopped = untilSignal();
  const server = await serveSandbox({
    sandbox,
    port: flags.port,
    onError: (error) => output.stderr(`${error instanceof Error ? error.stack : String(error)}\n`),
  });
  const folder = flags.kubeconfig === undefined ? mkdtempSync(join(tmpdir(), 'tandem-sandbox-')) : undefined;
  const path = flags.kubeconfig ?? join(folder ?? '', 'kubeconfig');
  try {
    const namespace = flags.namespaces[0] ?? 'default';
    const text = server.kubeconfig([
      { context: 'sandbox', identity: ADMINISTRATOR, namespace },
      { context: 'tandem', identity: { username: SERVICE_ACCOUNT }, namespace: 'tandem-system' },
    ]);
    writeKubeconfig(path, text);
    output.stdout(hint(path, server.url));
    await stopped;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    else removeKubeconfig(path, server.url);
    await server.close();
  }
}

/** `npm run sandbox`: serves a sandbox in real time until SIGINT or SIGTERM. Answers with the exit code. */
export async function runSandbox(args: string[], output: Output): Promise<number> {
  try {
    const flags = readFlags(args);
    if (flags === undefined) output.stdout(USAGE);
    else await serveUntilSignal(flags, output);
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    output.stderr(`sandbox: ${message.replaceAll('\n', ' ')}\n`);
    return 1;
  }
}
