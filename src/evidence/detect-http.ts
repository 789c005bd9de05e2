import type { Answer } from './answer.ts';
import { type Candidate, candidatesOf, chooseHttp, type HttpMetrics, type Names } from './http-metrics.ts';
import { metricSelector } from './metric.ts';
import type { PrometheusApi } from './prometheus/client.ts';
import { quote } from './prometheus/promql.ts';
import type { EvidenceRequest } from './request.ts';
import { isTooMuch } from './too-much.ts';

/** Asks for the labels of all metrics that a preset knows, one query each, and chooses. */
export async function findHttp(
  api: PrometheusApi,
  request: EvidenceRequest,
  names: Names,
  now: number,
): Promise<Answer<HttpMetrics>> {
  const labels = new Map<string, ReadonlySet<string>>();
  const key = ({ metric: { metric, matchers } }: Candidate): string => `${metric} ${matchers.join(' ')}`;
  const asked = new Map<string, Candidate>();
  for (const candidate of candidatesOf(request.preset, names)) {
    const known = asked.get(key(candidate))?.labels ?? [];
    asked.set(key(candidate), { ...candidate, labels: [...new Set([...known, ...candidate.labels])] });
  }
  for (const [id, candidate] of asked) {
    const answer = await labelsOf(api, request, candidate, now);
    if (answer.kind === 'failed') return answer;
    if (answer.kind === 'value') labels.set(id, answer.value);
  }
  const found = chooseHttp(request.preset, names, (candidate) => labels.get(key(candidate)));
  return found === undefined ? { kind: 'nodata' } : { kind: 'value', value: found };
}

async function labelsOf(
  api: PrometheusApi,
  request: EvidenceRequest,
  { metric, native, bounded, labels }: Candidate,
  now: number,
): Promise<Answer<Set<string>>> {
  const pods = request.stablePods.map(({ name }) => name).slice(0, 50);
  const matchers = bounded ? [...metric.matchers, `le!=${quote('+Inf')}`] : metric.matchers;
  const series = metricSelector({ ...metric, matchers }, request.namespace, pods);
  const answer = await api.query(
    `count by (${labels.join(', ')}) (${native ? `histogram_count(${series})` : series})`,
    now,
  );
  // A server that knows no native histograms has none.
  if (native && answer.kind === 'failed' && answer.error.code === 'Rejected' && !isTooMuch(answer.error))
    return { kind: 'nodata' };
  if (answer.kind !== 'value') return answer;
  const present = answer.value.flatMap((one) => Object.keys(one.labels).filter((name) => one.labels[name] !== ''));
  return { kind: 'value', value: new Set(present) };
}
