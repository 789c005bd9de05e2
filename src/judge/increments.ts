/**
 * Increments of a raw counter, one per slot, 0 where nothing is known. A smaller value is a reset: the new value is the
 * increment. What a missed scrape would have shown arrives with the next sample.
 *
 * @param start the counter before the first sample: 0 for a pod that started in the run, null for an older one, whose
 * first sample is then only the starting point.
 */
export function increments(values: readonly (number | null)[], start: 0 | null): number[] {
  let previous: number | null = start;
  return values.map((value) => {
    if (value === null) return 0;
    const before = previous;
    previous = value;
    if (before === null) return 0;
    return value < before ? value : value - before;
  });
}

/** The same for cumulative buckets: one reset resets all of them, and its sign is any bucket that fell. */
export function bucketIncrements(samples: readonly (number[] | null)[], start: 0 | null, width: number): number[][] {
  const nothing = Array.from({ length: width }, () => 0);
  let previous: number[] | null = start === null ? null : nothing;
  return samples.map((sample) => {
    if (sample === null) return nothing;
    const before = previous;
    previous = sample;
    if (before === null) return nothing;
    const reset = sample.some((value, i) => value < (before[i] ?? 0));
    return reset ? sample : sample.map((value, i) => value - (before[i] ?? 0));
  });
}
