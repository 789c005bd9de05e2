import { logFactorial } from './numbers.ts';

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Integer margins of a 2 x 2 table: requests of both tracks and the slow ones of both together. */
interface Margins {
  canary: number;
  stable: number;
  slow: number;
}

/** The most likely number of slow canary requests at odds ratio psi (Liao & Rosen 2001), within the support. */
function mode({ canary, stable, slow }: Margins, psi: number, low: number, high: number): number {
  const a = psi - 1;
  const b = -((slow + canary + 2) * psi + stable - slow);
  const c = psi * (canary + 1) * (slow + 1);
  const q = -(b - Math.sqrt(b * b - 4 * a * c)) / 2;
  return Math.min(high, Math.max(low, Math.floor(c / q)));
}

/** Terms below this share of the sum are beyond the precision of a double. */
const negligible = 1e-17;

/** ln of sum over k of C(canary,k) C(stable,slow-k) psi^k: summed outwards from its largest term by recurrence. */
function logNormalizer(margins: Margins, psi: number): number {
  const { canary, stable, slow } = margins;
  const low = Math.max(0, slow - stable);
  const high = Math.min(slow, canary);
  const top = mode(margins, psi, low, high);
  let sum = 1;
  let term = 1;
  for (let k = top; k < high; k += 1) {
    term *= (psi * (canary - k) * (slow - k)) / ((k + 1) * (stable - slow + k + 1));
    sum += term;
    if (term < negligible * sum) break;
  }
  term = 1;
  for (let k = top; k > low; k -= 1) {
    term *= (k * (stable - slow + k)) / (psi * (canary - k + 1) * (slow - k + 1));
    sum += term;
    if (term < negligible * sum) break;
  }
  return logChoose(canary, top) + logChoose(stable, slow - top) + top * Math.log(psi) + Math.log(sum);
}

/**
 * ln likelihood ratio, per odds ratio of the grid, of Fisher's noncentral hypergeometric distribution against psi0,
 * given both margins: exact at every scrape, whatever the load does. 0 when a margin is empty or full. Whole numbers.
 */
export function slowOddsLogLr(
  table: { slowCanary: number; canary: number; slowStable: number; stable: number },
  psi0: number,
  grid: readonly number[],
): number[] {
  const { slowCanary, canary, slowStable, stable } = table;
  const slow = slowCanary + slowStable;
  if (canary <= 0 || stable <= 0 || slow <= 0 || slow >= canary + stable) return grid.map(() => 0);
  const margins = { canary, stable, slow };
  const base = logNormalizer(margins, psi0);
  let last = Number.NaN;
  let value = 0;
  return grid.map((psi) => {
    if (psi !== last) value = slowCanary * Math.log(psi / psi0) - (logNormalizer(margins, psi) - base);
    last = psi;
    return value;
  });
}
