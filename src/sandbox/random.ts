/** Letters the API server puts into generated names: no vowels, so no words. */
const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Numbers in [0, 1) from a 32-bit seed (mulberry32). The same seed gives the same numbers. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Ids {
  uid(): string;
  /** The five letters that `generateName` gets. */
  suffix(): string;
}

export function createIds(random: () => number): Ids {
  const pick = (letters: string, count: number): string =>
    Array.from({ length: count }, () => letters[Math.floor(random() * letters.length)]).join('');
  const hex = (count: number): string => pick('0123456789abcdef', count);
  return {
    uid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${pick('89ab', 1)}${hex(3)}-${hex(12)}`,
    suffix: () => pick(NAME_LETTERS, 5),
  };
}

/** 32-bit FNV-1a of a text. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Digits as the letters of generated names, as the Deployment controller writes its template hashes. */
export function encodeDigits(digits: string): string {
  return digits
    .split('')
    .map((digit) => NAME_LETTERS[digit.charCodeAt(0) % NAME_LETTERS.length])
    .join('');
}
