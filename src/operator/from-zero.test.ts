import { Counter, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { countFromZero, ZERO_MS } from './from-zero.ts';

function create(zeroMs: number) {
  const registry = new Registry();
  let now = 0;
  const counted = countFromZero(
    () => counter,
    () => now,
    zeroMs,
  );
  const counter: Counter = new Counter({
    name: 'ends_total',
    help: 'Ends.',
    labelNames: ['outcome', 'reason'],
    registers: [registry],
    collect: () => counted.settle(),
  });
  const value = async (outcome: string): Promise<number | undefined> => {
    const { values } = await counter.get();
    return values.find(({ labels }) => labels['outcome'] === outcome)?.value;
  };
  return { counted, value, pass: (ms: number) => void (now += ms) };
}

it('shows a new series with 0 for a minute, and then all that was counted', async () => {
  const { counted, value, pass } = create(ZERO_MS);
  expect(await value('Promoted')).toBeUndefined();
  counted.inc({ outcome: 'Promoted', reason: 'Passed' });
  expect(await value('Promoted')).toBe(0);
  pass(40_000);
  counted.inc({ reason: 'Passed', outcome: 'Promoted' });
  expect(await value('Promoted')).toBe(0);
  pass(20_000);
  expect(await value('Promoted')).toBe(2);
  counted.inc({ outcome: 'Promoted', reason: 'Passed' });
  expect(await value('Promoted')).toBe(3);
});

it('loses no count when nobody asks for longer than that', async () => {
  const { counted, value, pass } = create(ZERO_MS);
  counted.inc({ outcome: 'Promoted', reason: 'Passed' });
  pass(3_600_000);
  counted.inc({ outcome: 'Promoted', reason: 'Passed' });
  expect(await value('Promoted')).toBe(2);
});

it('holds each series for itself', async () => {
  const { counted, value, pass } = create(ZERO_MS);
  counted.inc({ outcome: 'Promoted', reason: 'Passed' });
  pass(60_000);
  counted.inc({ outcome: 'RolledBack', reason: 'errors' });
  expect([await value('Promoted'), await value('RolledBack')]).toEqual([1, 0]);
});

it('counts at once where it is told to', async () => {
  const { counted, value } = create(0);
  counted.inc({ outcome: 'Promoted', reason: 'Passed' });
  expect(await value('Promoted')).toBe(1);
});
