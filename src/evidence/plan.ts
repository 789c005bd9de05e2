import { groupBy } from '../lib/group.ts';
import type { Metric } from './metric.ts';
import { literal, oneOf, quote, selector } from './prometheus/promql.ts';

/** What one release still has to read of one metric. */
export interface Want {
  /** The release. */
  key: string;
  metric: Metric;
  namespace: string;
  pods: string[];
  /** Milliseconds; samples after this are wanted. */
  from: number;
}

export interface PlannedQuery {
  query: string;
  /** The wants of which it reads some pods. */
  wants: Want[];
  /** The same question as two smaller ones; undefined where it is for one pod. */
  halves(): [PlannedQuery, PlannedQuery] | undefined;
}

/** Of pods and namespaces in a query; some hundred more are the metric's own. */
const MAX_NAMES = 29_000;
/** Reads of more than this are first reads: they go apart, so that they do not widen everybody's window. */
const LONG_MS = 10 * 60_000;
/** A first read brings thousands of samples a pod. */
const LONG_PODS = 4;

/** The same for wants that one query can answer. */
export function metricKey({ metric, pods, matchers }: Metric): string {
  return JSON.stringify([metric, pods.namespace, pods.pod, matchers]);
}

/**
 * One query per metric for all releases that want it, split only where it would get too long or too large. Pods are
 * named exactly.
 */
export function planQueries(wants: readonly Want[], now: number): PlannedQuery[] {
  const open = wants.filter(({ pods, from }) => pods.length > 0 && from < now);
  const groups = groupBy(open, ({ metric, from }) => `${now - from > LONG_MS} ${metricKey(metric)}`);
  return [...groups.values()].flatMap((members) => planGroup(members, now));
}

function planGroup(members: readonly Want[], now: number): PlannedQuery[] {
  const from = Math.min(...members.map((want) => want.from));
  const most = now - from > LONG_MS ? LONG_PODS : Number.POSITIVE_INFINITY;
  const queries: PlannedQuery[] = [];
  let chunk: [Want, string][] = [];
  let namespaces = new Set<string>();
  let length = 0;
  const finish = (): void => {
    if (chunk.length > 0) queries.push(planned(chunk, now - from));
    chunk = [];
    namespaces = new Set();
    length = 0;
  };
  for (const want of members) {
    for (const pod of want.pods) {
      // A namespace counts once in each query.
      const added = (): number => nameLength(pod) + (namespaces.has(want.namespace) ? 0 : nameLength(want.namespace));
      if (length + added() > MAX_NAMES || chunk.length >= most) finish();
      chunk.push([want, pod]);
      length += added();
      namespaces.add(want.namespace);
    }
  }
  finish();
  return queries;
}

/** As it stands in a list of names, with what parts it from the next one. */
function nameLength(name: string): number {
  return quote(literal(name)).length - 1;
}

function planned(chunk: readonly [Want, string][], windowMs: number): PlannedQuery {
  return {
    query: queryOf(chunk, windowMs),
    wants: [...new Set(chunk.map(([want]) => want))],
    halves: () => {
      const pods = [...new Set(chunk.map(([{ namespace }, pod]) => `${namespace}/${pod}`))];
      if (pods.length < 2) return undefined;
      const first = new Set(pods.slice(0, Math.ceil(pods.length / 2)));
      const half = (isFirst: boolean): PlannedQuery =>
        planned(
          chunk.filter(([{ namespace }, pod]) => first.has(`${namespace}/${pod}`) === isFirst),
          windowMs,
        );
      return [half(true), half(false)];
    },
  };
}

function queryOf(chunk: readonly [Want, string][], windowMs: number): string {
  const [first] = chunk;
  if (first === undefined) throw new Error('a query needs at least one pod');
  const { metric, pods: labels, matchers } = first[0].metric;
  const distinct = (values: string[]): string[] => [...new Set(values)].toSorted();
  const namespaces = oneOf(labels.namespace, distinct(chunk.map(([want]) => want.namespace)));
  const pods = oneOf(labels.pod, distinct(chunk.map(([, pod]) => pod)));
  return `${selector(metric, [namespaces, pods, ...matchers])}[${windowMs}ms]`;
}
