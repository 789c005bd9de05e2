import { z } from 'zod';

/** Label values by name. */
export type Labels = Record<string, string>;

/** A series with raw samples: milliseconds since the epoch and a finite value, ascending in time. */
export interface Series {
  labels: Labels;
  samples: [number, number][];
}

const Labelled = z.looseObject({
  metric: z.record(z.string(), z.string()).catch({}),
  value: z.array(z.unknown()).optional(),
  values: z.array(z.unknown()).optional(),
});

/** What every Prometheus-compatible server answers; anything more is left alone. */
export const QueryAnswer = z.looseObject({
  status: z.string(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).nullish(),
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
    const { metric, value, values } = parsed.data;
    const samples = (values ?? (value === undefined ? [] : [value])).map(sampleOf).filter((s) => s !== undefined);
    series.push({ labels: metric, samples });
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
