import { describe, expect, test } from 'vitest';
import { silentLogger } from '../lib/log.ts';
import { type Answer, failed } from './answer.ts';
import type { PrometheusApi } from './prometheus/client.ts';
import { createSourceTimes } from './source-time.ts';
import { createManualClock } from './testing/manual-clock.ts';

const START = 1_750_000_000_000;

function sourceWith(now: () => Answer<number>): PrometheusApi & { asked: number } {
  const source = {
    name: 'default',
    asked: 0,
    allows: () => true,
    query: async () => ({ kind: 'nodata' as const }),
    now: async () => {
      source.asked += 1;
      return now();
    },
    close: async () => undefined,
  };
  return source;
}

describe('createSourceTimes', () => {
  test.each([-600_000, 600_000])('goes by the clock of the source, %i ms away, asked once a minute', async (away) => {
    const clock = createManualClock(START);
    const source = sourceWith(() => ({ kind: 'value', value: clock.now() + away }));
    const times = createSourceTimes(clock, silentLogger);
    for (let i = 0; i < 24; i++) {
      expect(await times.nowOf(source)).toBe(clock.now() + away);
      clock.advance(5000);
    }
    expect(source.asked).toBe(2);
  });

  test('a question for the time that failed is asked again in the next round', async () => {
    const clock = createManualClock(START);
    let answer: Answer<number> = failed('Unavailable', 'starting');
    const source = sourceWith(() => answer);
    const times = createSourceTimes(clock, silentLogger);
    await times.nowOf(source);
    answer = { kind: 'value', value: START - 600_000 };

    expect(await times.nowOf(source)).toBe(START - 600_000);
  });

  test('a failure takes nothing away from what is known', async () => {
    const clock = createManualClock(START);
    let down = false;
    const source = sourceWith(() =>
      down ? failed('Unreachable', 'down') : { kind: 'value', value: clock.now() - 600_000 },
    );
    const times = createSourceTimes(clock, silentLogger);
    await times.nowOf(source);
    down = true;
    clock.advance(120_000);

    expect(await times.nowOf(source)).toBe(clock.now() - 600_000);
  });

  test('a clock of ours that is set back is seen at once', async () => {
    let ours = START + 600_000;
    const clock = { now: () => ours, after: () => () => undefined };
    const source = sourceWith(() => ({ kind: 'value', value: START }));
    const times = createSourceTimes(clock, silentLogger);
    expect(await times.nowOf(source)).toBe(START);
    ours = START;

    expect(await times.nowOf(source)).toBe(START);
  });

  test('a source that does not know its time goes by ours', async () => {
    const clock = createManualClock(START);
    const { now: _, ...source } = sourceWith(() => ({ kind: 'nodata' }));

    expect(await createSourceTimes(clock, silentLogger).nowOf(source)).toBe(START);
  });
});
