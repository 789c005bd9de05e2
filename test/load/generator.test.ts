import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { generate } from './generator.ts';
import { type LoadMode, type LoadRecord, recordOf, type SecondLine } from './record.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Seen {
  url: string;
  connections: Set<unknown>;
}

async function listen(seen: Seen): Promise<string> {
  const server = createServer((request, response) => {
    seen.url = request.url ?? '';
    seen.connections.add(request.socket);
    response.setHeader('x-version', 'v1').setHeader('x-pod', 'pod').end('ok');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function load(url: string, mode: LoadMode, signal = new AbortController().signal): Promise<LoadRecord> {
  const lines: SecondLine[] = [];
  await generate(
    { target: new URL(url), rate: 100, mode, seconds: 0.6, paths: ['/fast'] },
    (line) => lines.push(line),
    signal,
  );
  return recordOf({ url, rate: 100, mode, startedAt: 0 }, lines);
}

test('a connection per request', async () => {
  const seen: Seen = { url: '', connections: new Set() };
  const record = await load(await listen(seen), 'connection');
  expect(record.versions['v1']?.requests).toBe(60);
  expect(seen).toMatchObject({ url: '/fast' });
  expect(seen.connections.size).toBe(60);
});

test('20 connections that live as long as the run', async () => {
  const seen: Seen = { url: '', connections: new Set() };
  const record = await load(await listen(seen), 'keepalive');
  expect(record.requests).toBe(60);
  expect(seen.connections.size).toBe(20);
});

test('a refused connection is a failed request with its code, not an error of the server', async () => {
  const url = await listen({ url: '', connections: new Set() });
  await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
  const record = await load(url, 'connection');
  expect(record).toMatchObject({ requests: 0, errors: 0, failed: { ECONNREFUSED: 60 } });
});

test('a stopped load sends no more', async () => {
  const seen: Seen = { url: '', connections: new Set() };
  const record = await load(await listen(seen), 'connection', AbortSignal.abort());
  expect(record.requests).toBe(0);
});
