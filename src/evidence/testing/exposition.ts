import type { FakeSeries } from './fake-prometheus.ts';

/**
 * The series that come of scraping a pod again and again: the n-th scrape brings n times the numbers of the text, which
 * is right for counters and for what a test looks at.
 */
export function scraped(text: string, target: Record<string, string>, scrapes: readonly number[]): FakeSeries[] {
  const up = { labels: { __name__: 'up', ...target }, samples: scrapes.map((at): [number, number] => [at, 1]) };
  const series = text.split('\n').flatMap((line): FakeSeries[] => {
    const match = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/.exec(line);
    if (match?.groups === undefined) return [];
    const { name = '', labels = '', value = '' } = match.groups;
    const own = Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, of]) => [key, of]));
    return [
      {
        labels: { __name__: name, ...own, ...target },
        samples: scrapes.map((at, n): [number, number] => [at, Number(value) * (n + 1)]),
      },
    ];
  });
  return [up, ...series];
}
