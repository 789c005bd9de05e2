/** Pearson's X2 of events against exposure shares, with its degrees of freedom. */
interface PearsonSum {
  x2: number;
  df: number;
}

const priorPhi = 1;
const priorDf = 5;
/** How many standard errors of X2/df are added to an excess, since it is estimated. */
const safety = 2;

function addRow(sum: PearsonSum, events: readonly number[], exposure: readonly number[]): void {
  let total = 0;
  let shown = 0;
  let columns = 0;
  for (let i = 0; i < events.length; i += 1) {
    const share = exposure[i] ?? 0;
    if (share <= 0) continue;
    total += events[i] ?? 0;
    shown += share;
    columns += 1;
  }
  if (columns < 2 || total <= 0) return;
  for (let i = 0; i < events.length; i += 1) {
    const share = exposure[i] ?? 0;
    if (share <= 0) continue;
    const expected = (total * share) / shown;
    sum.x2 += ((events[i] ?? 0) - expected) ** 2 / expected;
  }
  sum.df += columns - 1;
}

function phiOf({ x2, df }: PearsonSum): number {
  const raw = (x2 + priorPhi * priorDf) / (df + priorDf);
  if (raw <= 1 || df === 0) return 1;
  return 1 + (raw - 1) * (1 + safety * Math.sqrt(2 / df));
}

/** Standard errors by which X2/df must exceed 1 before it is taken for more than chance. */
const significantZ = 1.65;

/** An excess within its own uncertainty is none: tempering by chance alone would only make the judge slow. */
function isSignificant({ x2, df }: PearsonSum): boolean {
  return df > 0 && x2 / df - 1 > significantZ * Math.sqrt(2 / df);
}

interface Scale {
  rows: number;
  filled: number;
  events: number[];
  exposure: number[];
  sum: PearsonSum;
}

/**
 * How much more the events of equal pods scatter than independent events would: Pearson X2/df over scrapes x pods,
 * shrunk to 1 by a small prior, its excess enlarged by its own uncertainty; the largest over several batch lengths,
 * since bursts last. Dividing a log likelihood by it undoes bursts (quasi-likelihood).
 */
export class Dispersion {
  readonly #scales: Scale[];

  /** `scales`: batch lengths in rows, such as 1, 4 and 20. */
  constructor(scales: readonly number[]) {
    this.#scales = scales.map((rows) => ({ rows, filled: 0, events: [], exposure: [], sum: { x2: 0, df: 0 } }));
  }

  /** One row: events and exposure of each pod, always in the same order of pods. */
  add(events: readonly number[], exposure: readonly number[]): void {
    for (const scale of this.#scales) {
      for (let i = 0; i < events.length; i += 1) {
        scale.events[i] = (scale.events[i] ?? 0) + (events[i] ?? 0);
        scale.exposure[i] = (scale.exposure[i] ?? 0) + (exposure[i] ?? 0);
      }
      scale.filled += 1;
      if (scale.filled < scale.rows) continue;
      addRow(scale.sum, scale.events, scale.exposure);
      scale.filled = 0;
      scale.events.fill(0);
      scale.exposure.fill(0);
    }
  }

  /** Degrees of freedom at the finest scale. */
  get df(): number {
    return this.#scales[0]?.sum.df ?? 0;
  }

  /** The largest over the scales at which it is no chance; at least 1. */
  get significantPhi(): number {
    let largest = 1;
    for (const { sum } of this.#scales) if (isSignificant(sum)) largest = Math.max(largest, phiOf(sum));
    return largest;
  }

  /** The largest over the scales; at least 1. */
  get phi(): number {
    let largest = 1;
    for (const scale of this.#scales) largest = Math.max(largest, phiOf(scale.sum));
    return largest;
  }
}

/** Significance (one-sided z) that an excess between pods must show before it counts as a difference of the pods. */
const spreadZ = 1.65;
/** Events per pod below which Pearson's X2 says nothing of a difference between pods. */
const leastEvents = 5;

/**
 * Persistent pod-to-pod standard deviation of the ln event rate beyond what `phi` explains, by the method of moments
 * (DerSimonian & Laird 1986), shrunk like the pod spread of gauges to a prior of `prior` with weight `priorWeight`.
 */
export function rateSpread(
  events: readonly number[],
  exposure: readonly number[],
  options: { phi: number; prior: number; priorWeight: number },
): number {
  let total = 0;
  let shown = 0;
  for (let i = 0; i < events.length; i += 1) {
    total += events[i] ?? 0;
    shown += exposure[i] ?? 0;
  }
  const prior = options.priorWeight * options.prior ** 2;
  const df = events.length - 1;
  if (df < 1) return options.prior;
  if (total < leastEvents * events.length) return Math.sqrt(prior / (options.priorWeight + df));
  const row = { x2: 0, df: 0 };
  addRow(row, events, exposure);
  let squares = 0;
  for (const share of exposure) squares += ((total * share) / shown) ** 2;
  const excess = row.x2 / options.phi - row.df - spreadZ * Math.sqrt(2 * row.df);
  const variance = excess > 0 ? ((row.x2 / options.phi - row.df) * options.phi) / (total - squares / total) : 0;
  return Math.sqrt((prior + df * variance) / (options.priorWeight + df));
}
