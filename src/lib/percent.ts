/**
 * The fraction of 1 of a percentage such as `25%` or `0.5%`. No sign, no spaces: `ddd[.ddd]%`.
 * Throws an Error that says what is wrong. Bounds are the caller's.
 */
export function parsePercent(text: string): number {
  if (/^\d+(\.\d+)?%$/.test(text)) return Number(`${text.slice(0, -1)}e-2`);
  const problem = /^\d+(\.\d+)?$/.test(text) ? 'the percent sign is missing' : 'it is not a number with a percent sign';
  throw new Error(`invalid percentage ${JSON.stringify(text)}: ${problem}; write for example "25%" or "0.5%"`);
}

/**
 * A fraction of 1 as a percentage with at most `digits` digits after the point, without trailing zeros: 0.25 is `25%`.
 * With `sign`, positive numbers carry a plus, for differences.
 */
export function formatPercent(fraction: number, options: { digits?: number; sign?: boolean } = {}): string {
  if (!Number.isFinite(fraction)) throw new Error(`${fraction} cannot be written as a percentage: it is not finite`);
  // + 0 turns the -0 of a rounded small negative into 0.
  const rounded = Number((fraction * 100).toFixed(options.digits ?? 4)) + 0;
  return `${options.sign === true && rounded > 0 ? '+' : ''}${rounded}%`;
}
