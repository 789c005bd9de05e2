import { get } from 'node:https';
import { Agent, request } from 'undici';
import { type ClusterConfig, loadClusterConfig } from '../../../src/kube/config.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createFakeClock } from '../../../src/lib/fake-clock.ts';
import { ADMINISTRATOR, serveSandbox } from '../../../src/sandbox/http/server.ts';
import { createSandbox } from '../../../src/sandbox/sandbox.ts';
import type { Reply } from './operation.ts';

export interface HttpCall {
  method: string;
  /** With its query. */
  path: string;
  type?: string;
  body?: string;
}

/** A server that sequences are sent to. */
export interface Target {
  name: string;
  send(call: HttpCall): Promise<Reply>;
  /** The events of a watch, until none has come for a moment. */
  watch(path: string): Promise<unknown[]>;
  /** Lets the controllers do what they want to do. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const QUIET_MS = 300;
/** A busy server takes longer for the first event. */
const FIRST_MS = 1500;

function warningsOf(header: string | string[] | undefined): string[] {
  const lines = header === undefined ? [] : Array.isArray(header) ? header : [header];
  return lines.flatMap((line) => [...line.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Requests with the credentials of a kubeconfig, without any help of a client. */
export async function createSender(config: ClusterConfig): Promise<Pick<Target, 'send' | 'watch' | 'close'>> {
  const { headers, tls } = await config.credentials();
  const agent = new Agent({ connect: { ...tls } });
  const common = { 'user-agent': 'tandem-differential', accept: 'application/json', ...headers };
  return {
    async send({ method, path, type = 'application/json', body }) {
      const response = await request(`${config.server}${path}`, {
        method: method as 'GET',
        dispatcher: agent,
        headers: { ...common, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.body.text();
      return {
        status: response.statusCode,
        warnings: warningsOf(response.headers['warning']),
        body: parsed(text),
      };
    },
    watch: (path) =>
      new Promise((resolve, reject) => {
        let text = '';
        const watching = get(`${config.server}${path}`, { ...tls, headers: common, agent: false }, (response) => {
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString('utf8');
            clearTimeout(timer);
            timer = setTimeout(finish, QUIET_MS);
          });
          response.on('error', () => undefined);
        });
        const finish = (): void => {
          watching.on('error', () => undefined);
          watching.destroy();
          const lines = text.split('\n').filter((line) => line !== '');
          resolve(lines.map(parsed));
        };
        let timer = setTimeout(finish, FIRST_MS);
        watching.once('error', reject);
      }),
    close: () => agent.close(),
  };
}

/** A real cluster. */
export async function clusterTarget(kubeconfig: string): Promise<Target> {
  const sender = await createSender(loadClusterConfig({ clock: systemClock, kubeconfig, env: {} }));
  return {
    ...sender,
    name: 'cluster',
    settle: () => new Promise((resolve) => setTimeout(resolve, 40)),
  };
}

/** A sandbox of its own, by HTTP. `manifests` are installed in it. */
export async function sandboxTarget(): Promise<Target> {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const sandbox = createSandbox({ clock });
  const server = await serveSandbox({ sandbox });
  const config: ClusterConfig = {
    server: server.url,
    namespace: 'default',
    context: undefined,
    proxyUrl: undefined,
    credentials: async () => ({
      headers: { authorization: `Bearer ${server.token(ADMINISTRATOR)}` },
      tls: { ca: server.certificate },
    }),
    invalidate: () => undefined,
  };
  const sender = await createSender(config);
  return {
    ...sender,
    name: 'sandbox',
    settle: async () => {
      await clock.advance(1000);
    },
    async close() {
      await sender.close();
      await server.close();
    },
  };
}
