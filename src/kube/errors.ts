/** Part of a Status object. */
export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

/** A failed request to the Kubernetes API, as far as it is known: a Status of the server, or a broken connection. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 when no answer arrived. */
  readonly status: number;
  /** Reason of the Status object (`NotFound`, `Conflict`, ...), or the code of the connection error. */
  readonly reason: string;
  /** From Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  /** `details` of the Status object: which object, and the causes by field. */
  readonly details: StatusDetails | undefined;

  constructor(
    status: number,
    reason: string,
    message: string,
    options: { retryAfterSeconds?: number; details?: StatusDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.reason = reason;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.details = options.details;
  }
}

function has(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

export function isNotFound(error: unknown): boolean {
  return has(error, 404);
}

/** A stale resourceVersion or UID; not AlreadyExists, which has the same status. */
export function isConflict(error: unknown): boolean {
  return has(error, 409) && !isAlreadyExists(error);
}

export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'AlreadyExists';
}

export function isForbidden(error: unknown): boolean {
  return has(error, 403);
}

/** The resourceVersion of a watch is too old: list again. */
export function isGone(error: unknown): boolean {
  return has(error, 410) || (error instanceof ApiError && error.reason === 'Expired');
}

export function isInvalid(error: unknown): boolean {
  return has(error, 422);
}

/** Worth asking again later without anybody changing anything. */
export function isRetryable(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** A write was not sent because this process does not hold the lease (any more). */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';

  constructor() {
    super('nothing was written: this process does not hold the leader lease; the replica that does will act');
  }
}
