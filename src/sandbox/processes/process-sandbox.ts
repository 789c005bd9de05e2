import type { Clock } from '../../lib/clock.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../sandbox.ts';
import { createGuardian, type Guardian } from './guardian.ts';
import { createProcessNode, type ProcessNode, type ProcessNodeOptions } from './node.ts';
import { createPortPool, portWebhook } from './ports.ts';
import { createServices, type ProcessServices } from './services.ts';

export interface ProcessSandboxOptions
  extends Omit<ProcessNodeOptions, 'guardian'>,
    Pick<SandboxOptions, 'seed' | 'namespaces'> {
  /** Of this machine's time: processes know no other. */
  clock: Clock;
}

/** A sandbox whose pods are processes of this machine and whose Services are ports of it. */
export interface ProcessSandbox {
  sandbox: Sandbox;
  node: ProcessNode;
  services: ProcessServices;
  /** For other processes that must not outlive this one. */
  guardian: Guardian;
  /** Ends every process, by SIGKILL after `graceMs`, and closes every port. */
  close(graceMs?: number): Promise<void>;
}

/** Resolves when pods may be made. Needs nothing but Node: no root, no containers, no addresses besides 127.0.0.1. */
export async function createProcessSandbox(options: ProcessSandboxOptions): Promise<ProcessSandbox> {
  const { clock, seed = 1, namespaces = [] } = options;
  const pool = createPortPool(20_000 + ((seed * 389 + process.pid * 53) % 9000));
  await pool.fill();
  const guardian = await createGuardian();
  const late: { node?: ProcessNode; services?: ProcessServices } = {};
  const sandbox = createSandbox({
    clock,
    seed,
    namespaces,
    node: (context) => (late.node = createProcessNode({ ...options, guardian })(context)),
    parts: [(context) => (late.services = createServices(pool)(context))],
  });
  sandbox.webhook(portWebhook(pool));
  const { node, services } = late;
  if (node === undefined || services === undefined) throw new Error('the sandbox has made no node');
  return {
    sandbox,
    node,
    services,
    guardian,
    async close(graceMs) {
      await node.stop(graceMs);
      await services.close();
      await guardian.close();
    },
  };
}
