const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

function twoParts(duration: number, large: [number, string], small: [number, string]): string {
  const whole = Math.floor(duration / large[0]);
  const rest = Math.floor((duration % large[0]) / small[0]);
  return rest === 0 ? `${whole}${large[1]}` : `${whole}${large[1]}${rest}${small[1]}`;
}

/** Until when (exclusive) a duration is written so. */
const STEPS: [number, (duration: number) => string][] = [
  [2 * MINUTE, (duration) => `${Math.floor(duration / SECOND)}s`],
  [10 * MINUTE, (duration) => twoParts(duration, [MINUTE, 'm'], [SECOND, 's'])],
  [3 * HOUR, (duration) => `${Math.floor(duration / MINUTE)}m`],
  [8 * HOUR, (duration) => twoParts(duration, [HOUR, 'h'], [MINUTE, 'm'])],
  [2 * DAY, (duration) => `${Math.floor(duration / HOUR)}h`],
  [8 * DAY, (duration) => twoParts(duration, [DAY, 'd'], [HOUR, 'h'])],
  [2 * YEAR, (duration) => `${Math.floor(duration / DAY)}d`],
  [8 * YEAR, (duration) => twoParts(duration, [YEAR, 'y'], [DAY, 'd'])],
];

/** A duration in milliseconds as the API server writes ages: at most two units, the coarser the older. */
export function formatAge(milliseconds: number): string {
  if (milliseconds < -SECOND) return '<invalid>';
  const duration = Math.max(0, milliseconds);
  for (const [until, format] of STEPS) if (duration < until) return format(duration);
  return `${Math.floor(duration / YEAR)}y`;
}

/** How long ago an RFC 3339 time was, `<unknown>` when there is none. */
export function ageOf(time: unknown, now: number): string {
  const then = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(then) ? '<unknown>' : formatAge(now - then);
}
