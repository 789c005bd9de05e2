import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../lib/duration.ts';
import { hasCredentials, withoutCredentials } from '../lib/http-url.ts';
import { CliError, type ExitCode, exitCodes, toCliError } from './exit.ts';

/** Takes the exit code of a command's action. */
export type Runner = <T extends unknown[]>(action: (...args: T) => Promise<ExitCode>) => (...args: T) => Promise<void>;

/** `-o`, with the formats of one command. */
export function outputOption(formats: readonly string[]): Option {
  return new Option('-o, --output <format>', 'how to print').choices(formats);
}

/** The address of a Prometheus. Throws CliError. */
export function parseUrl(text: string): string {
  if (hasCredentials(text))
    throw new CliError(
      exitCodes.usage,
      `${JSON.stringify(withoutCredentials(text))} has a user and a password, which would lie open`,
      'write http://HOST:PORT here, and basicAuth into the configuration of the operator',
    );
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new CliError(
    exitCodes.usage,
    `${JSON.stringify(text)} is no address of a Prometheus`,
    'write http://HOST:PORT',
  );
}

/** An option that may be given several times. */
export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** Seconds of a Go duration; 0 is without limit. Throws CliError for what is negative. */
export function parseTimeout(text: string): number {
  const seconds = parseDuration(text);
  if (seconds >= 0) return seconds;
  throw new CliError(exitCodes.usage, `the timeout ${text} is negative`);
}

/** A parser for commander, whose errors are those of wrong usage. */
export function asUsage<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      const failure = toCliError(error);
      throw new InvalidArgumentError(`${failure.message}${failure.hint === undefined ? '' : `; ${failure.hint}`}.`);
    }
  };
}
