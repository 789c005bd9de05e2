import type { PodSamples } from '../evidence.ts';
import { type Grid, lastPerSlot } from '../series.ts';

/** What one pod used in one window, as a server of metrics.k8s.io says it. */
export interface UsageReading {
  pod: string;
  /** End of the window, milliseconds. */
  at: number;
  windowMs: number;
  /** Mean over the window, all containers. */
  cores: number;
  /** At the end of the window. */
  bytes: number;
}

/** The windows of one pod that were read so far. */
export interface PodUsage {
  /** CPU seconds of all windows so far, at the ends of windows. `stretch` grows where windows do not follow on one another. */
  cpu: Map<number, { seconds: number; stretch: number }>;
  memory: Map<number, number>;
  /** End of the newest window that was counted. */
  end: number | undefined;
  /** End of the newest window that was read. */
  newest: number;
}

/** Ends are whole seconds, and so are a window's neighbours apart by up to two. */
const ROUNDING_MS = 2000;
/** Of a window: what a reader that comes by now and then may leave out between two of them. */
const LEFT_OUT = 0.05;

export function noUsage(): PodUsage {
  return { cpu: new Map(), memory: new Map(), end: undefined, newest: Number.NEGATIVE_INFINITY };
}

/**
 * Adds a window; false when it brings nothing new. The means of windows that follow on one another add up to a counter.
 * A window that overlaps the one before is not counted, for its share of the rest is not known. Of the time between two
 * windows nothing is known either: a window after a gap is where a new stretch begins, and counts for nothing itself.
 */
export function addReading(usage: PodUsage, { at, windowMs, cores, bytes }: UsageReading): boolean {
  if (at <= usage.newest) return false;
  usage.newest = at;
  usage.memory.set(at, bytes);
  const before = usage.end === undefined ? undefined : usage.cpu.get(usage.end);
  const apart = at - windowMs - (usage.end ?? Number.NEGATIVE_INFINITY);
  const close = Math.max(ROUNDING_MS, LEFT_OUT * windowMs);
  if (apart < -close) return true;
  const { seconds = 0, stretch = 0 } = before ?? {};
  const follows = before !== undefined && apart <= close;
  usage.cpu.set(
    at,
    follows ? { seconds: seconds + (cores * windowMs) / 1000, stretch } : { seconds, stretch: stretch + 1 },
  );
  usage.end = at;
  return true;
}

/** The windows in the slots in which they end. */
export function usageSlots(
  usage: PodUsage | undefined,
  grid: Grid,
): Pick<PodSamples, 'cpuSeconds' | 'cpuBreaks' | 'memoryBytes'> {
  const cpu = lastPerSlot(usage?.cpu ?? [], grid);
  let stretch: number | undefined;
  const cpuBreaks = cpu.map((point) => {
    if (point === null) return null;
    const broken = point.stretch !== stretch;
    stretch = point.stretch;
    return broken ? 1 : null;
  });
  return {
    cpuSeconds: cpu.map((point) => point?.seconds ?? null),
    cpuBreaks,
    memoryBytes: lastPerSlot(usage?.memory ?? [], grid),
  };
}
