import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { OddKind, Settings } from './settings.ts';

/** What some clients get in place of the metrics, so that they cannot read what others (a Prometheus) can. */

const largeBytes = 100 * 1024 * 1024;
const line = `# ${'x'.repeat(997)}\n`;

/** The listener for these metrics; undefined where this client gets the true ones. */
export function oddMetrics({ odd }: Settings, { socket }: IncomingMessage): RequestListener | undefined {
  return odd !== undefined && isMeant(odd, socket) ? answers[odd.kind] : undefined;
}

/** Where plain connections of the named addresses are to be refused: a server in front of `plain`. */
export function strictTls({ odd }: Settings, plain: Server): Server | undefined {
  if (odd?.kind !== 'tls') return undefined;
  const secure = createTlsServer();
  secure.on('tlsClientError', () => undefined);
  return createServer((socket) => void (isMeant(odd, socket) ? secure : plain).emit('connection', socket));
}

function isMeant({ addresses }: NonNullable<Settings['odd']>, socket: Socket): boolean {
  return addresses.has((socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
}

const answers: Record<OddKind, RequestListener | undefined> = { slow, large, html, tls: undefined };

/** Never silent for long, and never done: a limit on pauses alone would wait for ever. */
function slow(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
  const timer = setInterval(() => response.write('#\n'), 100);
  response.on('close', () => clearInterval(timer));
}

function large(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
  let left = largeBytes;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= line.length;
      if (!response.write(line)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

function html(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end('<!doctype html>\n<title>Log in</title>\n<form method="post"><input name="user"></form>\n');
}
