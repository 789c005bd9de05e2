import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'yaml';
import { ApiError } from '../../kube/errors.ts';
import { CrashError } from '../faults.ts';
import type { Sandbox } from '../sandbox.ts';
import type { Identity } from '../server/context.ts';
import { contentTypeOf, PLAIN } from './accept.ts';
import { type Answer, statusOf } from './answer.ts';
import { readBody } from './body.ts';
import { createLoopbackCertificate } from './certificate.ts';
import { createIdentities, type Identities } from './identities.ts';
import { formatKubeconfig } from './kubeconfig.ts';
import type { PodLogs } from './logs.ts';
import type { HttpRequest } from './request.ts';
import { type Routes, route } from './route.ts';

const HOST = '127.0.0.1';
export const ADMINISTRATOR: Identity = {
  username: 'kubernetes-admin',
  groups: ['system:masters', 'system:authenticated'],
};

export interface ServeOptions {
  sandbox: Sandbox;
  /** 0 or absent: one that is free. */
  port?: number;
  /** What `kubectl logs` shows; 501 if absent. */
  logs?: PodLogs;
  /** Told of failures of the server itself, which clients see as 500. */
  onError?: (error: unknown) => void;
}

export interface SandboxServer {
  /** `https://127.0.0.1:PORT` */
  url: string;
  port: number;
  /** PEM; the server's own certificate is what clients have to trust. */
  certificate: string;
  /** A bearer token for an identity. Whoever has it acts as that one until the server closes. */
  token(identity: Identity): string;
  /**
   * A kubeconfig with a context for each identity, the first one current; without any, an administrator's. Contains
   * tokens.
   */
  kubeconfig(users?: { context: string; identity: Identity; namespace?: string }[]): string;
  /** Ends watches and connections, then the server. */
  close(): Promise<void>;
}

/** Serves a sandbox over HTTPS on loopback, to clients with a token. Rejects with what to do when the port is taken. */
export async function serveSandbox(options: ServeOptions): Promise<SandboxServer> {
  const pair = createLoopbackCertificate(Date.now());
  const identities = createIdentities();
  const ending = new AbortController();
  let port = 0;
  const routes: Routes = { context: options.sandbox.server, logs: options.logs, address: () => `${HOST}:${port}` };
  const server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, ending.signal]);
    void handle(routes, identities, request, response, signal).catch((error: unknown) => {
      response.destroy();
      if (!signal.aborted) options.onError?.(error);
    });
  });
  port = await listen(server, options.port ?? 0);
  const url = `https://${HOST}:${port}`;
  const administrator = { context: 'sandbox', identity: ADMINISTRATOR };
  return {
    url,
    port,
    certificate: pair.cert,
    token: (identity) => identities.issue(identity),
    kubeconfig: (users = [administrator]) => {
      const withTokens = users.map(({ identity, ...rest }) => ({ ...rest, token: identities.issue(identity) }));
      return formatKubeconfig(url, pair.cert, withTokens);
    },
    close: async () => {
      ending.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // Streams that were ended above get a turn to send their last chunk.
      setImmediate(() => server.closeAllConnections());
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      const message = `port ${port} of ${HOST} is taken by another program: choose another one, or 0 for any that is free`;
      reject(new Error(message, { cause: error }));
    });
    server.listen(port, HOST, resolve);
  });
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ApiError(400, 'BadRequest', `the path has a part that cannot be decoded: ${part}`);
  }
}

async function handle(
  routes: Routes,
  identities: Identities,
  message: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  try {
    const url = new URL(message.url ?? '/', `https://${HOST}`);
    const request: HttpRequest = {
      method: message.method ?? 'GET',
      path: url.pathname
        .split('/')
        .filter((part) => part !== '')
        .map(decode),
      query: url.searchParams,
      headers: message.headers,
      user: identities.identify(message.headers),
      body: () => readBody(message),
      signal,
    };
    await send(response, await route(routes, request));
  } catch (error) {
    // A fault that leaves no answer, or an answer that broke off: the connection breaks.
    if (error instanceof CrashError || response.headersSent) return void response.destroy();
    if (error instanceof ApiError && error.status === 0) return void response.destroy();
    const failure =
      error instanceof ApiError ? error : new ApiError(500, 'InternalError', `Internal error: ${String(error)}`);
    await send(response, { status: failure.status, json: statusOf(failure) });
    if (!(error instanceof ApiError)) throw error;
  }
}

async function send(response: ServerResponse, answer: Answer): Promise<void> {
  // Bodies that were not read, of refused requests, would keep the connection waiting.
  if (!response.req.complete) response.setHeader('connection', 'close');
  response.setHeader('cache-control', 'no-cache, private');
  if ('stream' in answer) {
    response.writeHead(answer.status, { 'content-type': answer.contentType });
    response.flushHeaders();
    return pipeline(Readable.from(answer.stream, { objectMode: true, highWaterMark: 1 }), response);
  }
  if ('text' in answer) {
    response.writeHead(answer.status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(answer.text);
    return;
  }
  for (const warning of answer.warnings ?? []) response.appendHeader('warning', `299 - ${JSON.stringify(warning)}`);
  const { retryAfterSeconds } = ((answer.json as { details?: { retryAfterSeconds?: number } }).details ?? {}) as {
    retryAfterSeconds?: number;
  };
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  const { form = PLAIN, json } = answer;
  response.writeHead(answer.status, { 'content-type': contentTypeOf(form) });
  response.end(form.encoding === 'yaml' ? stringify(json) : JSON.stringify(json));
}
