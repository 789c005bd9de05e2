import type { Labels } from '../prometheus/schema.ts';

/** One line of an exposition. */
export interface Sample {
  name: string;
  labels: Labels;
  /** May be NaN or infinite, as exporters write both. */
  value: number;
}
