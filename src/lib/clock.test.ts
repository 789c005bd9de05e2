import { describe, expect, it } from 'vitest';
import { sleep, systemClock } from './clock.ts';

describe('the clock of the machine', () => {
  it('does not take a moment in a far future for now', async () => {
    let rang = 0;
    const cancels = [2 ** 31, 1e13, Number.POSITIVE_INFINITY].map((delay) =>
      systemClock.after(delay, () => (rang += 1)),
    );
    await sleep(systemClock, 30);
    for (const cancel of cancels) cancel();
    expect(rang).toBe(0);
  });
});
