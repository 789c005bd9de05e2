import { expect, test } from 'vitest';
import { createManualClock } from '../evidence/testing/manual-clock.ts';
import { createWake } from './wake.ts';

test('a pass at once with news, else only now and then', () => {
  const clock = createManualClock(0);
  const looks: string[] = [];
  let news = false;
  const wake = createWake({ clock, everyMs: 5000, hasNews: () => news, look: (key) => looks.push(key) });
  const rounds = (count: number): number => {
    const before = looks.length;
    for (let i = 0; i < count; i += 1) {
      wake.round('shop/web');
      clock.advance(2000);
    }
    return looks.length - before;
  };

  expect(rounds(6)).toBe(2);
  news = true;
  expect(rounds(2)).toBe(2);
  news = false;
  wake.forget('shop/web');
  expect(rounds(1)).toBe(1);
});
