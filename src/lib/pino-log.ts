import { type DestinationStream, pino, stdSerializers, stdTimeFunctions } from 'pino';
import type { Logger } from './log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  level: LogLevel;
  /** Fields of every line. */
  fields?: Record<string, unknown>;
  /** Where lines go; standard output if absent. */
  destination?: DestinationStream;
}

/**
 * A Logger that writes one JSON object a line: `level` by name, `time` in RFC 3339, `msg`, the fields. An Error under
 * `error` or `err` is written with its type, message, stack and cause.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: options.fields ?? null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: stdSerializers.err, err: stdSerializers.err },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
