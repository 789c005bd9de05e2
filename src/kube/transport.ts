import { createHash } from 'node:crypto';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import { unlessAborted } from '../lib/abort.ts';
import type { ClusterConfig, TlsMaterial } from './config.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface TransportRequest {
  method: Method;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** Called when credentials are at hand and the request is about to leave; what it throws stops it. */
  beforeSend?: (() => void) | undefined;
}

export interface TransportAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Dispatcher.ResponseData['body'];
}

/** Pooled connections to one API server. */
export interface Transport {
  /** Rejects with the error of the connection, or with the reason of the signal. */
  send(request: TransportRequest): Promise<TransportAnswer>;
  /** Breaks off whatever runs. */
  close(): Promise<void>;
}

/** Half of what a lost lease leaves as a margin (see leader.ts): a write must not wait long for its connection. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Under the API server's own 90 s, so that a request never meets a connection that is just being closed. */
const KEEP_ALIVE_MS = 30_000;

function fingerprint(tls: TlsMaterial): string {
  const hash = createHash('sha256');
  for (const value of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) {
    hash.update(value ?? '').update('\0');
  }
  return hash.digest('base64');
}

function createDispatcher(config: ClusterConfig, tls: TlsMaterial): Dispatcher {
  const common = {
    // Timeouts are the client's, by its own clock; a watch is silent for minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  };
  const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS, keepAliveInitialDelay: 15_000 };
  if (config.proxyUrl === undefined) return new Pool(new URL(config.server).origin, { ...common, connect });
  return new ProxyAgent({ ...common, uri: config.proxyUrl, requestTls: connect });
}

/** Connections are kept as long as the TLS material stays the same, and made anew when it rotates. */
export function createTransport(config: ClusterConfig): Transport {
  const { origin, pathname } = new URL(config.server);
  const prefix = pathname.replace(/\/+$/, '');
  let current: { key: string; dispatcher: Dispatcher } | undefined;
  const open = new Set<Dispatcher>();
  let closed = false;

  /** Running requests and watches end in their own time on the connections they have. */
  function retire(dispatcher: Dispatcher): void {
    const forget = (): boolean => open.delete(dispatcher);
    dispatcher.close().then(forget, forget);
  }

  function dispatcherFor(tls: TlsMaterial): Dispatcher {
    const key = fingerprint(tls);
    if (current?.key === key) return current.dispatcher;
    if (current !== undefined) retire(current.dispatcher);
    current = { key, dispatcher: createDispatcher(config, tls) };
    open.add(current.dispatcher);
    return current.dispatcher;
  }

  return {
    async send(request) {
      // An exec plugin may hang: the signal wins.
      const credentials = await unlessAborted(config.credentials(), request.signal);
      if (closed) throw new Error('the client is closed');
      request.beforeSend?.();
      const { statusCode, headers, body } = await dispatcherFor(credentials.tls).request({
        origin,
        path: `${prefix}${request.path}`,
        method: request.method,
        headers: { ...request.headers, ...credentials.headers },
        body: request.body ?? null,
        signal: request.signal,
      });
      return { status: statusCode, headers, body };
    },
    async close() {
      closed = true;
      await Promise.all([...open].map((dispatcher) => dispatcher.destroy()));
    },
  };
}
