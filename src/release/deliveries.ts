import { longestLedger } from '../api/status-schema.ts';

/** What is read of an entry of a ledger. Optional where the object may be of an operator of another version. */
export interface Ended {
  outcome?: string | undefined;
  /** RFC 3339. When the template was seen first, when its canary was created, and the end. */
  seen?: string | undefined;
  started?: string | undefined;
  ended?: string | undefined;
}

/** The ledger of one target. */
export interface Ledger {
  entries: Ended[];
  /** Since when it is written, milliseconds since the epoch; undefined: not known. */
  since: number | undefined;
}

/** The four figures by which teams compare how they deliver, with the counts behind them. */
export interface DeliveryFigures {
  /** Versions that were tested to an end. */
  tested: number;
  promoted: number;
  takenBack: number;
  /** Superseded, reverted, aborted or not proven. */
  without: number;
  /** Versions a week that came to serve all users, tested or not, in the last four weeks as far as ledgers reach. */
  deploysPerWeek: number;
  /** takenBack / (promoted + takenBack); null without either. */
  changeFailureRate: number | null;
  /** Median seconds from the change of the template to the end of the promotion; null without one. */
  medianSecondsToPromoted: number | null;
  /** Median seconds from the start of a bad version's canary to its end, for so long users met it; null without one. */
  medianSecondsToTakenBack: number | null;
}

type End = 'promoted' | 'takenBack' | 'without';

const ends: Record<string, End> = {
  Promoted: 'promoted',
  RolledBack: 'takenBack',
  Aborted: 'without',
  Superseded: 'without',
  Reverted: 'without',
  NotProven: 'without',
};
/** A version came to serve everybody. */
const deploys = ['Promoted', 'Untested', 'Bypassed'];

const weekMs = 7 * 86_400_000;
const windowMs = 4 * weekMs;
/** Two entries of a full ledger may be much older than the others: stable's and the held one's never fall out. */
const keptEntries = 2;
const shortestSpanMs = 3_600_000;

/** The figures of one target, or of several together. `now`: milliseconds since the epoch. */
export function deliveryFigures(ledgers: Ledger[], now: number): DeliveryFigures {
  const all = ledgers.flatMap(({ entries }) => entries);
  const tested = all.flatMap((entry) => {
    const end = ends[entry.outcome ?? ''];
    return end === undefined ? [] : [{ end, entry }];
  });
  const of = (wanted: End): Ended[] => tested.filter(({ end }) => end === wanted).map(({ entry }) => entry);
  const [promoted, takenBack] = [of('promoted'), of('takenBack')];
  const decided = promoted.length + takenBack.length;
  return {
    tested: tested.length,
    promoted: promoted.length,
    takenBack: takenBack.length,
    without: of('without').length,
    deploysPerWeek: ledgers.reduce((sum, ledger) => sum + deploysPerWeek(ledger, now), 0),
    changeFailureRate: decided === 0 ? null : takenBack.length / decided,
    medianSecondsToPromoted: median(promoted.flatMap(({ seen, started, ended }) => seconds(seen ?? started, ended))),
    medianSecondsToTakenBack: median(takenBack.flatMap(({ started, ended }) => seconds(started, ended))),
  };
}

function deploysPerWeek({ entries, since }: Ledger, now: number): number {
  const times = entries.map(({ ended }) => Date.parse(ended ?? '')).filter(Number.isFinite);
  const newestFirst = times.toSorted((a, b) => b - a);
  // What fell out of a full ledger is not known: the rate is that of the time it reaches back to.
  const reach = entries.length < longestLedger ? undefined : newestFirst.at(-1 - keptEntries);
  const from = Math.max(now - windowMs, reach ?? Number.NEGATIVE_INFINITY);
  const count = entries.filter(
    ({ outcome, ended }) => deploys.includes(outcome ?? '') && Date.parse(ended ?? '') > from,
  );
  // A ledger of some days is no reason to speak of more than it saw.
  const young = Math.max(weekMs, now - Math.max(from, since ?? from));
  const span = from === reach ? Math.max(shortestSpanMs, now - from) : young;
  return count.length / (span / weekMs);
}

/** None where one of the times is not known. */
function seconds(from: string | undefined, to: string | undefined): number[] {
  const found = (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;
  return Number.isFinite(found) && found >= 0 ? [found] : [];
}

function median(values: number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return null;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
