import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formatKubeconfig } from '../sandbox/http/kubeconfig.ts';
import { runOperator } from './run.ts';

let folder: string;
let other: Server;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'operator-'));
  other = createServer();
});

afterEach(() => {
  other.close();
  rmSync(folder, { recursive: true });
});

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

it('leaves no server behind when one of its ports is taken: a probe would take it for well', async () => {
  const kubeconfig = join(folder, 'kubeconfig');
  const users = [{ context: 'c', token: 't' }];
  writeFileSync(kubeconfig, formatKubeconfig('https://127.0.0.1:1', '', users));
  const passing = createServer();
  const health = await portOf(passing);
  await new Promise((resolve) => passing.close(resolve));
  const flags = [`--health-addr=127.0.0.1:${health}`, `--metrics-addr=127.0.0.1:${await portOf(other)}`];

  const running = runOperator([`--kubeconfig=${kubeconfig}`, '--log-level=error', ...flags], {});

  await expect(running).rejects.toThrow(/^cannot listen on 127.*: another program has the port \(EADDRINUSE\)$/);
  await expect(fetch(`http://127.0.0.1:${health}/healthz`)).rejects.toThrow();
});
