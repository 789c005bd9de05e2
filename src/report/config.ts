import { z } from 'zod';

/** Of each CanaryRelease. */
export const mostKept = 20;

/** What the operator keeps of releases that have ended. */
export const Reports = z.strictObject({
  /** Releases of each CanaryRelease; 0: none, and the operator needs no right to write ConfigMaps. */
  keep: z.int().min(0).max(mostKept).default(5),
});
export type Reports = z.infer<typeof Reports>;
