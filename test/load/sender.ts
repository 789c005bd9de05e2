import { Agent, get, type IncomingMessage } from 'node:http';
import type { LoadMode, Outcome } from './record.ts';

const connections = 20;
const timeoutMs = 10_000;

/** Sends one request and calls back once when it is over. */
export type Send = (path: string, done: (outcome: Outcome) => void) => void;

/**
 * A sender for one target. In mode `keepalive` requests go round over 20 connections, each of which stays where it was
 * first opened. A request on an idle connection that the server had just closed is sent again, as HTTP clients do.
 */
export function createSender(target: URL, mode: LoadMode, onRetry: () => void): Send {
  const agents = Array.from({ length: connections }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const place = { host: target.hostname, port: target.port || 80, timeout: timeoutMs };
  let next = 0;
  function attempt(path: string, agent: Agent | false, done: (outcome: Outcome) => void, isRetry: boolean): void {
    const sentAt = Date.now();
    const begin = performance.now();
    let isOver = false;
    const finish = (outcome: Outcome): void => {
      if (!isOver) done(outcome);
      isOver = true;
    };
    const failed = (error: NodeJS.ErrnoException): void => {
      if (isOver) return;
      if (!request.reusedSocket || error.code !== 'ECONNRESET' || isRetry) {
        return finish({ kind: 'failed', code: error.code ?? error.message, sentAt });
      }
      isOver = true;
      onRetry();
      attempt(path, agent, done, true);
    };
    const request = get({ ...place, path, agent }, (response) => {
      response.resume();
      response.once('error', failed);
      response.once('end', () => finish(answered(response, sentAt, performance.now() - begin)));
    });
    request.once('timeout', () =>
      request.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
    );
    request.once('error', failed);
  }
  return (path, done) => {
    const agent = mode === 'keepalive' ? (agents[next % connections] ?? false) : false;
    next += 1;
    attempt(path, agent, done, false);
  };
}

function answered(response: IncomingMessage, sentAt: number, latencyMs: number): Outcome {
  const header = (name: string): string => String(response.headers[name] ?? 'unknown');
  const [version, pod] = [header('x-version'), header('x-pod')];
  return { kind: 'answer', version, pod, status: response.statusCode ?? 0, sentAt, latencyMs };
}
