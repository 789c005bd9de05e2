import type { PodSamples } from '../../evidence/evidence.ts';
import { goneAfterScrapes } from './constants.ts';
import { Counter } from './increments.ts';

/** What one pod did since the last row: increments of its counters, not cumulative. */
export interface PodRow {
  pod: string;
  requests: number;
  errors: number;
  /** Per bucket, the last is +Inf; null when the pod has no histogram. */
  buckets: number[] | null;
  /** Durations of successful requests and their number, where they are summed up and not counted in buckets. */
  latencySum: number;
  latencyCount: number;
  cpuSeconds: number;
  /** Scrapes that cpuSeconds covers; 0 = none. */
  cpuScrapes: number;
  /** The newest sample; null = none. */
  memoryBytes: number | null;
  /** Errors by class, where there were any. */
  classes: Map<string, number> | null;
  /** Requests by route, where they are labelled. */
  routes: Map<string, number> | null;
  /** Errors by route; null where there were none or they are not labelled. */
  routeErrors: Map<string, number> | null;
  /** Requests and errors are both known by route. */
  byRoute: boolean;
  /** Started or restarted less than a warm-up ago. */
  cold: boolean;
}

/** Where a pod's counters began: with the pod inside the run, or before the first sample. */
export type PodAge = 'fresh' | 'older';

/** A jump at the start of the run larger than this many usual scrapes is not stable's last scrape going on. */
const plausibleScrapes = 5;

/** Reads the counters of one pod scrape by scrape: resets, gaps and restarts are settled here and nowhere else. */
export class PodReader {
  readonly pod: string;
  /** Scrapes missed in a row. */
  missed = 0;
  /** Has had a sample at all. */
  seen = false;
  readonly #age: PodAge;
  readonly #requests: Counter;
  readonly #errors: Counter;
  readonly #latencySum: Counter;
  readonly #latencyCount: Counter;
  readonly #cpu: Counter;
  readonly #classes = new Map<string, Counter>();
  readonly #routes = new Map<string, Counter>();
  readonly #routeErrors = new Map<string, Counter>();
  #buckets: number[] | null;
  #lastRequests: number | null = null;
  #errorsSeen = false;
  #cpuMissed = 0;
  #coldUntil = -Infinity;
  #reads = 0;
  #total = 0;
  #row: PodRow;

  constructor(pod: string, age: PodAge) {
    const fresh = age === 'fresh';
    this.pod = pod;
    this.#age = age;
    this.#requests = new Counter(fresh);
    this.#errors = new Counter(fresh);
    this.#latencySum = new Counter(fresh);
    this.#latencyCount = new Counter(fresh);
    this.#cpu = new Counter(fresh);
    this.#buckets = fresh ? [] : null;
    this.#row = emptyRow(pod);
  }

  /** Reads one scrape at `time` seconds; what it brings is added to the row that `take` hands out. */
  read(samples: PodSamples | undefined, slot: number, time: number, warmupSeconds: number): void {
    this.#readCpu(samples, slot);
    this.#row.memoryBytes = samples?.memoryBytes[slot] ?? this.#row.memoryBytes;
    const requests = samples?.requests[slot] ?? null;
    if (samples === undefined || requests === null) {
      if (this.seen) this.missed += 1;
      return;
    }
    const back = this.missed >= goneAfterScrapes;
    const reset = this.#lastRequests !== null && requests < this.#lastRequests;
    if ((!this.seen && this.#age === 'fresh') || reset) this.#coldUntil = time + warmupSeconds;
    if (back) this.#forget();
    this.#count(samples, slot, requests);
    this.seen = true;
    this.missed = 0;
    this.#lastRequests = requests;
  }

  /** Missing now, but not yet given up: its next sample will carry what it counts meanwhile. */
  get inGap(): boolean {
    return this.seen && this.missed > 0 && this.missed < goneAfterScrapes;
  }

  get gone(): boolean {
    return this.missed >= goneAfterScrapes;
  }

  /** Whether this sample can be the next of the same series: no drop, no jump of many scrapes at once. */
  continues(samples: PodSamples | undefined): boolean {
    const requests = samples?.requests[0] ?? null;
    if (requests === null || this.#lastRequests === null) return true;
    const usual = this.#total / Math.max(1, this.#reads);
    const most = plausibleScrapes * usual * (1 + this.missed) + 20;
    return requests >= this.#lastRequests && requests - this.#lastRequests <= most;
  }

  /** What was read since the last row; starts the next one. `from` is the start of the row's time. */
  take(from: number): PodRow {
    const row = this.#row;
    row.cold = from < this.#coldUntil;
    this.#row = emptyRow(this.pod);
    return row;
  }

  #forget(): void {
    this.#requests.rebase(null);
    this.#errors.rebase(null);
    this.#latencySum.rebase(null);
    this.#latencyCount.rebase(null);
    this.#buckets = null;
    for (const counters of [this.#classes, this.#routes, this.#routeErrors]) {
      for (const counter of counters.values()) counter.rebase(null);
    }
  }

  #count(samples: PodSamples, slot: number, requests: number): void {
    const row = this.#row;
    const more = this.#requests.read(requests);
    // A gap's increment belongs to all of its scrapes: the usual load is per scrape.
    if (more !== null) {
      this.#reads += 1 + this.missed;
      this.#total += more;
    }
    row.requests += more ?? 0;
    const errors = samples.errors[slot] ?? null;
    if (errors !== null) this.#errorsSeen = true;
    // A counter that has never shown is a counter at 0: many libraries export no series before the first error.
    row.errors += this.#errors.read(errors ?? (this.#errorsSeen ? null : 0)) ?? 0;
    row.classes = this.#readLabelled(samples.errorClasses, slot, this.#classes, row.classes);
    if (samples.routes !== undefined) row.routes = this.#readLabelled(samples.routes, slot, this.#routes, row.routes);
    if (samples.routeErrors !== undefined) {
      row.routeErrors = this.#readLabelled(samples.routeErrors, slot, this.#routeErrors, row.routeErrors);
    }
    row.byRoute = samples.routes !== undefined && samples.routeErrors !== undefined;
    this.#readMean(samples, slot);
    this.#readBuckets(samples.buckets[slot] ?? null);
  }

  #readMean({ latencySumSeconds, latencyCount }: PodSamples, slot: number): void {
    this.#row.latencySum += this.#latencySum.read(latencySumSeconds?.[slot] ?? null) ?? 0;
    this.#row.latencyCount += this.#latencyCount.read(latencyCount?.[slot] ?? null) ?? 0;
  }

  /** Adds the increments of counters by a label to `into`, made when there is the first. */
  #readLabelled(
    series: Record<string, (number | null)[]>,
    slot: number,
    counters: Map<string, Counter>,
    into: Map<string, number> | null,
  ): Map<string, number> | null {
    let sums = into;
    for (const name of Object.keys(series)) {
      const value = series[name]?.[slot] ?? null;
      if (value === null) continue;
      let counter = counters.get(name);
      if (counter === undefined) {
        // A series appears with its first request; only a pod's very first scrape may hide older ones.
        counter = new Counter(this.seen || this.#age === 'fresh');
        counters.set(name, counter);
      }
      const more = counter.read(value) ?? 0;
      if (more <= 0) continue;
      sums ??= new Map();
      sums.set(name, (sums.get(name) ?? 0) + more);
    }
    return sums;
  }

  #readBuckets(cumulative: number[] | null): void {
    if (cumulative === null || cumulative.length === 0) return;
    const last = this.#buckets;
    this.#buckets = cumulative;
    if (last === null) return;
    let reset = false;
    for (let i = 0; i < cumulative.length; i += 1) reset ||= (cumulative[i] ?? 0) < (last[i] ?? 0);
    const into = this.#row.buckets ?? cumulative.map(() => 0);
    let below = 0;
    for (let i = 0; i < cumulative.length; i += 1) {
      const upTo = (cumulative[i] ?? 0) - (reset ? 0 : (last[i] ?? 0));
      into[i] = (into[i] ?? 0) + Math.max(0, upTo - below);
      below = Math.max(below, upTo);
    }
    this.#row.buckets = into;
  }

  #readCpu(samples: PodSamples | undefined, slot: number): void {
    const sample = samples?.cpuSeconds[slot] ?? null;
    if (sample === null) {
      this.#cpuMissed += 1;
      return;
    }
    if (samples?.cpuBreaks?.[slot] === 1) this.#cpu.rebase(null);
    const more = this.#cpu.read(sample);
    if (more !== null) {
      this.#row.cpuSeconds += more;
      this.#row.cpuScrapes += 1 + this.#cpuMissed;
    }
    this.#cpuMissed = 0;
  }

  /** Takes the next sample as a mere base: the past does not lead up to it. */
  breakOff(): void {
    this.#forget();
    this.#cpu.rebase(null);
    this.#lastRequests = null;
  }
}

function emptyRow(pod: string): PodRow {
  return {
    pod,
    requests: 0,
    errors: 0,
    buckets: null,
    latencySum: 0,
    latencyCount: 0,
    cpuSeconds: 0,
    cpuScrapes: 0,
    memoryBytes: null,
    classes: null,
    routes: null,
    routeErrors: null,
    byRoute: false,
    cold: false,
  };
}
