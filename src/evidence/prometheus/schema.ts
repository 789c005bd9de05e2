import { z } from 'zod';

/** Label values by name. */
export type Labels = Record<string, string>;

/** A series with raw samples: milliseconds since the epoch and a finite value, ascending in time. */
export interface Series {
  labels: Labels;
  samples: [number, number][];
  /** Samples of a native histogram, ascending in time. */
  histograms?: [number, NativeSample][];
}

/** A native histogram at one time, cumulative in time as every counter. */
export interface NativeSample {
  count: number;
  sum: number;
  /** Buckets that are not empty: from `low` to `high`, and how many observations they hold. */
  buckets: { low: number; high: number; count: number }[];
}

const Labelled = z.looseObject({
  metric: z.record(z.string(), z.string()).catch({}),
  value: z.array(z.unknown()).optional(),
  values: z.array(z.unknown()).optional(),
  histogram: z.array(z.unknown()).optional(),
  histograms: z.array(z.unknown()).optional(),
});

/** What every Prometheus-compatible server answers; anything more is left alone. */
export const QueryAnswer = z.looseObject({
  status: z.string(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).nullish(),
  // VictoriaMetrics: not all of its storage nodes answered.
  isPartial: z.boolean().nullish(),
  data: z.looseObject({ resultType: z.string(), result: z.array(z.unknown()) }).optional(),
});

/** The series of a vector, matrix or scalar; undefined when it is not what the protocol says. */
export function seriesOf(data: { resultType: string; result: readonly unknown[] }): Series[] | undefined {
  const { resultType, result } = data;
  if (resultType === 'scalar') {
    const sample = sampleOf(result);
    return [{ labels: {}, samples: sample === undefined ? [] : [sample] }];
  }
  const series: Series[] = [];
  for (const raw of result) {
    const parsed = Labelled.safeParse(raw);
    if (!parsed.success) return undefined;
    const { metric, value, values, histogram, histograms } = parsed.data;
    const samples = (values ?? (value === undefined ? [] : [value])).map(sampleOf).filter((s) => s !== undefined);
    const natives = (histograms ?? (histogram === undefined ? [] : [histogram])).map(nativeOf);
    const known = natives.filter((native) => native !== undefined);
    series.push({ labels: metric, samples, ...(known.length === 0 ? {} : { histograms: known }) });
  }
  return series;
}

/** NaN and infinite values are no counts: such a sample is missing. */
function sampleOf(raw: unknown): [number, number] | undefined {
  if (!Array.isArray(raw)) return undefined;
  const [seconds, text]: unknown[] = raw;
  const value = Number(text);
  if (typeof seconds !== 'number' || typeof text !== 'string' || !Number.isFinite(value)) return undefined;
  return [Math.round(seconds * 1000), value];
}

const Bound = z.union([z.string(), z.number()]).transform(numberOf);

const Native = z.tuple([
  z.number(),
  z.looseObject({
    count: Bound,
    sum: Bound,
    // The first says which of the two bounds belongs to the bucket, which makes no difference here.
    buckets: z.array(z.tuple([z.number(), Bound, Bound, Bound])).nullish(),
  }),
]);

function nativeOf(raw: unknown): [number, NativeSample] | undefined {
  const parsed = Native.safeParse(raw);
  if (!parsed.success) return undefined;
  const [seconds, { count, sum, buckets }] = parsed.data;
  const kept = (buckets ?? []).map(([, low, high, held]) => ({ low, high, count: held }));
  return [Math.round(seconds * 1000), { count, sum, buckets: kept }];
}

function numberOf(text: string | number): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
