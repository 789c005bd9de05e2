import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
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

test('without metrics of the process those of requests stay', async () => {
  const { url } = await start({ PROCESS_METRICS: '0' });
  await fetch(`${url}/fast`);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('http_request_duration_seconds_count');
  expect(metrics).not.toContain('process_');
});

test('one process is told how to behave, and to hold memory', async () => {
  const { url } = await start({ LEAK_BYTES_AT_START: '1000' });
  const resident = async (): Promise<number> =>
    Number(/^process_resident_memory_bytes (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
  const before = await resident();
  await fetch(`${url}/behave?ERROR_RATE=1&LEAK_BYTES_AT_START=50000000`);
  expect((await fetch(`${url}/fast`)).status).toBe(500);
  expect((await resident()) - before).toBeGreaterThan(40_000_000);
  await fetch(`${url}/behave`);
  expect((await fetch(`${url}/fast`)).status).toBe(200);
});

describe('odd metrics', () => {
  const odd = (kind: string, address = '127.0.0.1') => start({ METRICS_ODD: kind, METRICS_ODD_FOR: address });

  test('are for the named addresses', async () => {
    const { url } = await odd('html', '127.0.0.9');
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('process_resident_memory_bytes');
  });
  test('are a page to log in', async () => {
    const { url } = await odd('html');
    const answer = await fetch(`${url}/metrics`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await (await fetch(`${url}/fast`)).text()).toBe('ok\n');
  });
  test('are 100 MiB', async () => {
    const { url } = await odd('large');
    let size = 0;
    for await (const chunk of (await fetch(`${url}/metrics`)).body ?? []) size += chunk.length;
    expect(size).toBeGreaterThan(100 * 2 ** 20);
  });
  test('never end', async () => {
    const { url } = await odd('slow');
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(1000) });
    await expect(answer.text()).rejects.toThrow('timeout');
  });
  test('are no plain connection, while others are served', async () => {
    const port = await freePort();
    const env = { METRICS_ODD: 'tls', METRICS_ODD_FOR: '127.0.0.1', PORT: String(port) };
    children.push(spawn(process.execPath, [program], { env, stdio: 'ignore' }));
    const ask = (localAddress: string): Promise<string> =>
      new Promise((resolve) => {
        const options = { port, localAddress, path: '/metrics', agent: false };
        const asked = get({ host: '127.0.0.1', ...options }, (answer) => {
          resolve(String(answer.statusCode));
          answer.resume();
        });
        asked.on('error', () => resolve('no answer'));
      });
    await expect.poll(() => ask('127.0.0.2'), { timeout: 10_000 }).toBe('200');
    expect(await ask('127.0.0.1')).toBe('no answer');
  });
});
