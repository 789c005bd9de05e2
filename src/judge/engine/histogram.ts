/**
 * The quantile of a classic histogram by the rule of Prometheus: linear inside a bucket, the first bucket from 0, +Inf
 * answers the highest bound. `counts` per bucket, not cumulative, the last is +Inf. null when empty.
 */
export function histogramQuantile(
  bounds: readonly number[],
  counts: ArrayLike<number>,
  quantile: number,
): number | null {
  const total = sum(counts);
  if (total <= 0 || bounds.length === 0) return null;
  const rank = quantile * total;
  let below = 0;
  for (let i = 0; i < bounds.length; i += 1) {
    const count = counts[i] ?? 0;
    if (count > 0 && below + count >= rank) {
      const low = i === 0 ? 0 : (bounds[i - 1] ?? 0);
      const high = bounds[i] ?? low;
      return low + (high - low) * Math.max(0, (rank - below) / count);
    }
    below += count;
  }
  return bounds[bounds.length - 1] ?? null;
}

/** The share of a histogram above `x`, linear inside a bucket; above the highest bound it is the share of +Inf. */
export function survivalAt(bounds: readonly number[], counts: ArrayLike<number>, x: number): number | null {
  const total = sum(counts);
  if (total <= 0) return null;
  let below = 0;
  for (let i = 0; i < bounds.length; i += 1) {
    const low = i === 0 ? 0 : (bounds[i - 1] ?? 0);
    const high = bounds[i] ?? low;
    if (x < high) return 1 - (below + (counts[i] ?? 0) * Math.max(0, (x - low) / (high - low))) / total;
    below += counts[i] ?? 0;
  }
  return 1 - below / total;
}

/** Requests in the buckets above the bound with this index. */
export function countAbove(counts: ArrayLike<number>, boundIndex: number): number {
  let above = 0;
  for (let i = boundIndex + 1; i < counts.length; i += 1) above += counts[i] ?? 0;
  return above;
}

/** Adds one histogram to another of the same bounds; null: a pod that has none. */
export function addCounts(into: number[], more: readonly number[] | null): void {
  if (more === null) return;
  for (let i = 0; i < more.length; i += 1) into[i] = (into[i] ?? 0) + (more[i] ?? 0);
}

/** The sum of all buckets. */
export function sum(counts: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < counts.length; i += 1) total += counts[i] ?? 0;
  return total;
}

/**
 * The index of the bound nearest a quantile (by ratio) among those that leave a share within [least, most] of the
 * requests above; null when there is none.
 */
export function boundNearest(
  bounds: readonly number[],
  counts: ArrayLike<number>,
  quantile: number,
  [least, most]: [number, number],
): number | null {
  const total = sum(counts);
  const target = histogramQuantile(bounds, counts, quantile);
  if (target === null || target <= 0) return null;
  let best: number | null = null;
  let distance = Infinity;
  for (let i = 0; i < bounds.length; i += 1) {
    const share = countAbove(counts, i) / total;
    const away = Math.abs(Math.log((bounds[i] ?? 0) / target));
    if (share < least || share > most || !(away < distance)) continue;
    best = i;
    distance = away;
  }
  return best;
}
