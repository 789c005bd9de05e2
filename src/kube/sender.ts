import { type Clock, monotonicNow, sleep } from '../lib/clock.ts';
import type { ClusterConfig } from './config.ts';
import { ApiError } from './errors.ts';
import { retryDelay } from './retry.ts';
import { errorFromAnswer, errorFromConnection } from './status-error.ts';
import { createTransport, type Method, type TransportAnswer } from './transport.ts';

/** What the client tells of each attempt; see metrics.ts. */
export interface ClientMetrics {
  /** `code` is the HTTP status, or `<error>` when no answer came; a watch counts when it begins. */
  request(method: Method, code: string, seconds: number): void;
}

export interface Call {
  method: Method;
  path: string;
  /** Doing it twice ends where doing it once does. */
  idempotent: boolean;
  body?: unknown;
  contentType?: string;
  /** What is asked for; JSON if absent. */
  accept?: string;
  beforeAttempt?: (() => void) | undefined;
}

export interface SenderOptions {
  config: ClusterConfig;
  clock: Clock;
  random: () => number;
  userAgent: string;
  metrics?: ClientMetrics;
  timeoutMs: number;
}

/** Sends calls: timeouts, repetitions, metrics, errors. */
export interface Sender {
  readonly timeoutMs: number;
  /** The parsed answer. Rejects with ApiError, or with what `beforeAttempt` threw. */
  send<T>(call: Call): Promise<T>;
  /** One attempt without a timeout of its own, as soon as the head of the answer is there. Rejects as `send`. */
  begin(call: Call, signal: AbortSignal): Promise<TransportAnswer>;
  close(): Promise<void>;
}

/** Method and path of a call, for messages. */
export function describeCall(call: Pick<Call, 'method' | 'path'>): string {
  return `${call.method} ${call.path.split('?')[0]}`;
}

function requestHeaders(call: Call, userAgent: string): Record<string, string> {
  const headers = { accept: call.accept ?? 'application/json', 'user-agent': userAgent };
  return call.body === undefined ? headers : { ...headers, 'content-type': call.contentType ?? 'application/json' };
}

async function readFailure(answer: TransportAnswer, call: Call): Promise<ApiError> {
  const header = answer.headers['retry-after'];
  return errorFromAnswer({
    status: answer.status,
    body: await answer.body.text(),
    retryAfter: typeof header === 'string' ? header : header?.[0],
    request: describeCall(call),
  });
}

async function readJson(answer: TransportAnswer, call: Call): Promise<unknown> {
  const text = await answer.body.text().catch((error: unknown) => {
    throw errorFromConnection(error, describeCall(call));
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${describeCall(call)}: the answer is no JSON: ${text.slice(0, 100)}`;
    throw new ApiError(0, 'MalformedAnswer', message, { cause });
  }
}

/** Keeps apart what the caller's own check threw from what the connection did. */
function remember(check: (() => void) | undefined): { run: () => void; thrown: () => { by: unknown } | undefined } {
  let thrown: { by: unknown } | undefined;
  return {
    run() {
      try {
        check?.();
      } catch (error) {
        thrown = { by: error };
        throw error;
      }
    },
    thrown: () => thrown,
  };
}

export function createSender(options: SenderOptions): Sender {
  const { config, clock, random, timeoutMs } = options;
  const transport = createTransport(config);
  const closing = new AbortController();

  async function head(call: Call, signal: AbortSignal, beforeSend: () => void): Promise<TransportAnswer> {
    const started = monotonicNow(clock);
    let code = '<error>';
    try {
      const answer = await transport.send({
        method: call.method,
        path: call.path,
        headers: requestHeaders(call, options.userAgent),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal,
        beforeSend,
      });
      code = String(answer.status);
      return answer;
    } finally {
      options.metrics?.request(call.method, code, (monotonicNow(clock) - started) / 1000);
    }
  }

  async function begin(call: Call, signal: AbortSignal): Promise<TransportAnswer> {
    const check = remember(call.beforeAttempt);
    try {
      const answer = await head(call, signal, check.run);
      if (answer.status < 300) return answer;
      if (answer.status === 401) config.invalidate();
      throw await readFailure(answer, call);
    } catch (error) {
      const thrown = check.thrown();
      if (thrown !== undefined) throw thrown.by;
      throw errorFromConnection(error, describeCall(call));
    }
  }

  async function attempt(call: Call): Promise<unknown> {
    const controller = new AbortController();
    const cancel = clock.after(timeoutMs, () => {
      const message = `${describeCall(call)}: no complete answer within ${timeoutMs / 1000} s`;
      controller.abort(new ApiError(0, 'RequestTimeout', message));
    });
    try {
      return await readJson(await begin(call, controller.signal), call);
    } finally {
      cancel();
    }
  }

  return {
    timeoutMs,
    begin,
    async send<T>(call: Call): Promise<T> {
      for (let attempts = 0; ; attempts += 1) {
        try {
          return (await attempt(call)) as T;
        } catch (error) {
          const request = { safe: call.method === 'GET', idempotent: call.idempotent };
          const delay = retryDelay(error, request, attempts, random);
          if (delay === undefined || closing.signal.aborted) throw error;
          if (delay > 0) await sleep(clock, delay, closing.signal);
        }
      }
    },
    async close() {
      closing.abort();
      await transport.close();
    },
  };
}
