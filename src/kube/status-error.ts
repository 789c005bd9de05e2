import { ApiError, type StatusDetails } from './errors.ts';

/** The longest piece of a foreign answer (a proxy's page) that goes into a message. */
const EXCERPT = 300;

const reasonsByStatus = new Map<number, string>([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [409, 'Conflict'],
  [410, 'Expired'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [502, 'BadGateway'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

interface Status {
  kind?: unknown;
  reason?: unknown;
  message?: unknown;
  code?: unknown;
  details?: StatusDetails;
}

function parseStatus(text: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && (parsed as Status).kind === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds of a Retry-After header, undefined when it is absent, a date or nonsense (the API server sends seconds). */
function parseRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header.trim()) ? Number(header) : undefined;
}

export interface FailedAnswer {
  status: number;
  body: string;
  retryAfter?: string | undefined;
  /** Method and path, for answers that do not name what they are about. */
  request: string;
}

/** The ApiError of an answer with a failing status: by its Status object, or what a proxy in between left of it. */
export function errorFromAnswer(answer: FailedAnswer): ApiError {
  const status = parseStatus(answer.body);
  const retryAfterSeconds = parseRetryAfter(answer.retryAfter);
  const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const byStatus = reasonsByStatus.get(answer.status) ?? `HTTP${answer.status}`;
  if (status === undefined) {
    const excerpt = answer.body.slice(0, EXCERPT).replace(/\s+/g, ' ').trim();
    const said = excerpt === '' ? 'the answer is empty' : excerpt;
    return new ApiError(answer.status, byStatus, `${answer.request}: HTTP ${answer.status}: ${said}`, retry);
  }
  const reason = typeof status.reason === 'string' && status.reason !== '' ? status.reason : byStatus;
  const message = typeof status.message === 'string' && status.message !== '' ? status.message : reason;
  return new ApiError(answer.status, reason, message, {
    ...retry,
    ...(status.details === undefined ? {} : { details: status.details }),
  });
}

/** The ApiError of an ERROR event of a watch, whose object is a Status. */
export function errorFromWatchEvent(object: unknown, request: string): ApiError {
  const code = typeof object === 'object' && object !== null ? Number((object as Status).code) : Number.NaN;
  return errorFromAnswer({ status: Number.isInteger(code) ? code : 500, body: JSON.stringify(object), request });
}

function codeOf(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string') return code;
  }
  return undefined;
}

/** The ApiError of a request that got no answer: status 0, the reason is the code of the connection error. */
export function errorFromConnection(error: unknown, request: string): ApiError {
  if (error instanceof ApiError) return error;
  const code = codeOf(error);
  const said = error instanceof Error && error.message !== '' ? error.message : String(code ?? error);
  return new ApiError(0, code ?? 'ConnectionFailed', `${request}: no answer: ${said}`, { cause: error });
}
