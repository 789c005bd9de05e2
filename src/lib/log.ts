/** Structured log: a static message and an object; every line of a release carries namespace, release and pass. */
export interface Logger {
  /** A person may want to act or know. */
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** The flow of the program. */
  debug(fields: object, message: string): void;
  child(fields: Record<string, unknown>): Logger;
}

/** A logger that writes nothing, for tests and libraries. */
export const silentLogger: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
  child: () => silentLogger,
};
