import { describe, expect, it } from 'vitest';
import { deliveryFigures, type Ended } from './deliveries.ts';

const now = Date.parse('2026-11-20T12:00:00Z');
const day = 86_400_000;
const at = (daysAgo: number): string => new Date(now - daysAgo * day).toISOString();

function entry(outcome: string, daysAgo: number, fields: Partial<Ended> = {}): Ended {
  return { outcome, started: at(daysAgo + 0.01), ended: at(daysAgo), ...fields };
}

const figures = (entries: Ended[], since?: number): ReturnType<typeof deliveryFigures> =>
  deliveryFigures([{ entries, since }], now);

describe('deploys a week', () => {
  it('are those of four weeks, tested or not', () => {
    const entries = [entry('Promoted', 1), entry('Untested', 8), entry('Bypassed', 20), entry('Promoted', 30)];

    expect(figures(entries).deploysPerWeek).toBe(0.75);
    expect(figures([...entries, entry('RolledBack', 2), entry('Adopted', 3)]).deploysPerWeek).toBe(0.75);
  });

  it('of a young ledger are those of its own time, one week at least', () => {
    expect(figures([entry('Promoted', 1), entry('Promoted', 2)], now - 3 * day).deploysPerWeek).toBe(2);
    expect(figures([entry('Promoted', 1), entry('Promoted', 2)], now - 14 * day).deploysPerWeek).toBe(1);
    expect(figures([entry('Promoted', 1), entry('Promoted', 2)], now - 90 * day).deploysPerWeek).toBe(0.5);
  });

  it('of a full ledger are those of the time it reaches back to, whatever old entries it keeps', () => {
    // Three a day for three days; stable's entry is kept from long ago.
    const busy = Array.from({ length: 9 }, (_, index) => entry('Promoted', index / 3));

    expect(figures([...busy, entry('Promoted', 200)]).deploysPerWeek).toBeCloseTo(21, 5);
  });

  it('add up over ledgers', () => {
    const ledger = { entries: [entry('Promoted', 1)], since: undefined };

    expect(deliveryFigures([ledger, ledger], now).deploysPerWeek).toBe(0.5);
    expect(deliveryFigures([], now)).toMatchObject({ deploysPerWeek: 0, changeFailureRate: null });
  });
});

describe('times', () => {
  it('to promoted count from the change of the template, where that is known', () => {
    const minute = 1 / 1440;
    const entries = [
      entry('Promoted', 1, { seen: at(1 + 30 * minute), started: at(1 + 20 * minute) }),
      entry('Promoted', 2, { started: at(2 + 10 * minute) }),
      entry('Promoted', 3, { started: at(3 + 11 * minute) }),
    ];

    expect(figures(entries).medianSecondsToPromoted).toBeCloseTo(660, 0);
  });

  it('to taken back count from the start of the canary', () => {
    const entries = [entry('RolledBack', 1, { seen: at(2), started: at(1.5) })];

    expect(figures(entries).medianSecondsToTakenBack).toBe(43_200);
  });

  it('that are not known are left out', () => {
    expect(figures([entry('Promoted', 1, { started: undefined })]).medianSecondsToPromoted).toBeNull();
    expect(figures([entry('RolledBack', 1, { started: at(0) })]).medianSecondsToTakenBack).toBeNull();
  });
});
