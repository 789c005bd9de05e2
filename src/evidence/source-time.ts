import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { PrometheusApi } from './prometheus/client.ts';

/** How often a source is asked for its time. */
const MEASURE_MS = 60_000;
/** Less than this is the way there and back. */
const NOTHING_MS = 1000;
/** From here on somebody should look at the clocks. */
const WORTH_A_WORD_MS = 5000;

/** The times of sources: samples carry theirs, so what is asked for and which slots are over goes by them. */
export interface SourceTimes {
  /** Now by the clock of the source; by ours where it does not say. */
  nowOf(source: PrometheusApi): Promise<number>;
}

export function createSourceTimes(clock: Clock, log: Logger): SourceTimes {
  const known = new Map<string, { offset: number; at: number }>();

  /** undefined: it did not answer. */
  async function measure(source: PrometheusApi): Promise<number | undefined> {
    if (source.now === undefined) return 0;
    const before = clock.now();
    const answer = await source.now();
    const middle = (before + clock.now()) / 2;
    const last = known.get(source.name)?.offset ?? 0;
    if (answer.kind !== 'value') return answer.kind === 'failed' && answer.error.code !== 'Rejected' ? undefined : last;
    const measured = Math.round(answer.value - middle);
    const offset = Math.abs(measured) < NOTHING_MS ? 0 : measured;
    if (Math.abs(offset - last) >= WORTH_A_WORD_MS) {
      log.warn({ source: source.name, offsetSeconds: offset / 1000 }, 'Clock of the source differs from ours');
    }
    return offset;
  }

  return {
    async nowOf(source) {
      const last = known.get(source.name);
      const age = clock.now() - (last?.at ?? Number.NEGATIVE_INFINITY);
      // Less than nothing: our clock was set back.
      if (last !== undefined && age >= 0 && age < MEASURE_MS) return clock.now() + last.offset;
      const offset = await measure(source);
      // Not noted: asked again in the next round, whose slots must not go by a clock that may be wrong.
      if (offset === undefined) return clock.now() + (last?.offset ?? 0);
      known.set(source.name, { offset, at: clock.now() });
      return clock.now() + offset;
    },
  };
}
