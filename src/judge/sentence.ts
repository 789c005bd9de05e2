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
  return verdict === 'Regression' ? figures : `${figures}; ${leading.evidence} % of the evidence that a rollback needs`;
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
      return `${short(value)} ${unit}`;
  }
}

function noTraffic({ stable, canary }: { stable: number; canary: number }): string {
  const idle = canary > 0 ? 'stable' : stable > 0 ? 'canary' : 'stable and canary';
  return `no request was seen on ${idle} yet, so nothing can be compared`;
}

function passed(metrics: readonly MetricVerdict[], requests: number): string {
  const names = metrics.map((metric) => title(metric.name)).join(', ');
  return `${names} of canary within tolerance of stable over ${count(requests)} requests`;
}

/** The metric that decided, else the one nearest to a rollback, else the one farthest past its limit. */
function lead(metrics: readonly MetricVerdict[], verdict: VerdictName): MetricVerdict | undefined {
  const decided = metrics.find((metric) => verdict === 'Regression' && metric.verdict === verdict);
  const known = metrics.filter((metric) => metric.canary !== null && metric.stable !== null);
  const excess = (metric: MetricVerdict): number => (metric.difference ?? -1) / (metric.limit || 1);
  return decided ?? known.toSorted((a, b) => b.evidence - a.evidence || excess(b) - excess(a))[0];
}

function describe(metric: MetricVerdict): string {
  const { name, unit, canary, stable, limit, samples } = metric;
  // A share of nothing is nothing: where stable has no errors there is no limit to name.
  const bound = limit === null || !stable ? '' : ` (limit ${figure(stable * (1 + limit), unit)})`;
  const over = name === 'cpu' || name === 'memory' ? `${count(samples)} scrapes` : `${count(samples)} requests`;
  return `${title(name)} of canary is ${figure(canary, unit)}, ${figure(stable, unit)} on stable${bound} over ${over}`;
}

function title(name: string): string {
  switch (name) {
    case 'errors':
      return 'error rate';
    case 'new-errors':
      return 'rate of errors new to stable';
    case 'latency':
      return 'median latency';
    case 'latency-slow':
      return 'share of slow requests';
    case 'cpu':
      return 'CPU per pod';
    default:
      return name.replace('latency-', '');
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
