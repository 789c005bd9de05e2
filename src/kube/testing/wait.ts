import type { FakeClock } from '../../lib/fake-clock.ts';

/** Resolves when `condition` holds; lets real I/O go on meanwhile. The test's own timeout ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Moves the clock in steps until `condition` holds, letting real I/O go on between the steps. */
export async function advanceUntil(clock: FakeClock, stepMs: number, condition: () => boolean): Promise<void> {
  while (!condition()) {
    await clock.advance(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
