import { formatPercent } from '../../lib/percent.ts';

const titles: Record<string, string> = {
  errors: 'Error rate',
  'new-errors': 'Errors new to stable',
  latency: 'Latency',
  'latency-slow': 'Slow requests',
  'latency-mean': 'Mean latency',
  cpu: 'CPU per pod',
  memory: 'Memory per pod',
};

/** A metric as a heading. */
export function metricTitle(name: string): string {
  const quantile = /^latency-p(?<quantile>\d+)$/.exec(name)?.groups?.['quantile'];
  if (quantile !== undefined) return `Latency p${quantile}`;
  return titles[name] ?? name.replace(/^custom-/, '');
}

/** A difference of canary against stable: 0.64 is `+64%`. Huge ones as a factor. */
export function formatDifference(difference: number | null): string {
  if (difference === null) return '–';
  if (Math.abs(difference) >= 10) return `×${Math.round(difference + 1)}`;
  return formatPercent(difference, { digits: 1, sign: true });
}

/** `shop=registry/team/shop:1.2@sha256:...` as people call it: `shop:1.2`. */
export function shortImage(image: string): string {
  const reference = image.slice(image.indexOf('=') + 1);
  const [path = reference, digest] = reference.split('@');
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.includes(':') || digest === undefined ? name : `${name}@${digest.slice(0, 15)}`;
}

/** The tag or digest alone. */
export function versionOf(image: string): string {
  const short = shortImage(image);
  return /[:@](?<version>.+)$/.exec(short)?.groups?.['version'] ?? short;
}
