import type { Series } from '../../../src/evidence/prometheus/schema.ts';
import { type Matcher, type ParsedQuery, parseQuery } from '../../../src/evidence/testing/selector.ts';

const LOOK_BACK_MS = 300_000;
/** Nobody asks for older samples. */
const KEPT_MS = 70 * 60_000;

interface Kept {
  labels: Record<string, string>;
  times: number[];
  values: number[];
}

/** Samples by series, and the part of PromQL that the collector asks: selectors, ranges and `count by`. */
export interface MetricsStore {
  /** Later samples of a series may come first. */
  add(labels: Record<string, string>, at: number, value: number): void;
  query(query: string, at: number): Series[];
}

function firstAfter(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

function compile({ label, operator, value }: Matcher): (labels: Record<string, string>) => boolean {
  const negated = operator.startsWith('!');
  if (operator === '=' || operator === '!=') return (labels) => ((labels[label] ?? '') === value) !== negated;
  const pattern = new RegExp(`^(?:${value})$`, 's');
  return (labels) => pattern.test(labels[label] ?? '') !== negated;
}

function counted(series: readonly Kept[], names: readonly string[], at: number): Series[] {
  const groups = new Map<string, Series>();
  for (const { labels } of series) {
    const pairs = names.filter((name) => labels[name] !== undefined).map((name) => [name, labels[name] ?? ''] as const);
    const key = JSON.stringify(pairs);
    const group = groups.get(key) ?? { labels: Object.fromEntries(pairs), samples: [[at, 0]] };
    groups.set(key, { ...group, samples: [[at, (group.samples[0]?.[1] ?? 0) + 1]] });
  }
  return [...groups.values()];
}

function part({ labels, times, values }: Kept, from: number, to: number): Series {
  const samples: [number, number][] = [];
  for (let index = from; index < to; index += 1) samples.push([times[index] ?? 0, values[index] ?? 0]);
  return { labels, samples };
}

export function createMetricsStore(): MetricsStore {
  const byKey = new Map<string, Kept>();
  const byName = new Map<string, Kept[]>();

  function seriesOf(labels: Record<string, string>): Kept {
    const key = JSON.stringify(labels);
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const made = { labels, times: [], values: [] };
    byKey.set(key, made);
    const name = labels['__name__'] ?? '';
    byName.set(name, [...(byName.get(name) ?? []), made]);
    return made;
  }

  function found({ metric, matchers }: ParsedQuery): Kept[] {
    const candidates = metric === undefined ? [...byKey.values()] : (byName.get(metric) ?? []);
    const tests = matchers.map(compile);
    return candidates.filter(({ labels }) => tests.every((test) => test(labels)));
  }

  return {
    add(labels, at, value) {
      const { times, values } = seriesOf(labels);
      const index = firstAfter(times, at);
      times.splice(index, 0, at);
      values.splice(index, 0, value);
      if ((times[0] ?? at) >= at - 2 * KEPT_MS) return;
      const old = firstAfter(times, at - KEPT_MS);
      times.splice(0, old);
      values.splice(0, old);
    },
    query(query, at) {
      const parsed = parseQuery(query);
      const windowMs = parsed.windowMs ?? LOOK_BACK_MS;
      const range = ({ times }: Kept): [number, number] => [firstAfter(times, at - windowMs), firstAfter(times, at)];
      const present = found(parsed).filter((series) => {
        const [from, to] = range(series);
        return to > from;
      });
      if (parsed.countBy !== undefined) return counted(present, parsed.countBy, at);
      return present.map((series) => {
        const [from, to] = range(series);
        return part(series, parsed.windowMs === undefined ? to - 1 : from, to);
      });
    },
  };
}
