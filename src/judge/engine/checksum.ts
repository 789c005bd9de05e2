import type { Evidence, HistoryWindow, PodSamples, PodWindow } from '../../evidence/evidence.ts';

type Cell = number | null | undefined;

/** Numbers that change with any sample of some slots: position and value both count. */
export interface Checksums {
  /** Of the slots from `from` to before `end`, going on from the checksum `start` of those before. */
  run(evidence: Evidence, from: number, end: number, start: number): number;
  /** Computed once for each object. */
  history(window: HistoryWindow): number;
}

/** Which series there are. */
export function labelsOf({ pods }: PodWindow): unknown {
  return Object.entries(pods).map(([name, { errorClasses, routes, routeErrors }]) => [
    name,
    Object.keys(errorClasses),
    routes && Object.keys(routes),
    routeErrors && Object.keys(routeErrors),
  ]);
}

export function createChecksums(): Checksums {
  const known = new WeakMap<HistoryWindow, number>();
  const double = new Float64Array(1);
  const bits = new Int32Array(double.buffer);

  /** Each step is a bijection of the sum: one value that differs is always noticed. */
  function mix(sum: number, value: Cell): number {
    double[0] = value ?? Number.NaN;
    const low = Math.imul(sum ^ (bits[0] ?? 0), 0x9e3779b1);
    const high = Math.imul(((low << 13) | (low >>> 19)) ^ (bits[1] ?? 0), 0x85ebca6b);
    return (high << 15) | (high >>> 17);
  }

  function mixPod(pod: readonly Row[], slot: number, start: number): number {
    let sum = start;
    for (const series of pod) {
      const cell = series[slot];
      if (typeof cell !== 'object' || cell === null) {
        sum = mix(sum, cell);
        continue;
      }
      sum = mix(sum, cell.length);
      for (let i = 0; i < cell.length; i += 1) sum = mix(sum, cell[i]);
    }
    return sum;
  }

  function slots(series: readonly Row[], from: number, end: number, start: number): number {
    let sum = start;
    for (let slot = from; slot < end; slot += 1) sum = mixPod(series, slot, sum);
    return sum;
  }

  return {
    run: ({ run, custom = {} }, from, end, start) => {
      const own = Object.values(custom).flatMap(({ canary, stable }) => [canary, stable]);
      return slots([...seriesOf(run), ...own], from, end, start);
    },
    history: (window) => {
      const sum = known.get(window) ?? slots(seriesOf(window), 0, window.scrapes, 0);
      known.set(window, sum);
      return sum;
    },
  };
}

type Row = readonly (Cell | readonly number[])[];

function seriesOf({ pods }: PodWindow): Row[] {
  return Object.values(pods).flatMap(seriesOfPod);
}

function seriesOfPod(pod: PodSamples): Row[] {
  const { requests, errors, cpuSeconds, cpuBreaks = [], memoryBytes, latencySumSeconds = [], latencyCount = [] } = pod;
  const labelled = [pod.errorClasses, pod.routes ?? {}, pod.routeErrors ?? {}].flatMap((each) => Object.values(each));
  const means = [latencySumSeconds, latencyCount];
  return [requests, errors, cpuSeconds, cpuBreaks, memoryBytes, ...means, pod.buckets, ...labelled];
}
