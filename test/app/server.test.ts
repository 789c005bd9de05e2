import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bundle } from '../../scripts/build.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-shop-'));
const program = join(folder, 'shop.mjs');
const children: ChildProcess[] = [];

beforeAll(() => bundle('test/app/server.ts', program));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function start(env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort();
  const child = spawn(process.execPath, [program], { env: { PORT: String(port), ...env }, stdio: 'ignore' });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(
      () =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    .toBe(true);
  return { child, url };
}

test('answers name version and pod, and the histogram has one series for each route, status and error type', async () => {
  const { url } = await start({
    VERSION: 'v7',
    HOSTNAME: 'shop-x',
    ERROR_RATE: '1',
    ERROR_CLASS: '503:upstream_timeout',
  });
  const answer = await fetch(`${url}/fast`);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('x-version')).toBe('v7');
  expect(answer.headers.get('x-pod')).toBe('shop-x');
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const labels = 'method="GET",route="/fast",status_code="503",error_type="upstream_timeout"';
  expect(metrics).toContain(`http_request_duration_seconds_count{${labels}} 1`);
  expect(metrics).toContain('process_resident_memory_bytes');
  expect(metrics).not.toContain('route="/metrics"');
});

test('SIGTERM: not ready at once, still serving while it drains, then gone with code 0', async () => {
  const { child, url } = await start({ DRAIN_S: '1' });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await expect.poll(async () => (await fetch(`${url}/healthz`)).status).toBe(503);
  expect((await fetch(`${url}/fast`)).status).toBe(200);
  expect(await gone).toBe(0);
});

test('a leak is real memory', async () => {
  const { url } = await start({ LEAK_BYTES_PER_REQUEST: '20000000' });
  const resident = async (from: string): Promise<number> => {
    const metrics = await (await fetch(`${from}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]);
  };
  const before = await resident(url);
  const { url: other } = await start({ LEAK_BYTES_AT_START: '100000000' });
  expect((await resident(other)) - before).toBeGreaterThan(80_000_000);
  for (let i = 0; i < 5; i += 1) await fetch(`${url}/fast`);
  expect((await resident(url)) - before).toBeGreaterThan(80_000_000);
});

test('never ready, but serving', async () => {
  const { url } = await start({ NEVER_READY: 'true' });
  expect((await fetch(`${url}/healthz`)).status).toBe(503);
  expect((await fetch(`${url}/slow`)).status).toBe(200);
});

test('a crash after its time, with code 1', async () => {
  const { child } = await start({ CRASH_AFTER_S: '1' });
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(1);
});
