import type { MetricVerdict, VerdictName } from './verdict.ts';

/** One sentence for a person, on the metric that says most. */
export function sentence(
  verdict: VerdictName,
  metrics: readonly MetricVerdict[],
  requests: { stable: number; canary: number },
): string {
  if (requests.canary === 0 || requests.stable === 0) return noTraffic(requests);
  if (verdict === 'Pass') return passed(metrics, requests.canary);
  const leading = lead(metrics, verdict);
  if (leading === undefined) return `nothing to compare yet over ${count(requests.canary)} requests of the canary`;
  const figures = describe(leading);
  return verdict === 'Regression' ? figures : `${figures}; ${outlook(leading)}`;
}

/** A figure with its unit: `141 ms`, `0.35 cores`, `96 MiB`, `4.8 %`. */
export function figure(value: number | null, unit: string): string {
  if (value === null) return 'unknown';
  switch (unit) {
    case 's':
      return value < 10 ? `${short(value * 1000)} ms` : `${short(value)} s`;
    case 'bytes':
      return `${short(value / 1024 ** 2)} MiB`;
    case 'ratio':
      return `${short(value * 100)} %`;
    default:
      return `${short(value)} ${unit}`.trimEnd();
  }
}

function noTraffic({ stable, canary }: { stable: number; canary: number }): string {
  const idle = canary > 0 ? 'stable' : stable > 0 ? 'canary' : 'stable and canary';
  return `no request was seen on ${idle} yet, so nothing can be compared`;
}

function passed(metrics: readonly MetricVerdict[], requests: number): string {
  const names = metrics.flatMap(({ name, reported }) => (reported ? [] : [title(name)])).join(', ');
  return `${names} of canary within tolerance of stable over ${count(requests)} requests`;
}

/** What keeps the verdict open: evidence against the canary, or too little for it. */
function outlook({ evidence, interval, limit }: MetricVerdict): string {
  if (evidence >= leastEvidence) return `${evidence} % of the evidence that a rollback needs`;
  const [lower, upper] = interval;
  // A limit below 0: less is worse.
  if (limit !== null && limit < 0 && lower !== null && lower < 0)
    return `up to ${short(-lower * 100)} % less cannot be ruled out yet`;
  if (upper === null || limit === null || upper > mostUpper) return 'too little evidence yet to say more';
  return `up to ${short(upper * 100)} % more cannot be ruled out yet`;
}

/** Percent of the evidence for a rollback below which a metric is no suspicion. */
const leastEvidence = 5;
/** An upper bound beyond that tells a person nothing. */
const mostUpper = 10;

/** The metric that decided, else the one nearest to a rollback, else the one farthest from being shown good. */
function lead(metrics: readonly MetricVerdict[], verdict: VerdictName): MetricVerdict | undefined {
  const deciding = metrics.filter(({ reported }) => reported !== true);
  const decided = deciding.find((metric) => verdict === 'Regression' && metric.verdict === verdict);
  const known = deciding.filter((metric) => metric.canary !== null && metric.stable !== null);
  const excess = (metric: MetricVerdict): number => (metric.difference ?? -1) / (metric.limit || 1);
  const suspect = known
    .filter(({ evidence }) => evidence >= leastEvidence)
    .toSorted((a, b) => b.evidence - a.evidence)[0];
  const open = known.filter((metric) => metric.verdict === 'Undecided').toSorted((a, b) => room(b) - room(a))[0];
  return decided ?? suspect ?? open ?? known.toSorted((a, b) => excess(b) - excess(a))[0];
}

/** How far past its limit the truth may still lie; without bounds, as far as can be. */
function room({ interval, limit }: MetricVerdict): number {
  const [lower, upper] = interval;
  if (limit !== null && limit < 0) return lower === null ? Number.MAX_VALUE : limit - lower;
  return upper === null ? Number.MAX_VALUE : upper - (limit ?? 0);
}

function describe(metric: MetricVerdict): string {
  const { name, unit, canary, stable, limit, samples } = metric;
  // A share of nothing is nothing: where stable has no errors there is no limit to name.
  const bound = limit === null || !stable ? '' : ` (limit ${figure(stable * (1 + limit), unit)})`;
  const isGauge = name === 'cpu' || name === 'memory' || name.startsWith('custom-');
  const over = isGauge ? `${count(samples)} scrapes` : `${count(samples)} requests`;
  if (metric.counted !== undefined)
    return `${figure(canary, unit)} of canary's ${metric.counted.replace('requests', 'requests take')}, ${figure(stable, unit)} of stable's${bound}, over ${count(samples)} requests`;
  return `${title(name)} of canary is ${figure(canary, unit)}, ${figure(stable, unit)} on stable${bound} over ${over}`;
}

function title(name: string): string {
  switch (name) {
    case 'errors':
      return 'error rate';
    case 'new-errors':
      return 'rate of errors new to stable';
    case 'latency':
      return 'latency';
    case 'latency-slow':
      return 'slow requests';
    case 'cpu':
      return 'CPU per pod';
    case 'latency-mean':
      return 'mean latency';
    default:
      return name.replace(/^(?:latency|custom)-/, '');
  }
}

function short(value: number): string {
  return value >= 100 || value === 0 ? Math.round(value).toString() : String(Number(value.toPrecision(2)));
}

function count(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
