const NANOSECONDS_PER_SECOND = 1e9;
/** Go keeps a duration as an int64 of nanoseconds. */
const MAX_SECONDS = 2 ** 63 / NANOSECONDS_PER_SECOND;

/** Units of Go's time.ParseDuration in nanoseconds; both micro signs (U+00B5, U+03BC) are accepted. */
const unitNanoseconds = new Map<string, number>([
  ['ns', 1],
  ['us', 1e3],
  ['\u00b5s', 1e3],
  ['\u03bcs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);

const EXAMPLE = 'write a number with a unit, such as "90s", "5m" or "1h30m"';

function invalid(text: string, what: string): Error {
  return new Error(`invalid duration ${JSON.stringify(text)}: ${what}; ${EXAMPLE}`);
}

function unitOf(text: string, unit: string): number {
  const known = unitNanoseconds.get(unit);
  if (known !== undefined) return known;
  if (unit === '') throw invalid(text, 'a number has no unit');
  throw invalid(text, `unknown unit ${JSON.stringify(unit)}, known are ns, us, ms, s, m, h`);
}

/**
 * Seconds of a Go duration string, by the grammar of Go's time.ParseDuration:
 * `[+-]? ("0" | (decimal unit)+)`, each decimal with or without a fraction (`1.5h`, `.5s`, `1.s`).
 * Throws an Error that says what is wrong with the text.
 */
export function parseDuration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text;
  if (unsigned === '0') return 0;
  if (unsigned === '') throw invalid(text, 'it is empty');
  let nanoseconds = 0;
  let rest = unsigned;
  while (rest !== '') {
    const match = /^(?<number>\d+\.?\d*|\.\d+)(?<unit>[^\d.]*)/.exec(rest);
    if (match === null) throw invalid(text, `a number is expected at ${JSON.stringify(rest)}`);
    nanoseconds += Number(match.groups?.['number']) * unitOf(text, match.groups?.['unit'] ?? '');
    rest = rest.slice(match[0].length);
  }
  const seconds = nanoseconds / NANOSECONDS_PER_SECOND;
  if (seconds > MAX_SECONDS) throw invalid(text, 'it is longer than Go can hold (about 292 years)');
  return seconds === 0 ? 0 : sign * seconds;
}

function formatSubSecond(nanoseconds: number): string {
  if (nanoseconds >= 1e6) return `${nanoseconds / 1e6}ms`;
  if (nanoseconds >= 1e3) return `${nanoseconds / 1e3}us`;
  return `${nanoseconds}ns`;
}

/**
 * The shortest Go duration string of a number of seconds, to the nanosecond: `5m`, `1h30m`, `2m0.5s`, `250ms`, `0s`.
 * Zero units are left out, which Go reads just as well. Throws on numbers that are no duration.
 */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > MAX_SECONDS) {
    throw new Error(`${seconds} seconds cannot be written as a duration: it is not finite or longer than 292 years`);
  }
  const sign = seconds < 0 ? '-' : '';
  const absolute = Math.abs(seconds);
  if (absolute < 1) {
    const nanoseconds = Math.round(absolute * NANOSECONDS_PER_SECOND);
    if (nanoseconds === 0) return '0s';
    return nanoseconds === NANOSECONDS_PER_SECOND ? `${sign}1s` : `${sign}${formatSubSecond(nanoseconds)}`;
  }
  let whole = Math.floor(absolute);
  let fraction = Math.round((absolute - whole) * NANOSECONDS_PER_SECOND);
  if (fraction === NANOSECONDS_PER_SECOND) {
    whole += 1;
    fraction = 0;
  }
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = `${whole % 60}${fraction === 0 ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`}`;
  return `${sign}${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${rest === '0' ? '' : `${rest}s`}`;
}
