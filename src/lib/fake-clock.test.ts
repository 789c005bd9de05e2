import { describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { createFakeClock } from './fake-clock.ts';

describe('fake clock', () => {
  it('runs timers in order of time, then of making, and shows each its own moment', async () => {
    const clock = createFakeClock(1000);
    const seen: string[] = [];
    for (const [name, delay] of [
      ['c', 30],
      ['a', 10],
      ['b', 10],
      ['late', 41],
    ] as const) {
      clock.after(delay, () => seen.push(`${name}@${clock.now()}`));
    }

    await clock.advance(40);

    expect(seen).toEqual(['a@1010', 'b@1010', 'c@1030']);
    expect(clock.now()).toBe(1040);
    expect(clock.next()).toBe(1041);
    expect(clock.pending()).toBe(1);
  });

  it('runs a timer that a timer or a promise sets within the same advance', async () => {
    const clock = createFakeClock(0);
    const woken: number[] = [];
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 3; i += 1) {
        await sleep(clock, 10);
        woken.push(clock.now());
      }
    };
    const done = loop();

    await clock.advance(100);
    await done;

    expect(woken).toEqual([10, 20, 30]);
  });

  it('goes from timer to timer', async () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    clock.after(10, () => seen.push(clock.now()));
    clock.after(25, () => seen.push(clock.now()));

    expect([await clock.step(), await clock.step(), await clock.step()]).toEqual([true, true, false]);
    expect(seen).toEqual([10, 25]);
    expect(clock.now()).toBe(25);
  });

  it('does not run a cancelled timer', () => {
    const clock = createFakeClock();
    const seen: string[] = [];
    const cancel = clock.after(10, () => seen.push('cancelled'));
    clock.after(10, () => seen.push('kept'));

    cancel();
    clock.advanceSync(10);

    expect(seen).toEqual(['kept']);
  });

  it('jumps without running timers and without moving the monotonic time', () => {
    const clock = createFakeClock(0);
    const seen: number[] = [];
    clock.after(10, () => seen.push(clock.now()));

    clock.jump(3_600_000);

    expect(seen).toEqual([]);
    expect(clock.monotonic()).toBe(0);
    clock.advanceSync(10);
    expect(seen).toEqual([3_600_010]);
    expect(clock.monotonic()).toBe(10);
  });
});

describe('sleep', () => {
  it('ends at once when its signal aborts, and leaves no timer', async () => {
    const clock = createFakeClock(0);
    const abort = new AbortController();
    const done = sleep(clock, 1000, abort.signal);

    abort.abort();
    await done;

    expect(clock.pending()).toBe(0);
    expect(clock.now()).toBe(0);
    await sleep(clock, 1000, abort.signal);
  });
});
