import type { Registry } from 'prom-client';

/** What the metrics of the operator say of ends of releases, over all processes that ever ran. */
export interface CountedEnds {
  /** Reads the metrics anew; the answer stands a moment later. */
  read(): void;
  /** How often they were read. */
  version(): number;
  /** Ends with an outcome, as they were read last. */
  of(outcome: string): number;
}

const METRIC = 'tandem_release_outcomes_total';

/** @param registries of all processes, those that died included: a test sees what a server would have scraped */
export function createCountedEnds(registries: () => readonly Registry[]): CountedEnds {
  let counts = new Map<string, number>();
  let version = 0;

  async function sum(): Promise<void> {
    const sums = new Map<string, number>();
    for (const registry of registries()) {
      const { values = [] } = (await registry.getSingleMetric(METRIC)?.get()) ?? {};
      for (const { labels, value } of values) {
        const outcome = String((labels as Record<string, unknown>)['outcome']);
        sums.set(outcome, (sums.get(outcome) ?? 0) + value);
      }
    }
    counts = sums;
    version += 1;
  }

  return { read: () => void sum(), version: () => version, of: (outcome) => counts.get(outcome) ?? 0 };
}
