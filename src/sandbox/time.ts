export { timestamp } from '../lib/timestamp.ts';

/** Milliseconds since the epoch of an RFC 3339 time; NaN when there is none. */
export function parseTime(text: string | undefined): number {
  return text === undefined ? Number.NaN : Date.parse(text);
}
