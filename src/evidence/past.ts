import type { PodWindow } from './evidence.ts';
import type { Metric } from './metric.ts';
import type { Reader } from './pod-samples.ts';
import type { KeptPoints, ValuePoint } from './points.ts';
import { containersOf, type Grid, pickTarget } from './series.ts';

/** The history as it was built last, and what it was built from. */
export interface BuiltPast {
  detected: object;
  basis: string;
  window: PodWindow;
}

/**
 * The history, built again only when something that it depends on has changed: an hour of samples that stay as they are
 * is not read at every scrape.
 */
export function pastWindow(reader: Reader, names: readonly string[], grid: Grid, build: () => PodWindow): PodWindow {
  const { samples, detected } = reader;
  const known = samples.past;
  const basis = basisOf(reader, names, grid);
  if (known?.detected === detected && known.basis === basis) return known.window;
  const window = build();
  samples.past = { detected, basis, window };
  return window;
}

/** What samples of the run can change in the history. Samples of the history itself count in `samples.revised`. */
function basisOf({ samples, detected, bounds, routes, targets }: Reader, names: readonly string[], grid: Grid): string {
  const { revised, buckets, native, exceptions, durations, timed, cpu, memory } = samples;
  const end = grid.origin + grid.slots * grid.slotMs;
  const pods = names.map((name) => [
    name,
    targets.get(name),
    pickTarget(buckets.get(name)),
    pickTarget(native.get(name)),
    pickTarget(exceptions.get(name)),
    pickTarget(durations.get(name)),
    pickTarget(timed.get(name)),
    valueBasis(detected.cpu, cpu, name, end),
    valueBasis(detected.memory, memory, name, end),
  ]);
  return JSON.stringify([revised, grid, bounds, [...routes], native.size, pods]);
}

/** A container's place in the slots depends on when it was first and last seen; later than the history is all one. */
function valueBasis(metric: Metric | undefined, points: KeptPoints<ValuePoint>, name: string, end: number): unknown {
  if (metric?.perContainer !== true) return pickTarget(points.get(name));
  return containersOf(points.get(name), 'gauge').map(({ key, first, last }) => [key, first, Math.min(last, end)]);
}
