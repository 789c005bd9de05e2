import { failed } from '../answer.ts';
import type { PrometheusApi } from '../prometheus/client.ts';
import { seriesOf } from '../prometheus/schema.ts';
import { evaluate, type FakeSeries } from './fake-prometheus.ts';
import { parseQuery } from './selector.ts';

/** The table of a fake server without the server: for tests that ask much and say nothing of the protocol. */
export interface InProcessSource extends PrometheusApi {
  series: FakeSeries[];
  queries: string[];
  isDown: boolean;
}

export function createInProcessSource(clock?: () => number): InProcessSource {
  const source: InProcessSource = {
    name: 'default',
    series: [],
    queries: [],
    isDown: false,
    allows: () => true,
    close: async () => undefined,
    now: async () => (clock === undefined ? failed('Rejected', 'no clock') : { kind: 'value', value: clock() }),
    query: async (query, at) => {
      source.queries.push(query);
      if (source.isDown) return failed('Unavailable', 'down');
      // As text and back, as over the wire.
      const text = JSON.stringify(evaluate(source.series, parseQuery(query), at).result);
      const series = seriesOf({ resultType: 'matrix', result: JSON.parse(text) as unknown[] }) ?? [];
      return series.length === 0 ? { kind: 'nodata' } : { kind: 'value', value: series };
    },
  };
  return source;
}
