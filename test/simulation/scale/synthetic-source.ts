import type { PrometheusApi } from '../../../src/evidence/prometheus/client.ts';
import type { Labels, Series } from '../../../src/evidence/prometheus/schema.ts';
import { type ParsedQuery, parseQuery } from '../../../src/evidence/testing/selector.ts';
import { namespaceOf } from './objects.ts';

const SCRAPE_MS = 5000;
const LOOK_BACK_MS = 300_000;
const bounds = ['0.025', '0.05', '0.1', '0.25', '0.5', '1', '+Inf'];
/** Requests a scrape up to each bound. */
const perScrape = [14, 32, 41, 46, 48, 49, 50];

interface Family {
  name: string;
  labels: Labels;
  /** Growth a scrape; undefined: a gauge. */
  step: number | undefined;
}

function familiesOf(): Family[] {
  const histogram = (status: string, share: number): Family[] =>
    bounds.map((le, index) => ({
      name: 'http_request_duration_seconds_bucket',
      labels: { status_code: status, route: '/buy', le },
      step: (perScrape[index] ?? 0) * share,
    }));
  return [
    { name: 'up', labels: {}, step: undefined },
    ...histogram('200', 1),
    ...histogram('500', 0.01),
    { name: 'process_cpu_seconds_total', labels: {}, step: 0.3 },
    { name: 'process_resident_memory_bytes', labels: {}, step: undefined },
  ];
}

/** Growing by `step` a scrape on average, never falling, and a little different for each pod. */
function counter(step: number, scrape: number, salt: number): number {
  const noise = Math.sin(scrape * 12.9898 + salt) * 0.4;
  const value = step * (scrape + noise);
  return step < 0.5 ? value : Math.floor(value);
}

function podsIn({ matchers }: ParsedQuery): string[] {
  const value = matchers.find(({ label }) => label === 'pod')?.value ?? '';
  return value.split('|').map((name) => name.replaceAll('\\', ''));
}

/**
 * A Prometheus that has every pod's series for all times, by computing them: it takes no memory, so that what is
 * measured is the operator's.
 */
export function createSyntheticSource(epoch: number): PrometheusApi {
  const families = familiesOf();
  const labels = new Map<string, Labels>();

  function labelsOf(pod: string, index: number, family: Family): Labels {
    const key = `${pod} ${index}`;
    const known = labels.get(key);
    if (known !== undefined) return known;
    const namespace = namespaceOf(Number(/^app-(\d+)/.exec(pod)?.[1] ?? 0));
    const made = { __name__: family.name, namespace, pod, job: 'pods', instance: `${pod}:8080`, ...family.labels };
    labels.set(key, made);
    return made;
  }

  function samplesOf(family: Family, pod: string, from: number, to: number): [number, number][] {
    const samples: [number, number][] = [];
    const salt = pod.length + (pod.codePointAt(pod.length - 1) ?? 0);
    for (let at = Math.ceil((from + 1) / SCRAPE_MS) * SCRAPE_MS; at <= to; at += SCRAPE_MS) {
      const scrape = (at - epoch) / SCRAPE_MS;
      const gauge = family.name === 'up' ? 1 : 1e8 + 1e5 * Math.sin(scrape + salt);
      samples.push([at, family.step === undefined ? gauge : counter(family.step, scrape, salt)]);
    }
    return samples;
  }

  function answer(query: string, at: number): Series[] {
    const parsed = parseQuery(query);
    const wanted = families.filter(({ name }) => parsed.metric === undefined || parsed.metric === name);
    const pods = podsIn(parsed);
    if (parsed.countBy !== undefined) {
      const names = parsed.countBy;
      return wanted.map((family) => {
        const all: Labels = { __name__: family.name, ...family.labels };
        const kept = names.filter((name) => all[name] !== undefined).map((name) => [name, all[name] ?? '']);
        return { labels: Object.fromEntries(kept) as Labels, samples: [[at, pods.length]] };
      });
    }
    const from = at - (parsed.windowMs ?? LOOK_BACK_MS);
    return pods.flatMap((pod) =>
      wanted.map((family) => ({
        labels: labelsOf(pod, families.indexOf(family), family),
        samples: samplesOf(family, pod, from, at),
      })),
    );
  }

  return {
    name: 'default',
    allows: () => true,
    query: async (query, at) => {
      const value = answer(query, at);
      return value.length === 0 ? { kind: 'nodata' } : { kind: 'value', value };
    },
    close: async () => undefined,
  };
}
