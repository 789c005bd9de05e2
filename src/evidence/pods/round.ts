import { groupBy } from '../../lib/group.ts';
import type { Answer } from '../answer.ts';
import type { Series } from '../prometheus/schema.ts';
import type { WatchedPod } from '../request.ts';
import { locate } from './address.ts';
import type { PodsSource } from './config.ts';
import type { Sample } from './sample.ts';
import type { Scraper } from './scrape.ts';

/** One scrape of one pod. */
export interface PodScrape {
  pod: WatchedPod;
  /** `refused`: there is no address that may be scraped. */
  answer: Answer<Sample[]> | { kind: 'refused'; message: string };
}

/** What one pod was scraped for counts. */
export type ScrapeOutcome = 'value' | 'nodata' | 'failed' | 'refused';

/** Scrapes pods side by side. Pods that ended are left out: there is nobody to ask. */
export async function scrapeAll(
  scraper: Scraper,
  pods: readonly WatchedPod[],
  config: PodsSource,
  keep: ((name: string) => boolean) | undefined,
): Promise<PodScrape[]> {
  const living = pods.flatMap((pod) => (pod.endpoint === undefined ? [] : [{ pod, endpoint: pod.endpoint }]));
  return Promise.all(
    living.map(async ({ pod, endpoint }): Promise<PodScrape> => {
      const located = locate(endpoint, config);
      if (!located.ok) return { pod, answer: { kind: 'refused', message: located.message } };
      return { pod, answer: await scraper.scrape(located.target, keep) };
    }),
  );
}

/** Samples by name of metric. */
export function byName(scrapes: readonly PodScrape[]): Map<string, Sample[]> {
  const samples = scrapes.flatMap(({ answer }) => (answer.kind === 'value' ? answer.value : []));
  return groupBy(samples, ({ name }) => name);
}

/**
 * The samples of a metric as Prometheus would have stored them: with the pod's name and namespace, and nothing that the
 * application wrote in their place. Without a name: the series `up`, 1 for each pod that answered.
 *
 * @param at milliseconds
 */
export function seriesOfRound(scrapes: readonly PodScrape[], metric: string, namespace: string, at: number): Series[] {
  return scrapes.flatMap(({ pod, answer }) => {
    if (answer.kind !== 'value' && answer.kind !== 'nodata') return [];
    const own = { namespace, pod: pod.name, job: 'pods', instance: '', container: '' };
    if (metric === 'up') return [{ labels: { ...own, __name__: 'up' }, samples: [[at, 1] as [number, number]] }];
    const samples = answer.kind === 'value' ? answer.value.filter(({ name }) => name === metric) : [];
    return samples
      .filter(({ value }) => Number.isFinite(value))
      .map(({ name, labels, value }) => ({
        labels: { ...labels, ...own, __name__: name },
        samples: [[at, value] as [number, number]],
      }));
  });
}
