import type { Answer, SourceError } from './answer.ts';
import type { PlannedQuery } from './plan.ts';
import type { PrometheusApi } from './prometheus/client.ts';
import type { Series } from './prometheus/schema.ts';

/**
 * The server, or the operator itself, refuses an answer because it would be too large: Prometheus, Mimir and
 * VictoriaMetrics say so in words of their own. A limit of requests in a time is none of that.
 */
export function isTooMuch({ code, message }: SourceError): boolean {
  if (code === 'TooLarge') return true;
  if (code !== 'Rejected' && code !== 'Unavailable') return false;
  return /too many (samples|points|chunks|series)|(maximum|max) number of (samples|chunks|series|unique)|cannot select more than|max(imum)? (fetched|samples|series|chunk)|-search\.max/i.test(
    message,
  );
}

/** Asks, and where the answer would be too large asks for halves of the pods, down to one. */
export async function askInParts(
  source: PrometheusApi,
  query: PlannedQuery,
  now: number,
): Promise<[PlannedQuery, Answer<Series[]>][]> {
  const answer = await source.query(query.query, now);
  const halves = answer.kind === 'failed' && isTooMuch(answer.error) ? query.halves() : undefined;
  if (halves === undefined) return [[query, answer]];
  const parts: [PlannedQuery, Answer<Series[]>][] = [];
  for (const half of halves) parts.push(...(await askInParts(source, half, now)));
  return parts;
}
