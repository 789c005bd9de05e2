import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SERVICE_ACCOUNT } from '../../api/names.ts';
import type { Pod } from '../../kube/object.ts';
import { systemClock } from '../../lib/clock.ts';
import { MANIFEST_FILES } from '../manifests.ts';
import type { PodBehaviour } from '../pods/behaviour.ts';
import { createSandbox, type Sandbox } from '../sandbox.ts';
import { removeKubeconfig, writeKubeconfig } from './kubeconfig.ts';
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
      port: { type: 'string' },
      kubeconfig: { type: 'string' },
      namespace: { type: 'string', multiple: true },
      bare: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port}: not a port`);
  const { kubeconfig, namespace = ['shop'], bare = false } = values;
  return { port, kubeconfig, namespaces: namespace, bare };
}

interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

function hint(kubeconfig: string, url: string): string {
  return `The sandbox serves ${url}; Ctrl-C ends it and what is in it.

  export KUBECONFIG=${kubeconfig}
  kubectl get all -A
  tandem operator --context tandem --dashboard-addr 127.0.0.1:8082   # in another terminal, with the same KUBECONFIG

`;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

async function serveUntilSignal(flags: Flags, output: Output): Promise<void> {
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
    output.stderr(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
