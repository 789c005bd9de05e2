import { formatInterval, formatValue } from '../../cli/format.ts';
import type { ReleaseRecord } from '../record.ts';

/** Columns of the table of comparisons. */
export const comparisonHead = ['Metric', 'Stable', 'Canary', 'Difference', 'Interval', 'Limit', 'Samples', 'Verdict'];

/** Its rows, one for each metric, as texts that are not escaped yet; empty where nothing was compared. */
export function comparisonRows({ analysis }: ReleaseRecord): string[][] {
  return (analysis?.metrics ?? []).map((metric) => [
    metric.name,
    formatValue(metric.stable, metric.unit),
    formatValue(metric.canary, metric.unit),
    metric.difference ?? '',
    formatInterval(metric.interval),
    metric.limit ?? '',
    String(metric.samples ?? ''),
    metric.verdict,
  ]);
}
