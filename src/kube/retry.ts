import { backoffDelay } from '../lib/backoff.ts';
import { ApiError } from './errors.ts';

const MAX_RETRIES = 5;
/** A longer Retry-After is the caller's to plan: ApiError carries it. */
const MAX_RETRY_AFTER_SECONDS = 30;
/** A kept connection that the server closed just as the request left. */
const brokenConnection = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

export interface RetryRequest {
  /** Nothing is changed by it. */
  safe: boolean;
  /** Doing it twice ends where doing it once does. */
  idempotent: boolean;
}

/** What the server asked for, or an own guess; more than it asked, so that clients do not all come back at once. */
function politeDelay(afterSeconds: number | undefined, attempt: number, random: () => number): number {
  const spread = backoffDelay(attempt, random, { baseMs: 500, maxMs: 5_000 });
  return afterSeconds === undefined ? spread : afterSeconds * 1000 + spread * 0.1;
}

function isCuredAtOnce(error: ApiError, request: RetryRequest): boolean {
  return error.status === 401 || (error.status === 0 && request.safe && brokenConnection.has(error.reason));
}

/**
 * Milliseconds after which a failed request is sent again, undefined when it is not. A 429 says that nothing was done,
 * whatever the method; a 5xx with Retry-After is repeated only where twice is as good as once; a 401 once, with new
 * credentials; a broken connection once, for reads. Everything else is the caller's to judge.
 */
export function retryDelay(
  error: unknown,
  request: RetryRequest,
  attempt: number,
  random: () => number,
): number | undefined {
  if (!(error instanceof ApiError) || attempt >= MAX_RETRIES) return undefined;
  if (isCuredAtOnce(error, request)) return attempt === 0 ? 0 : undefined;
  const after = error.retryAfterSeconds;
  if (after !== undefined && after > MAX_RETRY_AFTER_SECONDS) return undefined;
  const asked = error.status === 429 || (error.status >= 500 && after !== undefined && request.idempotent);
  return asked ? politeDelay(after, attempt, random) : undefined;
}
