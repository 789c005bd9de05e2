import type { PodSpread } from '../spec.ts';
import { type GaugeNoise, gaugeNoise } from './gauge-noise.ts';
import { type History, shortestBatch } from './history.ts';
import { type Batch, type Meter, requestsPerBatch } from './meters.ts';
import type { PodRow } from './pod-reader.ts';

/** A mean is pulled by single slow requests: it rests on as many as a median does. */
const leastRequests = requestsPerBatch(0.5);

interface Durations {
  sum: number;
  count: number;
}

/** The mean latency, for what exports sums without buckets. */
export class MeanMeter implements Meter {
  #canary: Durations = { sum: 0, count: 0 };
  #control: Durations = { sum: 0, count: 0 };

  add(canary: readonly PodRow[], control: readonly PodRow[]): boolean {
    this.#canary = plus(this.#canary, canary);
    this.#control = plus(this.#control, control);
    return canary.some(({ latencyCount }) => latencyCount > 0);
  }

  get enough(): boolean {
    return this.#canary.count >= leastRequests && this.#control.count >= leastRequests;
  }

  get requests(): number {
    return this.#canary.count;
  }

  close(): Batch | null {
    const canary = meanOf(this.#canary);
    const stable = meanOf(this.#control);
    this.#canary = { sum: 0, count: 0 };
    this.#control = { sum: 0, count: 0 };
    if (canary === null || stable === null) return null;
    return { canary, stable, y: Math.log(canary / stable) };
  }
}

/** Mean latency of each stable pod against the others, in batches as long as the canary's will be. */
export function meanControl(history: History, prior: PodSpread): GaugeNoise {
  const requests = history.rows.flat().reduce((sum, { latencyCount }) => sum + latencyCount, 0);
  const perPodScrape = requests / Math.max(1, history.pods.length * history.rows.length);
  const length = Math.max(
    shortestBatch(history.scrapeSeconds),
    Math.ceil(leastRequests / Math.max(perPodScrape, 1e-9)),
  );
  const series: (number | null)[][] = [];
  for (let start = 0; start + length <= history.rows.length; start += length) {
    const rows = history.rows.slice(start, start + length);
    series.push(
      meanRatios(
        history.pods.map((_, pod) =>
          plus(
            { sum: 0, count: 0 },
            rows.flatMap((row) => row[pod] ?? []),
          ),
        ),
      ),
    );
  }
  return gaugeNoise(series, prior);
}

function meanRatios(pods: readonly Durations[]): (number | null)[] {
  const all = pods.reduce((a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }), { sum: 0, count: 0 });
  return pods.map((pod) => {
    const rest = { sum: all.sum - pod.sum, count: all.count - pod.count };
    const least = leastRequests / 2;
    if (pod.count < least || rest.count < least) return null;
    const [own, others] = [meanOf(pod), meanOf(rest)];
    return own === null || others === null ? null : Math.log(own / others);
  });
}

function plus(sums: Durations, rows: readonly PodRow[]): Durations {
  let { sum, count } = sums;
  for (const row of rows) {
    sum += row.latencySum;
    count += row.latencyCount;
  }
  return { sum, count };
}

function meanOf({ sum, count }: Durations): number | null {
  return sum > 0 && count > 0 ? sum / count : null;
}
