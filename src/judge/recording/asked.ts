import { z } from 'zod';
import type { AnalysisSpec } from '../spec.ts';

const tolerated = z.object({ enabled: z.boolean(), tolerance: z.number() });

/** What the judge was asked, as a record and a recording keep it. */
export const AskedSpec = z.object({
  minDurationSeconds: z.number().nonnegative(),
  warmupSeconds: z.number().nonnegative(),
  falseRollbackRate: z.number().positive().max(1),
  errors: tolerated.extend({ newClasses: z.boolean() }),
  latency: tolerated.extend({
    quantiles: z.array(z.number().positive().lt(1)).max(20),
    absoluteToleranceSeconds: z.number().nonnegative(),
    slowThresholdSeconds: z.number().positive().nullable(),
  }),
  cpu: tolerated,
  memory: tolerated,
  podSpread: z.record(z.string(), z.object({ sd: z.number(), weight: z.number() })).exactOptional(),
  custom: z
    .array(
      z.object({
        name: z.string(),
        worse: z.enum(['Higher', 'Lower']),
        tolerance: z.number(),
        critical: z.boolean(),
      }),
    )
    .exactOptional(),
}) satisfies z.ZodType<AnalysisSpec>;
