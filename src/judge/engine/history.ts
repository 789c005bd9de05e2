import type { Evidence } from '../../evidence/evidence.ts';
import type { PodSpread } from '../spec.ts';
import { batchSeconds, goneAfterScrapes } from './constants.ts';
import { CpuModel } from './cpu-model.ts';
import { type GaugeNoise, gaugeNoise } from './gauge-noise.ts';
import { addCounts, histogramQuantile, sum } from './histogram.ts';
import { addUse, type PodUse, requestsPerBatch } from './meters.ts';
import { PodReader, type PodRow } from './pod-reader.ts';

/** The hour before the run, scrape by scrape, of the pods that are stable in the run. */
export interface History {
  /** rows[slot][pod], pods in the order of `pods`. */
  rows: PodRow[][];
  pods: string[];
  /** Readers of all pods, ready to go on with the run. */
  readers: Map<string, PodReader>;
  /** Seconds of one row. */
  scrapeSeconds: number;
  /** Seconds of one row of the run, which another source may scrape at another pace. */
  runScrapeSeconds: number;
  /** Long enough to say how pods of one version scatter. */
  usable: boolean;
}

/** Shorter pasts than this say nothing. */
const leastScrapes = 20;
const leastSeconds = 300;

/** Reads the history once; empty when there is none. */
export function readHistory(evidence: Evidence): History {
  const { history } = evidence;
  const scrapeSeconds = history?.scrapeSeconds ?? evidence.scrapeSeconds;
  const readers = new Map<string, PodReader>();
  const pods = evidence.stable.filter((name) => history?.pods[name] !== undefined);
  const rows: PodRow[][] = [];
  const scrapes = history?.scrapes ?? 0;
  for (const name of Object.keys(history?.pods ?? {})) readers.set(name, new PodReader(name, 'older'));
  for (let slot = 0; slot < scrapes; slot += 1) {
    for (const reader of readers.values()) reader.read(history?.pods[reader.pod], slot, -Infinity, 0);
    rows.push(pods.map((name) => takeRow(readers.get(name), name)));
  }
  passOn(readers, history?.scrapeSeconds === undefined);
  const usable = pods.length > 0 && scrapes >= leastScrapes && scrapes * scrapeSeconds >= leastSeconds;
  return { rows, pods, readers, scrapeSeconds, runScrapeSeconds: evidence.scrapeSeconds, usable };
}

/** Leaves the readers as the run is to find them. */
function passOn(readers: Map<string, PodReader>, countersGoOn: boolean): void {
  for (const [name, reader] of readers) {
    // What ended in the history takes no part; its name, were it seen again, is a new start.
    if (!reader.seen || reader.missed >= goneAfterScrapes) readers.delete(name);
    // Of another source's counters the first sample in the run is a base and no more.
    else if (!countersGoOn) readers.set(name, new PodReader(name, 'older'));
  }
}

/** Seconds of the past whose traffic is taken for the present one, and how few of them say nothing. */
const recentPast = 900;
const leastPast = 60;

/** Requests per second of stable in the newest minutes of its past; null where there are too few. */
export function recentRate({ rows, scrapeSeconds }: History): number | null {
  const newest = rows.slice(-Math.ceil(recentPast / scrapeSeconds));
  const seconds = newest.length * scrapeSeconds;
  if (seconds < leastPast) return null;
  let requests = 0;
  for (const row of newest) for (const pod of row) requests += pod.requests;
  return requests / seconds;
}

function takeRow(reader: PodReader | undefined, name: string): PodRow {
  return (reader ?? new PodReader(name, 'older')).take(0);
}

/** All buckets of the history, per pod. */
export function bucketTotals(history: History): number[][] {
  const totals: number[][] = history.pods.map(() => []);
  for (const row of history.rows) addRow(totals, row);
  return totals;
}

function addRow(totals: readonly number[][], row: readonly PodRow[]): void {
  for (const [i, { buckets }] of row.entries()) addCounts(totals[i] ?? [], buckets);
}

/** A/A control of a quantile: its noise, and how many requests a batch of one pod held. */
export interface QuantileControl {
  noise: GaugeNoise;
  requestsPerBatch: number;
}

/** Each stable pod against the other stable pods, in batches as long as the canary's will be. */
export function quantileControl(
  history: History,
  bounds: readonly number[],
  quantile: number,
  prior: PodSpread,
): QuantileControl {
  const total = sum(bucketTotals(history).map(sum));
  const perPodScrape = total / Math.max(1, history.pods.length * history.rows.length);
  const need = requestsPerBatch(quantile);
  const length = Math.max(shortestBatch(history.scrapeSeconds), Math.ceil(need / Math.max(perPodScrape, 1e-9)));
  const series: (number | null)[][] = [];
  for (let start = 0; start + length <= history.rows.length; start += length) {
    const counts: number[][] = history.pods.map(() => []);
    for (let slot = start; slot < start + length; slot += 1) {
      addRow(counts, history.rows[slot] ?? []);
    }
    series.push(quantileRatios(bounds, counts, quantile, need / 2));
  }
  return { noise: gaugeNoise(series, prior), requestsPerBatch: perPodScrape * length };
}

/** Seconds between scrapes by which batches of the run are sized: no shorter than those that its noise is known of. */
export function batchScrapeSeconds({ scrapeSeconds, runScrapeSeconds, usable }: History): number {
  return usable ? Math.max(scrapeSeconds, runScrapeSeconds) : runScrapeSeconds;
}

/** Scrapes of the shortest batch. */
export function shortestBatch(scrapeSeconds: number): number {
  return Math.max(2, Math.ceil(batchSeconds / scrapeSeconds));
}

function quantileRatios(
  bounds: readonly number[],
  counts: readonly number[][],
  quantile: number,
  least: number,
): (number | null)[] {
  const all: number[] = [];
  for (const pod of counts) addCounts(all, pod);
  return counts.map((pod) => {
    const others = all.map((count, i) => count - (pod[i] ?? 0));
    if (sum(pod) < least || sum(others) < least) return null;
    const own = histogramQuantile(bounds, pod, quantile);
    const rest = histogramQuantile(bounds, others, quantile);
    return own === null || rest === null || own <= 0 || rest <= 0 ? null : Math.log(own / rest);
  });
}

/** CPU of the stable pods: the load model, and each pod against the others after allowing for its load. */
export function cpuControl(history: History, prior: PodSpread): { model: CpuModel; noise: GaugeNoise } {
  const model = new CpuModel();
  const length = shortestBatch(history.scrapeSeconds);
  const batches: { cores: number; load: number }[][] = [];
  for (let start = 0; start + length <= history.rows.length; start += length) {
    const uses = new Map<string, PodUse>();
    for (let slot = start; slot < start + length; slot += 1) {
      for (const pod of history.rows[slot] ?? []) addUse(uses, pod, history.scrapeSeconds);
    }
    const batch = history.pods.map((name) => burnOf(uses.get(name), history.scrapeSeconds));
    for (const { cores, load } of batch) if (cores > 0) model.add(load, cores);
    batches.push(batch);
  }
  return {
    model,
    noise: gaugeNoise(
      batches.map((batch) => cpuRatios(batch, model)),
      prior,
    ),
  };
}

function burnOf(use: PodUse | undefined, scrapeSeconds: number): { cores: number; load: number } {
  if (use === undefined || use.cpuScrapes === 0) return { cores: 0, load: 0 };
  return { cores: use.cpuSeconds / (use.cpuScrapes * scrapeSeconds), load: use.requests / use.seconds };
}

function cpuRatios(batch: readonly { cores: number; load: number }[], model: CpuModel): (number | null)[] {
  const known = batch.map(({ cores, load }) => ({ cores, expected: cores > 0 ? (model.expected(load) ?? 0) : 0 }));
  const all = { cores: 0, expected: 0 };
  for (const { cores, expected } of known) {
    all.cores += cores;
    all.expected += expected;
  }
  return known.map(({ cores, expected }) => {
    const rest = { cores: all.cores - cores, expected: all.expected - expected };
    if (cores <= 0 || expected <= 0 || rest.cores <= 0 || rest.expected <= 0) return null;
    return Math.log(cores / expected / (rest.cores / rest.expected));
  });
}

/** Memory of each stable pod against the mean of the others. */
export function memoryControl(history: History, prior: PodSpread): GaugeNoise {
  const length = shortestBatch(history.scrapeSeconds);
  const series: (number | null)[][] = [];
  for (let start = 0; start + length <= history.rows.length; start += length) {
    const means = history.pods.map((_, pod) => {
      const values = history.rows.slice(start, start + length).map((row) => row[pod]?.memoryBytes ?? null);
      const known = values.filter((value) => value !== null);
      return known.length === 0 ? null : sum(known) / known.length;
    });
    series.push(memoryRatios(means));
  }
  return gaugeNoise(series, prior);
}

function memoryRatios(means: readonly (number | null)[]): (number | null)[] {
  const known = means.filter((value) => value !== null);
  const all = sum(known);
  return means.map((own) => {
    if (own === null || own <= 0 || known.length < 2) return null;
    return Math.log(own / ((all - own) / (known.length - 1)));
  });
}
