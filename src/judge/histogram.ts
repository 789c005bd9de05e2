/**
 * The q-quantile of cumulative bucket counts, linear inside a bucket, as histogram_quantile of Prometheus does it: null
 * without requests, the highest finite bound when it lies in the +Inf bucket.
 *
 * @param bounds upper bounds, ascending, without +Inf; `counts` has one more element, the total.
 */
export function quantile(bounds: readonly number[], counts: readonly number[], q: number): number | null {
  const total = counts.at(-1) ?? 0;
  if (!(total > 0) || bounds.length === 0) return null;
  const rank = q * total;
  const index = bounds.findIndex((_, i) => (counts[i] ?? 0) >= rank);
  const upper = bounds[index];
  if (upper === undefined) return bounds.at(-1) ?? null;
  const lower = bounds[index - 1] ?? 0;
  const below = index === 0 ? 0 : (counts[index - 1] ?? 0);
  const inside = (counts[index] ?? 0) - below;
  return inside > 0 ? lower + ((upper - lower) * (rank - below)) / inside : upper;
}

/** Requests slower than bound number `index`. */
export function slowerThan(counts: readonly number[], index: number): number {
  return (counts.at(-1) ?? 0) - (counts[index] ?? 0);
}
