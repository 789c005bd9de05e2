import { loadFactor } from './constants.ts';
import type { CpuModel } from './cpu-model.ts';
import { histogramQuantile } from './histogram.ts';
import type { PodRow } from './pod-reader.ts';

/** A batch of a gauge: what both tracks show over the same time. */
export interface Batch {
  canary: number;
  stable: number;
  /** ln(canary/stable) of what is compared, which for CPU allows for the load. */
  y: number;
}

/** Collects the rows of one batch of a gauge. `control` is stable, or the fresh baseline. */
export interface Meter {
  /** True where the row brought a sample of the canary: sources answer more seldom than rows come. */
  add(canary: readonly PodRow[], control: readonly PodRow[], seconds: number): boolean;
  /** Both tracks have what a batch needs, time apart. */
  readonly enough: boolean;
  /** Requests of the canary in this batch. */
  readonly requests: number;
  /** The batch, null when it shows nothing; starts the next one. */
  close(): Batch | null;
}

function addInto(target: number[], more: readonly number[]): number {
  let added = 0;
  for (let i = 0; i < more.length; i += 1) {
    const count = more[i] ?? 0;
    target[i] = (target[i] ?? 0) + count;
    added += count;
  }
  return added;
}

/** A quantile of the latency, of summed bucket increments. */
export class QuantileMeter implements Meter {
  readonly #bounds: readonly number[];
  readonly #quantile: number;
  readonly #need: number;
  #canary: number[] = [];
  #control: number[] = [];
  #requests = 0;
  #controlRequests = 0;

  constructor(bounds: readonly number[], quantile: number) {
    this.#bounds = bounds;
    this.#quantile = quantile;
    this.#need = requestsPerBatch(quantile);
  }

  add(canary: readonly PodRow[], control: readonly PodRow[]): boolean {
    for (const pod of canary) this.#requests += addInto(this.#canary, pod.buckets ?? []);
    for (const pod of control) this.#controlRequests += addInto(this.#control, pod.buckets ?? []);
    return canary.some(({ buckets }) => buckets !== null);
  }

  get enough(): boolean {
    return this.#requests >= this.#need && this.#controlRequests >= this.#need;
  }

  get requests(): number {
    return this.#requests;
  }

  close(): Batch | null {
    const canary = histogramQuantile(this.#bounds, this.#canary, this.#quantile);
    const stable = histogramQuantile(this.#bounds, this.#control, this.#quantile);
    this.#canary = [];
    this.#control = [];
    this.#requests = 0;
    this.#controlRequests = 0;
    if (canary === null || stable === null || canary <= 0 || stable <= 0) return null;
    return { canary, stable, y: Math.log(canary / stable) };
  }
}

/** Requests that a quantile of one batch rests on, at least: ten beyond it. */
export function requestsPerBatch(quantile: number): number {
  return 10 / (1 - quantile);
}

/** Cores and load of some pods, per pod. */
interface Burn {
  cores: number;
  /** Cores that stable would burn at that load. */
  expected: number;
  load: number;
}

/** CPU against what stable would burn at the same load, refitted as the run goes on. Null batches while the load per pod differs too much. */
export class CpuMeter implements Meter {
  readonly #model: CpuModel;
  readonly #scrapeSeconds: number;
  #canary = new Map<string, PodUse>();
  #control = new Map<string, PodUse>();

  constructor(model: CpuModel, scrapeSeconds: number) {
    this.#model = model;
    this.#scrapeSeconds = scrapeSeconds;
  }

  add(canary: readonly PodRow[], control: readonly PodRow[], seconds: number): boolean {
    for (const pod of canary) addUse(this.#canary, pod, seconds);
    for (const pod of control) addUse(this.#control, pod, seconds);
    return canary.some(({ cpuScrapes }) => cpuScrapes > 0);
  }

  get enough(): boolean {
    return hasCpu(this.#canary) && hasCpu(this.#control);
  }

  get requests(): number {
    let requests = 0;
    for (const use of this.#canary.values()) requests += use.requests;
    return requests;
  }

  close(): Batch | null {
    for (const use of this.#control.values()) {
      if (use.cpuScrapes > 0 && use.seconds > 0) {
        this.#model.add(use.requests / use.seconds, use.cpuSeconds / (use.cpuScrapes * this.#scrapeSeconds));
      }
    }
    const canary = this.#burn(this.#canary);
    const stable = this.#burn(this.#control);
    this.#canary = new Map();
    this.#control = new Map();
    if (canary === null || stable === null || !this.#comparable(canary, stable)) return null;
    const y = Math.log(canary.cores / canary.expected / (stable.cores / stable.expected));
    return { canary: canary.cores, stable: (stable.cores / stable.expected) * canary.expected, y };
  }

  #comparable(canary: Burn, stable: Burn): boolean {
    const ratio = (canary.load + 0.1) / (stable.load + 0.1);
    const most = this.#model.identified ? loadFactor : 1.25;
    return ratio <= most && ratio >= 1 / most;
  }

  #burn(uses: Map<string, PodUse>): Burn | null {
    const sum = { cores: 0, expected: 0, load: 0 };
    let pods = 0;
    for (const use of uses.values()) {
      if (use.cpuScrapes === 0 || use.seconds === 0) continue;
      const load = use.requests / use.seconds;
      sum.cores += use.cpuSeconds / (use.cpuScrapes * this.#scrapeSeconds);
      sum.expected += this.#model.expected(load) ?? 0;
      sum.load += load;
      pods += 1;
    }
    if (pods === 0 || sum.cores <= 0 || sum.expected <= 0) return null;
    return { cores: sum.cores / pods, expected: sum.expected / pods, load: sum.load / pods };
  }
}

/** CPU time and requests of a pod. */
export interface PodUse {
  cpuSeconds: number;
  cpuScrapes: number;
  requests: number;
  seconds: number;
}

/** Adds a row of a pod to what it used so far. */
export function addUse(uses: Map<string, PodUse>, pod: PodRow, seconds: number): void {
  const use = uses.get(pod.pod) ?? { cpuSeconds: 0, cpuScrapes: 0, requests: 0, seconds: 0 };
  use.cpuSeconds += pod.cpuSeconds;
  use.cpuScrapes += pod.cpuScrapes;
  use.requests += pod.requests;
  use.seconds += seconds;
  uses.set(pod.pod, use);
}

function hasCpu(uses: Map<string, PodUse>): boolean {
  for (const use of uses.values()) if (use.cpuScrapes > 0) return true;
  return false;
}

/** Mean memory per pod. */
export class MemoryMeter implements Meter {
  #canary = { sum: 0, n: 0 };
  #control = { sum: 0, n: 0 };
  readonly requests = 0;

  add(canary: readonly PodRow[], control: readonly PodRow[]): boolean {
    addMemory(this.#canary, canary);
    addMemory(this.#control, control);
    return canary.some(({ memoryBytes }) => memoryBytes !== null);
  }

  get enough(): boolean {
    return this.#canary.n > 0 && this.#control.n > 0;
  }

  close(): Batch | null {
    const canary = this.#canary.sum / this.#canary.n;
    const stable = this.#control.sum / this.#control.n;
    this.#canary = { sum: 0, n: 0 };
    this.#control = { sum: 0, n: 0 };
    return canary > 0 && stable > 0 ? { canary, stable, y: Math.log(canary / stable) } : null;
  }
}

function addMemory(into: { sum: number; n: number }, pods: readonly PodRow[]): void {
  for (const { memoryBytes } of pods) {
    if (memoryBytes === null) continue;
    into.sum += memoryBytes;
    into.n += 1;
  }
}
