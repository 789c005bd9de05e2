/** Counts by latency bucket: bucket n holds latencies in [growth^n, growth^(n+1)) microseconds, so a quantile is off by 2 % at most. */
export type Buckets = Map<number, number>;

const growth = 1.02;

export function bucketOf(milliseconds: number): number {
  return Math.max(0, Math.floor(Math.log(Math.max(1, milliseconds * 1000)) / Math.log(growth)));
}

/** The middle of a bucket in milliseconds. */
export function middleOf(bucket: number): number {
  return growth ** (bucket + 0.5) / 1000;
}

export function addTo(buckets: Buckets, bucket: number, count = 1): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
}

/** The latency in milliseconds below which a share `q` of the counts lies (nearest rank); undefined without counts. */
export function quantile(buckets: Buckets, q: number): number | undefined {
  const total = [...buckets.values()].reduce((sum, count) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = 0;
  for (const [bucket, count] of [...buckets].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= rank) return middleOf(bucket);
  }
  return undefined;
}
