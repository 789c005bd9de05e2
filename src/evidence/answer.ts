/** Three answers that never turn into one another: a value, an answer without data, no answer. */
export type Answer<T> = { kind: 'value'; value: T } | { kind: 'nodata' } | { kind: 'failed'; error: SourceError };

/**
 * Why a source gave no answer: `Unreachable` (no connection, time-out), `Refused` (401, 403), `Rejected` (the query),
 * `Unavailable` (any other status), `Malformed` (not the protocol), `Partial` (warnings: a part of the data is absent),
 * `TooLarge`, `Configuration` (a file of the operator's configuration cannot be read).
 */
export type SourceErrorCode =
  | 'Unreachable'
  | 'Refused'
  | 'Rejected'
  | 'Unavailable'
  | 'Malformed'
  | 'Partial'
  | 'TooLarge'
  | 'Configuration';

export interface SourceError {
  code: SourceErrorCode;
  /** Names the source and what to look at; never a credential. */
  message: string;
}

export function failed(code: SourceErrorCode, message: string): { kind: 'failed'; error: SourceError } {
  return { kind: 'failed', error: { code, message } };
}

/** A failure with its code, thrown inside a source's client and never out of it. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
  readonly code: SourceErrorCode;
  constructor(code: SourceErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
