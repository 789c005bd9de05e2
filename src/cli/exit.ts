import { ApiError, isForbidden, isNotFound } from '../kube/errors.ts';

/** Exit codes of every command. `undecided` and `superseded` are answers of `wait` alone. */
export const exitCodes = { ok: 0, failure: 1, undecided: 2, superseded: 3, unusable: 4, usage: 64 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A failure for the person at the terminal: one line that says what is wrong and one that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** Any error as a CliError, without its stack. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ApiError) return fromApiError(error);
  return new CliError(exitCodes.failure, error instanceof Error ? error.message : String(error));
}

function fromApiError(error: ApiError): CliError {
  if (isNotFound(error)) return new CliError(exitCodes.unusable, error.message);
  if (error.status === 0) {
    const hint = 'check that the cluster is up and that --context and --kubeconfig name the right one';
    return new CliError(exitCodes.failure, `the Kubernetes API cannot be reached: ${error.message}`, hint);
  }
  if (error.status === 401) {
    return new CliError(
      exitCodes.failure,
      `the Kubernetes API refused the credentials: ${error.message}`,
      'log in again',
    );
  }
  if (isForbidden(error)) {
    const hint = error.message.includes('verb promote')
      ? 'ask for a role with the verb promote on canaryreleases.tandem.dev'
      : 'ask for a role with that verb';
    return new CliError(exitCodes.failure, error.message, hint);
  }
  return new CliError(exitCodes.failure, error.message);
}

/** The lines that an error writes to standard error. */
export function formatError(error: CliError): string {
  const hint = error.hint === undefined ? '' : `  ${error.hint}\n`;
  return `error: ${error.message.trim().replace(/\s*\n\s*/g, ' ')}\n${hint}`;
}
