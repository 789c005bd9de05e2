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

function partsOf(quantity: string): { digits: string; suffix: string } | undefined {
  const [, digits = '', suffix = ''] = PATTERN.exec(quantity) ?? [];
  return /\d/.test(digits) ? { digits, suffix } : undefined;
}

function exponentOf(suffix: string): number {
  return /^[eE][+-]?\d+$/.test(suffix) ? Number(suffix.slice(1)) : (SUFFIXES[suffix] ?? 0);
}

/** A quantity as the API server writes it back: `1000m` is `1`, `1024Ki` is `1Mi`. What is none stays as it is. */
export function canonicalQuantity(quantity: unknown): unknown {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return quantity;
  const parts = partsOf(String(quantity));
  if (parts === undefined) return quantity;
  const { digits, suffix } = parts;
  return suffix.endsWith('i') ? binary(digits, suffix) : decimal(digits, exponentOf(suffix));
}

/** The number that a quantity is, as near as a double comes: `250m` is 0.25, `1Ki` is 1024. NaN for what is none. */
export function quantityValue(quantity: string): number {
  const parts = partsOf(quantity);
  if (parts === undefined) return Number.NaN;
  const { digits, suffix } = parts;
  if (suffix.endsWith('i')) return Number(digits) * 1024 ** BINARY.indexOf(suffix);
  return Number(`${digits}e${exponentOf(suffix)}`);
}

/** Whether a value of a manifest is a quantity: `500m`, `1.5`, 2. */
export function isQuantity(value: unknown): boolean {
  if (typeof value === 'number') return true;
  return typeof value === 'string' && partsOf(value) !== undefined;
}
