import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { listenAt, type RunningServer } from '../lib/listen.ts';
import type { Logger } from '../lib/log.ts';
import type { AlertBoard } from './board.ts';
import type { Alertmanager } from './config.ts';

const MOST_BYTES = 1024 * 1024;

interface Answer {
  status: number;
  text: string;
}

export interface AlertServerOptions {
  config: Alertmanager;
  board: AlertBoard;
  /** Only the replica that acts has to know; a sender that reaches another one tries again. */
  isLeader(): boolean;
  /** Hears what the sender is not told. */
  log: Logger;
}

/** Takes `POST /alertmanager` with the bearer token. Rejects when it cannot listen. */
export function serveAlerts(options: AlertServerOptions): Promise<RunningServer> {
  const server = createServer((request, response) => {
    void answerTo(request, options)
      .catch((error: unknown): Answer => {
        options.log.error({ err: error }, 'An alert could not be taken');
        return { status: 500, text: 'internal error' };
      })
      .then(({ status, text }) => {
        response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
        response.end(`${text}\n`);
      });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  return listenAt(options.config.address, server);
}

async function answerTo(request: IncomingMessage, { config, board, isLeader }: AlertServerOptions): Promise<Answer> {
  if ((request.url ?? '').split('?')[0] !== '/alertmanager') return { status: 404, text: 'not found' };
  if (request.method !== 'POST') return { status: 405, text: 'POST only' };
  if (!(await isAllowed(request.headers.authorization ?? '', config.tokenFile)))
    return { status: 401, text: 'the bearer token is missing or wrong' };
  if (!isLeader()) return { status: 503, text: 'another replica acts: try again' };
  const body = await bodyOf(request);
  if (body === undefined) return { status: 413, text: `more than ${MOST_BYTES} bytes` };
  const problem = board.take(parsed(body));
  return problem === undefined ? { status: 200, text: 'ok' } : { status: 400, text: problem };
}

/** Compared by digests of one length, so that the time says nothing of the token. */
async function isAllowed(header: string, tokenFile: string): Promise<boolean> {
  const token = (await readFile(tokenFile, 'utf8')).trim();
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return token !== '' && timingSafeEqual(digest(header), digest(`Bearer ${token}`));
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
