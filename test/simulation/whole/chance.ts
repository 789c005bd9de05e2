import { createRandom, fnv32a } from '../../../src/sandbox/random.ts';

/** Draws of one purpose, from a seed. Purposes do not disturb one another: a draw more here changes nothing there. */
export interface Chance {
  /** In [0, 1). */
  next(): number;
  /** In [least, most). */
  between(least: number, most: number): number;
  pick<T>(from: readonly T[]): T;
  happens(probability: number): boolean;
}

export function createChance(seed: number, purpose: string): Chance {
  const next = createRandom(fnv32a(`${seed} ${purpose}`));
  return {
    next,
    between: (least, most) => least + next() * (most - least),
    pick: <T>(from: readonly T[]) => from[Math.floor(next() * from.length)] as T,
    happens: (probability) => next() < probability,
  };
}
