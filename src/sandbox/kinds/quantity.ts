const SUFFIXES: Record<string, number> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const PATTERN = /^([+-]?\d*\.?\d*)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/;

function decimal(digits: string, exponent: number): string {
  const [whole = '', fraction = ''] = digits.split('.');
  let scale = exponent - fraction.length;
  let units = BigInt(`${whole}${fraction}` || '0');
  while (units !== 0n && units % 10n === 0n) {
    units /= 10n;
    scale += 1;
  }
  if (units === 0n) return '0';
  const step = Math.floor(scale / 3) * 3;
  const suffix = Object.entries(SUFFIXES).find(([, power]) => power === step)?.[0];
  if (suffix === undefined) return `${units}e${scale}`;
  return `${units * 10n ** BigInt(scale - step)}${suffix}`;
}

function binary(digits: string, suffix: string): string {
  let power = BINARY.indexOf(suffix);
  let value = Number(digits) * 1024 ** power;
  if (!Number.isSafeInteger(value)) return `${digits}${suffix}`;
  power = 0;
  while (value !== 0 && value % 1024 === 0 && power < BINARY.length - 1) {
    value /= 1024;
    power += 1;
  }
  return `${value}${BINARY[power] ?? ''}`;
}

/** A quantity as the API server writes it back: `1000m` is `1`, `1024Ki` is `1Mi`. What is none stays as it is. */
export function canonicalQuantity(quantity: unknown): unknown {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return quantity;
  const parts = PATTERN.exec(String(quantity));
  const digits = parts?.[1] ?? '';
  if (parts === null || !/\d/.test(digits)) return quantity;
  const suffix = parts[2] ?? '';
  if (suffix.endsWith('i')) return binary(digits, suffix);
  const exponent = /^[eE][+-]?\d+$/.test(suffix) ? Number(suffix.slice(1)) : (SUFFIXES[suffix] ?? 0);
  return decimal(digits, exponent);
}
