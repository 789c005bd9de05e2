import { request } from 'node:https';
import { systemClock } from '../../../lib/clock.ts';
import { createSandbox, type Sandbox } from '../../sandbox.ts';
import { ADMINISTRATOR, type SandboxServer, type ServeOptions, serveSandbox } from '../server.ts';

interface AnsweredObject {
  kind: string;
  metadata: Record<string, unknown> & { name: string };
  data?: Record<string, string>;
}

/** What answers may have that the tests read. */
export interface Answered extends AnsweredObject {
  items: AnsweredObject[];
  columnDefinitions: { name: string }[];
  rows: { cells: unknown[]; object: unknown }[];
}

/** An answer as it came. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json(): Answered;
}

export interface Asked {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A sandbox behind HTTP and a client that sees the answers as they are. */
export interface Stage {
  sandbox: Sandbox;
  server: SandboxServer;
  /** As the administrator; an own `authorization` header wins, and an empty one is left out. */
  ask(path: string, asked?: Asked): Promise<RawAnswer>;
}

export async function serveForTest(options: Partial<ServeOptions> = {}): Promise<Stage> {
  const sandbox = options.sandbox ?? createSandbox({ clock: systemClock, namespaces: ['shop'] });
  const server = await serveSandbox({ sandbox, ...options });
  const token = server.token(ADMINISTRATOR);
  return {
    sandbox,
    server,
    ask: (path, asked = {}) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...asked.headers };
      return askRaw(server, path, { ...asked, headers });
    },
  };
}

function askRaw(
  server: SandboxServer,
  path: string,
  { method = 'GET', body, headers = {} }: Asked,
): Promise<RawAnswer> {
  const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const options = { method, headers: sent, ca: server.certificate, agent: false as const };
    const asking = request(`${server.url}${path}`, options, (response) => {
      let received = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        received += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, text: received, json: () => JSON.parse(received) as Answered });
      });
    });
    asking.on('error', reject);
    asking.end(text);
  });
}
