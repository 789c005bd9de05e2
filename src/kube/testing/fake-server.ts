import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ClusterConfig, Credentials } from '../config.ts';

/** A request as the fake server got it. */
export interface Received {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string | string[] | undefined>;
  /** Parsed JSON, undefined when there was none. */
  body: unknown;
  /** Common name of the client's certificate, where TLS checked one. */
  clientName: string | undefined;
}

export interface ServerTls {
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

export interface WatchReply {
  event(type: string, object: object): void;
  raw(text: string | Uint8Array): void;
  end(): void;
  /** Breaks the connection as a crashed server does. */
  reset(): void;
  /** Resolves when the client is gone. */
  closed: Promise<void>;
}

export interface Reply {
  json(status: number, body: unknown, headers?: Record<string, string>): void;
  /** A Status object as the API server sends it. */
  failure(status: number, reason: string, message: string, headers?: Record<string, string>): void;
  text(status: number, body: string): void;
  watch(): WatchReply;
  /** Breaks the connection without an answer. */
  reset(): void;
}

/** Answers a request, or does not (a half-open connection). */
export type Handler = (request: Received, reply: Reply) => void;

export interface FakeServer {
  url: string;
  config: ClusterConfig;
  requests: Received[];
  /** How many connections were opened. */
  connections(): number;
  handle(handler: Handler): void;
  /** Resolves when this many requests have arrived in all. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

function createReply(response: ServerResponse): Reply {
  const json: Reply['json'] = (status, body, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
  return {
    json,
    failure: (status, reason, message, headers) =>
      json(status, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message }, headers),
    text(status, body) {
      response.writeHead(status, { 'content-type': 'text/html' });
      response.end(body);
    },
    watch() {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      return {
        event: (type, object) => void response.write(`${JSON.stringify({ type, object })}\n`),
        raw: (text) => void response.write(text),
        end: () => void response.end(),
        reset: () => void response.socket?.resetAndDestroy(),
        closed: new Promise((resolve) => response.on('close', () => resolve())),
      };
    },
    reset: () => void response.socket?.resetAndDestroy(),
  };
}

function clientNameOf(request: IncomingMessage): string | undefined {
  const socket = request.socket as TLSSocket;
  const name = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
  return typeof name === 'string' ? name : undefined;
}

async function receive(request: IncomingMessage): Promise<Received> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
    clientName: clientNameOf(request),
  };
}

/** A ClusterConfig with fixed credentials; `invalidate` takes the next of the list. */
export function fixedConfig(server: string, list: Credentials[] = [{ headers: {}, tls: {} }]): ClusterConfig {
  let at = 0;
  return {
    server,
    namespace: 'default',
    context: 'test',
    proxyUrl: undefined,
    credentials: () => Promise.resolve(list[at] ?? { headers: {}, tls: {} }),
    invalidate: () => {
      at = Math.min(at + 1, list.length - 1);
    },
  };
}

/** An HTTP server on loopback that answers by a script and keeps what it was asked; HTTPS when `tls` is given. */
export async function startFakeServer(initial?: Handler, tls?: ServerTls): Promise<FakeServer> {
  let handler: Handler = initial ?? ((_, reply) => reply.failure(404, 'NotFound', 'nothing is scripted'));
  const requests: Received[] = [];
  const waiting = new Set<{ count: number; resolve: () => void }>();
  let connections = 0;

  function arrived(request: Received): void {
    requests.push(request);
    for (const waiter of waiting) {
      if (requests.length < waiter.count) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    receive(request).then(
      (received) => {
        arrived(received);
        handler(received, createReply(response));
      },
      () => response.destroy(),
    );
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: false }, listener);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    config: fixedConfig(url),
    requests,
    connections: () => connections,
    handle(next) {
      handler = next;
    },
    received: (count) =>
      new Promise((resolve) => {
        if (requests.length >= count) return resolve();
        waiting.add({ count, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
