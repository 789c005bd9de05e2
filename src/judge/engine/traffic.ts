import { skewedTraffic } from '../verdict.ts';
import { recentSeconds } from './constants.ts';
import type { PodRow } from './pod-reader.ts';
import type { Row } from './run-reader.ts';

const skewSeconds = 120;
/** Requests that a share rests on. */
const leastRequests = 100;
const skewFactor = 0.3;

/** Share of the requests that would have to go elsewhere before the tracks count as serving different routes. */
const mostMixed = 0.25;

interface Slice {
  to: number;
  canary: number;
  stable: number;
  /** Both tracks were known before it: what it counts of both is of the same time. */
  isShared: boolean;
}

/** Requests of both tracks, over the run and lately. */
export class Traffic {
  canary = 0;
  stable = 0;
  readonly #fair: number;
  #recent: Slice[] = [];
  #areKnown = false;
  readonly #routes = { canary: new Map<string, number>(), stable: new Map<string, number>() };

  constructor(pods: { canary: number; stable: number; baseline: number }) {
    this.#fair = pods.canary / (pods.canary + pods.stable + pods.baseline);
  }

  add(row: Row): void {
    const slice: Slice = {
      to: row.to,
      canary: requests(row.canary),
      stable: requests(row.stable) + requests(row.baseline),
      isShared: this.#areKnown,
    };
    this.#areKnown ||= row.canarySeen && row.stableSeen;
    this.canary += slice.canary;
    this.stable += slice.stable;
    this.#recent.push(slice);
    addRoutes(this.#routes.canary, row.canary);
    addRoutes(this.#routes.stable, row.stable);
    if ((this.#recent[0]?.to ?? 0) <= row.to - 2 * recentSeconds) {
      this.#recent = this.#recent.filter(({ to }) => to > row.to - recentSeconds);
    }
  }

  #since(seconds: number, counts: (slice: Slice) => boolean = () => true): { canary: number; stable: number } {
    const end = this.#recent[this.#recent.length - 1]?.to ?? 0;
    const sum = { canary: 0, stable: 0 };
    for (const slice of this.#recent) {
      if (slice.to <= end - seconds || !counts(slice)) continue;
      sum.canary += slice.canary;
      sum.stable += slice.stable;
    }
    return sum;
  }

  /** Both tracks had requests in the run. */
  get both(): boolean {
    return this.canary > 0 && this.stable > 0;
  }

  /** Both tracks had requests in the last five minutes. */
  get bothLately(): boolean {
    const { canary, stable } = this.#since(recentSeconds);
    return canary > 0 && stable > 0;
  }

  /** The canary serves other routes than stable: then whatever differs may be the routes'. */
  get isOtherRoutes(): boolean {
    const { canary, stable } = this.#routes;
    const own = sumOf(canary);
    const other = sumOf(stable);
    if (own < leastRequests || other < leastRequests) return false;
    let apart = 0;
    for (const name of new Set([...canary.keys(), ...stable.keys()])) {
      apart += Math.abs((canary.get(name) ?? 0) / own - (stable.get(name) ?? 0) / other) / 2;
    }
    return apart > mostMixed;
  }

  /**
   * Set when the canary's share of the last two minutes is more than 30 % off its share of the pods. A source knows a new
   * pod some scrapes later than it knows stable's: that time is left out.
   */
  get skew(): string | undefined {
    const { canary, stable } = this.#since(skewSeconds, ({ isShared }) => isShared);
    const all = canary + stable;
    if (all < leastRequests || Math.abs(canary / all / this.#fair - 1) <= skewFactor) return undefined;
    const percent = (value: number): string => `${Math.round(100 * value)} %`;
    return `${skewedTraffic}canary has ${percent(this.#fair)} of the pods and ${percent(canary / all)} of the requests of the last 2 minutes`;
  }
}

function requests(pods: readonly PodRow[]): number {
  let sum = 0;
  for (const pod of pods) sum += pod.requests;
  return sum;
}

function addRoutes(into: Map<string, number>, pods: readonly PodRow[]): void {
  for (const { routes } of pods)
    for (const [name, count] of routes ?? []) into.set(name, (into.get(name) ?? 0) + count);
}

function sumOf(counts: Map<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
